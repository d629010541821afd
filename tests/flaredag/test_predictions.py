from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.forecast_files import read_forecasts_csv
from flaredag.predictions import (
    COLUMNS,
    checked_predictions,
    read_predictions,
    write_predictions,
    write_predictions_csv,
)


def mock_predictions(n_regions: int = 12, n_times: int = 10, seeds: tuple[int, ...] = (0, 1)) -> pd.DataFrame:
    """Two models, regions of two instruments with the same numbers, splits that change with the seed."""
    rows = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for model in ("lstm", "climatology"):
            for position in range(n_regions):
                split = ("train", "validation", "test")[(position + seed) % 3]
                start = np.datetime64("2011-02-15T00:00:00", "s")
                rows.append(
                    pd.DataFrame(
                        {
                            "instrument": ("sharp", "smarp")[position % 2],
                            "region": 377 + position // 2,
                            "issue_time": start + np.arange(n_times) * np.timedelta64(96, "m"),
                            "label": rng.integers(0, 2, n_times),
                            "probability": rng.random(n_times),
                            "split": split,
                            "model": model,
                            "seed": seed,
                        }
                    )
                )
    return pd.concat(rows, ignore_index=True)


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Give the table with names as text, so that only values are compared."""
    return table.astype({"instrument": str, "split": str, "model": str})


def sha256(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_written_is_read(tmp_path):
    table = mock_predictions()
    write_predictions(tmp_path / "p.nc", table)
    read = read_predictions(tmp_path / "p.nc")
    assert tuple(read.columns) == COLUMNS
    assert read["issue_time"].dtype == "datetime64[s]"
    assert {name: str(read[name].dtype) for name in ("region", "label", "probability", "seed")} == {
        "region": "int32",
        "label": "int8",
        "probability": "float64",
        "seed": "int16",
    }
    assert plain(read).equals(plain(checked_predictions(table, "made")))
    np.testing.assert_array_equal(read["probability"], table["probability"])
    assert read["instrument"].tolist() == table["instrument"].tolist()


def test_file_is_cf_and_readable_by_xarray(tmp_path):
    write_predictions(tmp_path / "p.nc", mock_predictions())
    with xr.open_dataset(tmp_path / "p.nc") as dataset:
        assert dataset["issue_time"].to_numpy()[1] == np.datetime64("2011-02-15T01:36:00")
        assert dataset["probability"].attrs["units"] == "1"
        assert dataset["split"].attrs["flag_meanings"] == "train validation test"
        assert dataset["split"].attrs["flag_values"].tolist() == [0, 1, 2]
        assert dataset["instrument"].dtype == np.int8
        assert dataset["model"].attrs["flag_meanings"] == "climatology lstm"


def test_same_rows_same_bytes_whatever_the_columns_are_made_of(tmp_path):
    table = mock_predictions()
    write_predictions(tmp_path / "a.nc", table)
    other = table[list(reversed(COLUMNS))].copy()
    other["model"] = pd.Categorical(other["model"], categories=["unused", "lstm", "climatology"])
    other["issue_time"] = other["issue_time"].astype("datetime64[ns]")
    other["label"] = other["label"].astype(bool)
    write_predictions(tmp_path / "b.nc", other.assign(extra=1))
    assert sha256(tmp_path / "a.nc") == sha256(tmp_path / "b.nc")


def test_splits_select(tmp_path):
    table = mock_predictions()
    write_predictions(tmp_path / "p.nc", table)
    read = read_predictions(tmp_path / "p.nc", splits=["test", "validation"])
    assert len(read) == table["split"].isin(["test", "validation"]).sum()
    assert set(read["split"]) == {"test", "validation"}
    with pytest.raises(InputError, match="asked for split tset"):
        read_predictions(tmp_path / "p.nc", splits=["tset"])


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("probability", np.nan, "no fit probability in 1 of 480 records; the first is record 6 "),
        ("probability", np.inf, "no fit probability in 1 of 480"),
        ("probability", 1.0000001, "probability 1.0000001"),
        ("probability", -1e-9, "no fit probability"),
        ("label", 2, "a label other than 0 and 1 in 1 of 480"),
        ("label", 0.5, "a label other than 0 and 1"),
        ("label", np.nan, "a label other than 0 and 1"),
        ("region", 2**31, "no fit region"),
        ("region", 377.5, "no fit region"),
        ("seed", 40000, "no fit seed"),
        ("seed", np.nan, "no fit seed"),
        ("split", "tset", "no fit split .* Wanted train, validation, test"),
        ("split", None, "no fit split"),
        ("model", "two words", "no fit model .* Wanted a name of letters"),
        ("instrument", "", "no fit instrument"),
        ("issue_time", pd.NaT, "no fit issue_time"),
        ("issue_time", pd.Timestamp("2011-02-15T00:00:00.5"), "no fit issue_time .* Wanted whole seconds"),
    ],
)
def test_a_bad_record_is_refused_and_told_and_nothing_is_written(tmp_path, column, value, message):
    table = mock_predictions()
    if column != "issue_time":
        table[column] = table[column].astype(object)
    else:
        table[column] = table[column].astype("datetime64[ms]")
    table.loc[5, column] = value
    with pytest.raises(InputError, match=message):
        write_predictions(tmp_path / "p.nc", table)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(tmp_path, column):
    with pytest.raises(InputError, match=f"p.nc: no column {column}; found"):
        write_predictions(tmp_path / "p.nc", mock_predictions().drop(columns=column))


def test_an_empty_table_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no prediction"):
        write_predictions(tmp_path / "p.nc", mock_predictions().iloc[:0])


def test_zoned_and_textual_times_are_refused(tmp_path):
    table = mock_predictions()
    with pytest.raises(InputError, match=r"issue_time is datetime64.*UTC.*; wanted datetime64 without zone"):
        write_predictions(tmp_path / "p.nc", table.assign(issue_time=table["issue_time"].dt.tz_localize("UTC")))
    with pytest.raises(InputError, match="wanted datetime64 without zone"):
        write_predictions(tmp_path / "p.nc", table.assign(issue_time="2011-02-15"))


def test_a_duplicate_is_refused():
    table = mock_predictions()
    table = pd.concat([table, table.iloc[[7, 8]].assign(probability=0.5)], ignore_index=True)
    with pytest.raises(InputError, match=r"of an earlier record in 2 of 482 records; the first is record 481 "):
        checked_predictions(table, "p.nc")


def test_the_same_sample_may_come_again_with_another_model_seed_or_instrument():
    table = mock_predictions()
    rows = table[["instrument", "region", "issue_time"]].duplicated()
    assert rows.any()
    checked_predictions(table, "p.nc")


def test_a_region_in_two_splits_of_one_seed_is_refused():
    table = mock_predictions()
    row = table.index[(table["seed"] == 1) & (table["split"] == "test") & (table["model"] == "lstm")][3]
    table.loc[row, "split"] = "train"
    with pytest.raises(InputError, match=r"1 of 24 regions, counted by seed, lie in two splits; the first: record"):
        checked_predictions(table, "p.nc")


def test_a_region_may_lie_in_other_splits_of_another_seed():
    table = checked_predictions(mock_predictions(), "p.nc")
    splits = table.groupby(["instrument", "region"], observed=True)["split"].nunique()
    assert splits.max() > 1


def test_a_region_in_two_splits_is_taken_where_that_is_allowed(tmp_path):
    table = mock_predictions()
    table.loc[table.index[0], "split"] = "test"
    path = tmp_path / "p.nc"
    with pytest.raises(InputError, match="1 of 24 regions, counted by seed, lie in two splits"):
        write_predictions(path, table)
    write_predictions(path, table, region_in_two_splits_allowed=True)
    assert read_predictions(path, region_in_two_splits_allowed=True)["split"].iloc[0] == "test"
    with pytest.raises(InputError, match="lie in two splits"):
        read_predictions(path)


def test_a_region_may_be_cut_where_splits_follow_each_other_in_time():
    table = mock_predictions(seeds=(0, 1)).drop_duplicates(["instrument", "region", "issue_time", "model", "seed"])
    borders = table["issue_time"].quantile([0.4, 0.7]).to_numpy()
    later = np.searchsorted(borders, table["issue_time"].to_numpy())
    table["split"] = np.array(["train", "validation", "test"])[later]
    assert table.groupby(["instrument", "region"], observed=True)["split"].nunique().max() > 1
    assert len(checked_predictions(table, "p.nc")) == len(table)
    # One seed whose last forecasts are of the training split is enough to refuse the file.
    last = (table["seed"] == 1) & (table["issue_time"] == table["issue_time"].max())
    table.loc[last, "split"] = "train"
    with pytest.raises(InputError, match="lie in two splits"):
        checked_predictions(table, "p.nc")


def test_the_whole_disk_may_lie_in_every_split():
    table = mock_predictions(seeds=(0,)).query("model == 'lstm' and instrument == 'sharp' and region == region.min()")
    table = table.assign(split=["test", "validation", *["train"] * (len(table) - 2)])
    with pytest.raises(InputError, match="lie in two splits"):
        checked_predictions(table, "p.nc")
    assert len(checked_predictions(table.assign(instrument="disk", region=0), "p.nc")) == len(table)


def test_two_models_of_a_seed_must_agree_on_the_split_of_a_region():
    table = mock_predictions(seeds=(0,))
    swapped = table["split"].map({"train": "test", "test": "train", "validation": "validation"})
    table["split"] = table["split"].where(table["model"] == "lstm", swapped)
    with pytest.raises(InputError, match="lie in two splits"):
        checked_predictions(table, "p.nc")


def test_more_models_than_codes_are_refused():
    one = mock_predictions(seeds=(0,)).query("model == 'lstm'")
    table = pd.concat([one.assign(model=f"m{number}") for number in range(128)])
    with pytest.raises(InputError, match="128 names in model; at most 127"):
        checked_predictions(table, "p.nc")


def test_a_file_that_is_no_netcdf_a_truncated_one_and_a_missing_one(tmp_path):
    path = tmp_path / "p.nc"
    write_predictions(path, mock_predictions())
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"time,label\n", b""):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"p.nc: cannot be read as netCDF"):
            read_predictions(path)
    with pytest.raises(InputError, match=r"absent.nc: cannot be read as netCDF"):
        read_predictions(tmp_path / "absent.nc")


def spoilt(path, **changes) -> None:
    """Write a predictions file with some variables replaced, past all checks."""
    write_predictions(path, mock_predictions())
    with xr.open_dataset(path, decode_cf=False) as opened:
        dataset = opened.load()
    dataset.drop_vars(list(changes)).assign({name: new for name, new in changes.items() if new is not None}).to_netcdf(
        path
    )


def test_a_spoilt_file_is_refused_on_reading(tmp_path):
    path = tmp_path / "p.nc"
    write_predictions(path, mock_predictions())
    with xr.open_dataset(path, decode_cf=False) as opened:
        good = opened.load()
    probability = good["probability"].copy()
    probability[17] = 1.5
    cases = {
        "no variable seed; found": {"seed": None},
        r"no fit probability in 1 of 480 records; the first is record 18 ": {"probability": probability},
        "issue_time is int64 in units 'days since 1970-01-01'; wanted int64": {
            "issue_time": good["issue_time"].assign_attrs(units="days since 1970-01-01")
        },
        r"model has codes \[0, 1\], flag_values \[0, 1\] and flag_meanings \['lstm'\]": {
            "model": good["model"].assign_attrs(flag_meanings="lstm")
        },
        "instrument has codes": {"instrument": good["instrument"] + np.int8(5)},
        r"label has dims \('other',\)": {"label": good["label"].rename(sample="other")},
    }
    for message, changes in cases.items():
        spoilt(path, **changes)
        with pytest.raises(InputError, match=message):
            read_predictions(path)


def test_flags_of_another_writer_are_read_by_their_meaning(tmp_path):
    path = tmp_path / "p.nc"
    write_predictions(path, mock_predictions())
    want = read_predictions(path)
    with xr.open_dataset(path, decode_cf=False) as opened:
        split = opened["split"].load()
    recoded = (
        (9 - split)
        .astype(np.int8)
        .assign_attrs(flag_values=np.array([7, 8, 9], dtype=np.int8), flag_meanings="test validation train")
    )
    spoilt(path, split=recoded)
    assert plain(read_predictions(path)).equals(plain(want))


def test_csv_form_and_round_trip(tmp_path):
    path = tmp_path / "p.csv"
    table = mock_predictions()
    write_predictions_csv(path, table)
    lines = path.read_text().splitlines()
    assert lines[0] == "time,label,probability,region,split,model,seed"
    assert lines[2] == f"2011-02-15T01:36:00Z,{table.label[1]},{float(table.probability[1])!r},sharp-377,train,lstm,0"
    read = read_forecasts_csv(path, instrument="unused").predictions
    assert plain(read).equals(plain(checked_predictions(table, "made")))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 1, allow_subnormal=True), min_size=1, max_size=20))
def test_probabilities_survive_both_forms_bit_by_bit(tmp_path, probabilities):
    start = np.datetime64("1996-04-23", "s")
    table = pd.DataFrame(
        {
            "instrument": "smarp",
            "region": 1,
            "issue_time": start + np.arange(len(probabilities)),
            "label": 0,
            "probability": probabilities,
            "split": "test",
            "model": "m",
            "seed": 0,
        }
    )
    write_predictions(tmp_path / "p.nc", table)
    write_predictions_csv(tmp_path / "p.csv", table)
    for read in (
        read_predictions(tmp_path / "p.nc"),
        read_forecasts_csv(tmp_path / "p.csv", instrument="smarp").predictions,
    ):
        assert read["probability"].tolist() == probabilities
