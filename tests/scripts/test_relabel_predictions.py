"""The rule that scores forecasts under each list of flares."""

import logging

import numpy as np
import pandas as pd
import pytest

from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.predictions import write_predictions
from flaredag.samples import read_windows, write_windows
from flaredag.study_windows import make_windows
from flaredag.tables import read_flares, read_records, write_flares, write_records
from relabel_predictions import COLUMNS, main
from verify_predictions import main as verify_predictions

START = np.datetime64("2012-03-01T00:00:00", "s")
HOUR = np.timedelta64(3600, "s")
N_REGIONS, N_HOURS = 12, 96
LABELS = {
    "clock": "tai_as_utc",
    "closed": "both",
    "horizon_hours": 24,
    "strong_class": "M1.0",
    "positive": ["QUIET->STRONG", "WEAK->STRONG", "STRONG->STRONG"],
    "negative": ["QUIET->QUIET", "QUIET->WEAK", "WEAK->QUIET", "WEAK->WEAK", "STRONG->QUIET", "STRONG->WEAK"],
    "tasks": {"strong_vs_quiet": {"negative": ["QUIET->QUIET"]}, "ge_m": {}, "ge_c": {"strong_class": "C1.0"}},
}
WINDOWS = {"cadence_minutes": 60, "n_steps": 3, "max_bad_records": 0}
SETTINGS = {
    "labels": LABELS,
    "windows": WINDOWS,
    "tasks": {"SVQ": "strong_vs_quiet", "M": "ge_m", "C": "ge_c", "OF_SMARP": "ge_m"},
    "models": ["a", "b"],
    "bounds": {"resamples": 100, "seed": 5, "level": 0.95},
}
KEY = ["dataset", "model", "flare_list", "unscaled", "threshold", "metric"]


def flares_of(*flares) -> pd.DataFrame:
    """Flares (hours from START, number of the region, class)."""
    start = [START + np.timedelta64(hour * 3600, "s") for hour, _, _ in flares]
    classes = [name for _, _, name in flares]
    flux = {"C": 1e-6, "M": 1e-5}
    return pd.DataFrame(
        {
            "start_time": start,
            "start_uncertainty": 0.0,
            "peak_time": start,
            "end_time": start,
            "goes_class": classes,
            "peak_flux": [flux[name[0]] * float(name[1:]) for name in classes],
            "noaa_ar": [11000 + region for _, region, _ in flares],
            "instrument": "",
            "region": -1,
            "lists": "x",
        }
    )


OWN = [
    (40, 1, "M1.0"),
    (50, 2, "M2.0"),
    (60, 3, "C1.0"),
    (70, 4, "M1.0"),
    (45, 5, "C2.0"),
    (80, 6, "M3.0"),
    (50, 9, "M1.0"),
]
# Region 1 is not told, the flare of region 4 is called C9.9.
OTHER = [(50, 2, "M2.0"), (60, 3, "C1.0"), (70, 4, "C9.9"), (45, 5, "C2.0"), (80, 6, "M3.0"), (50, 9, "M1.0")]
UNSCALED = [(hour, region, f"{name[0]}{float(name[1:]) / 0.7:.2f}") for hour, region, name in OWN]


def table(instrument: str, noaa_ars) -> pd.DataFrame:
    region, hour = (axis.ravel() for axis in np.indices((N_REGIONS, N_HOURS)))
    records = pd.DataFrame({"region": region + 1, "t_rec": START + hour * HOUR})
    return records.assign(
        time=records["t_rec"] - np.timedelta64(34, "s"),
        noaa_ars=[noaa_ars(number) for number in region + 1],
        quality=-1,
        **dict.fromkeys(("longitude_min", "longitude_max", "latitude_min", "latitude_max"), np.nan),
        area=1000.0 + (region * 7 + hour * 3) % 11 if instrument == "sharp" else 1000.0,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict:
    """Inputs of the rule: a table an instrument, windows of three tasks, lists, forecasts of two seeds, scores."""
    folder = tmp_path_factory.mktemp("relabel")
    paths = {name: str(folder / f"{name}.nc") for name in ("sharp", "smarp", "windows")}
    write_records(paths["sharp"], table("sharp", lambda number: f"{11000 + number}"), instrument="sharp")
    write_records(paths["smarp"], table("smarp", lambda number: ""), instrument="smarp")
    lists = {"own": OWN, "own.unscaled": UNSCALED, "other": OTHER, "other.unscaled": OTHER}
    for name, flares in lists.items():
        paths[name] = str(folder / f"{name}.nc")
        write_flares(paths[name], flares_of(*flares))
    covered = pd.DataFrame({"begin": ["2012-01-01"], "end": ["2013-01-01"]})
    write_csv(folder / "own.covered.csv", covered)
    # 66 h after the beginning this list ends: issued until 42 h.
    write_csv(folder / "other.covered.csv", covered.assign(end=str(START + 66 * HOUR)))
    study = {
        "instruments": ["sharp", "smarp"],
        "features": ["area"],
        "selection": {"max_longitude_deg": 70, "quality_below": {"sharp": 1, "smarp": 1}, "period": {}},
        "windows": WINDOWS,
        "labels": LABELS,
    }
    tables = [paths["sharp"], paths["smarp"]]
    tasks, _ = make_windows(read_records(tables), read_flares([paths["own"]]), None, settings=study)
    write_windows(paths["windows"], tasks)
    datasets = {"SVQ": ("strong_vs_quiet", 0), "M": ("ge_m", 0), "C": ("ge_c", 0), "OF_SMARP": ("ge_m", 1)}
    for name, (task, instrument) in datasets.items():
        paths[name] = str(folder / f"predictions_{name}.nc")
        write_predictions(paths[name], forecasts(read_windows(paths["windows"], task), instrument))
    verify_predictions(
        [paths[name] for name in datasets],
        list(datasets),
        ["p"] * len(datasets),
        str(folder / "scores.csv"),
        str(folder / "curves.csv"),
        archive="x",
        study="s",
    )
    return {
        "windows": paths["windows"],
        "scores": str(folder / "scores.csv"),
        "tables": tables,
        "harp_noaa": [],
        "flares": [paths["own"], paths["other"]],
        "unscaled": [paths["own.unscaled"], paths["other.unscaled"]],
        "covered": [str(folder / f"{name}.covered.csv") for name in ("own", "other")],
        "predictions": [paths[name] for name in datasets],
    }


def forecasts(windows, instrument: int) -> pd.DataFrame:
    """Forecasts of three models and two seeds: regions from 8 on are validation, the others test."""
    own = np.flatnonzero((windows.label >= 0) & (windows.instrument == instrument))
    tables = []
    for seed in (0, 1):
        for model in ("a", "b", "c"):
            rng = np.random.default_rng([seed, ord(model)])
            shift = (windows.region[own] % 7) / 10
            tables.append(
                pd.DataFrame(
                    {
                        "instrument": windows.instruments[instrument],
                        "region": windows.region[own],
                        "issue_time": windows.issue_time[own],
                        "label": windows.label[own],
                        "probability": np.clip(rng.random(len(own)) * 0.3 + shift, 0, 1),
                        "split": np.where(windows.region[own] >= 8, "validation", "test"),
                        "model": model,
                        "seed": seed,
                    }
                )
            )
    return pd.concat(tables, ignore_index=True)


def relabelled(folder, made, **changes) -> pd.DataFrame:
    settings = SETTINGS | changes.pop("settings", {})
    path = folder / "labels.csv"
    arguments = {"study": "s", "flare_lists": ["own", "other"], "datasets": ["SVQ", "M", "C", "OF_SMARP"]}
    main(made | changes, str(path), settings=settings, **arguments)
    return pd.read_csv(path).fillna({"threshold": ""}).set_index(KEY)


@pytest.fixture(scope="module")
def labels(made, tmp_path_factory) -> pd.DataFrame:
    return relabelled(tmp_path_factory.mktemp("out"), made)


def test_under_its_own_list_a_study_has_its_own_scores(made, labels):
    scores = pd.read_csv(made["scores"]).fillna({"threshold": ""})
    means = scores.groupby(["dataset", "model", "threshold", "metric"])["value"].mean()
    own = labels.xs(("own", False), level=("flare_list", "unscaled"))
    assert set(own.index.get_level_values("dataset")) == {"SVQ", "M", "C"}
    for key, row in own.iterrows():
        dataset, model, threshold, metric = key
        for column in ("value", "value_of_study"):
            assert row[column] == pytest.approx(means[dataset, model, threshold, metric]), key
        assert row["n_samples"] == means[dataset, model, "", "n_samples"]
        assert (row["n_changed"], row["n_not_covered"]) == (0, 0)


def test_another_list_by_hand(labels):
    row = labels.loc[("M", "a", "other", False, "", "area_under_roc_curve")]
    # Seven test regions with windows from hour 2 to 95; the list ends 24 h after hour 42.
    assert (row["n_samples"], row["n_not_covered"]) == (7 * 41, 7 * 53)
    # Region 1 had its flare in the 25 windows from hour 16 to 40, region 4 from hour 46 on: not covered.
    assert row["n_changed"] == 25
    # Left are those of region 2, from hour 26 to 42.
    assert row["n_events"] == 17
    # A region that flared unseen is a quiet one of the strong-vs-quiet task, and no sample is lost.
    assert labels.loc[("SVQ", "a", "other", False, "", "brier_score"), "n_changed"] == 25


def test_a_list_that_does_not_reach_down_to_the_class_is_left_out_and_told(made, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, logger="flaredag"):
        table = relabelled(tmp_path, made)
    combinations = set(table.reset_index()[["dataset", "flare_list", "unscaled"]].itertuples(index=False, name=None))
    # The unscaled list begins at C1.43.
    assert combinations == {
        *((dataset, "own", unscaled) for dataset in ("SVQ", "M") for unscaled in (False, True)),
        *((dataset, "other", unscaled) for dataset in ("SVQ", "M", "C") for unscaled in (False, True)),
        ("C", "own", False),
    }
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "list own, without the factor of GOES 8-15, is left out: it has no flare down to C1.0",
        "OF_SMARP is left out: no NOAA region of smarp is known",
    ]


def test_the_table_is_in_its_form_and_the_same_again(made, tmp_path, labels):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        relabelled(tmp_path / name, made)
    one, other = ((tmp_path / name / "labels.csv").read_bytes() for name in ("one", "other"))
    assert one == other
    assert one.split(b"\n")[0].decode().split(",") == list(COLUMNS)
    assert set(labels.index.get_level_values("model")) == {"a", "b"}
    assert not labels.index.has_duplicates


def test_a_map_gives_numbers_to_records_without(made, tmp_path):
    nameless = str(tmp_path / "sharp.nc")
    write_records(nameless, table("sharp", lambda number: ""), instrument="sharp")
    (tmp_path / "map.txt").write_text("HARPNUM NOAA_ARS\n" + "".join(f"{n} {11000 + n}\n" for n in range(1, 13)))
    changes = {"tables": [nameless, made["tables"][1]], "harp_noaa": [str(tmp_path / "map.txt")]}
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    pd.testing.assert_frame_equal(relabelled(tmp_path / "one", made, **changes), relabelled(tmp_path / "other", made))


def test_without_anything_to_score_the_table_has_its_columns_alone(made, tmp_path):
    table = relabelled(tmp_path, made, settings={"models": ["nobody"]})
    assert len(table) == 0
    assert (tmp_path / "labels.csv").read_text() == ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize("name", ["flares", "unscaled", "covered", "predictions"])
def test_a_missing_file_of_a_list_is_told(made, tmp_path, name):
    with pytest.raises(InputError, match=f"files of {name} for .*; wanted one of each"):
        relabelled(tmp_path, made, **{name: made[name][:-1]})
    assert not (tmp_path / "labels.csv").exists()
