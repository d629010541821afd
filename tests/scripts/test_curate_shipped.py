"""The rule that curates what a paper's authors shipped."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import made_up_shipped as made_up
from curate_sharp_table import curate_sharp_table
from curate_shipped import main
from flaredag.errors import InputError
from flaredag.harp_noaa import read_harp_noaa
from flaredag.shipped_forecasts import FORECAST_COLUMNS
from flaredag.shipped_results import NAMED_COLUMNS, read_named_columns
from flaredag.shipped_tables import read_shipped_tables
from flaredag.tables import write_records


@pytest.fixture
def inputs(tmp_path):
    """Inputs of the rule on made-up tables."""
    made_up.written(tmp_path / "raw" / "liu" / "samples.csv", made_up.samples())
    made_up.written(tmp_path / "raw" / "liu" / "forecasts.csv", made_up.forecasts())
    write_records(tmp_path / "sharp.nc", made_up.records(), instrument="sharp")
    return {
        "facts": [made_up.written_facts(tmp_path / "facts.yaml", made_up.facts())],
        "sizes": [made_up.written(tmp_path / "sizes.csv", made_up.sizes())],
        "records": [str(tmp_path / "sharp.nc")],
    }


def curated(tmp_path, inputs, name="one"):
    paths = [tmp_path / name / f"shipped_{what}.csv" for what in ("forecasts", "columns")]
    main(inputs, *map(str, paths), raw_dir=str(tmp_path / "raw"))
    return paths


def test_forecasts_and_columns_by_hand(tmp_path, inputs):
    forecasts, columns = curated(tmp_path, inputs)
    read = pd.read_csv(forecasts, keep_default_na=False)
    assert list(read) == list(FORECAST_COLUMNS)
    assert (len(read), read["label"].sum(), read["forecast"].sum()) == (60, 10, 13)
    assert read.iloc[20].tolist() == ["C", 5000, 12000, "2015-03-01 19:58:30", "M1.2", 1, 0]
    named = read_named_columns(columns).set_index("name")
    assert list(named.index) == ["R_VALUE", "USFLUX", "TOTUSJH"], "Cdec is no keyword"
    assert named["position"].tolist() == [1, 3, 4]
    assert named["keyword"].tolist() == ["USFLUX", "R_VALUE", "TOTUSJH"]
    assert named["new_name"].tolist() == ["USFLUX", "TOTUSJH", "TOTUSJH"]
    assert named["possible"].tolist() == ["USFLUX", "R_VALUE", "TOTUSJH"]
    assert named["why"].tolist() == [
        "mean 1e+22 is not in 0 to 8 log10(Mx)",
        "mean 2.5 is not in 6e+14 to 2.1e+24 Mx",
        "",
    ]
    assert named.loc["R_VALUE", ["mean", "standard_deviation"]].tolist() == pytest.approx([1e22, 1.4e22])
    assert named.loc["R_VALUE", ["told_mean", "told_standard_deviation"]].tolist() == [1e22, 1.4e22]
    assert (named["n_matched"] == 60).all()
    records = made_up.records()
    highest = records.loc[records["usflux"].idxmax(), "time"]
    assert named.loc["R_VALUE", "highest_time"] == highest.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert set(named["highest_split"]) == {"testing"}


def test_the_same_inputs_make_the_same_bytes(tmp_path, inputs):
    for one, other in zip(curated(tmp_path, inputs, "one"), curated(tmp_path, inputs, "other"), strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_table_with_new_names_and_without_forecasts(tmp_path, inputs):
    content = made_up.facts()
    content["tables"] = {"A": {"samples": "liu/samples.csv", "least_class": "C1.0", "has_new_names": True}}
    made_up.written_facts(tmp_path / "facts.yaml", content)
    forecasts, columns = curated(tmp_path, inputs)
    assert forecasts.read_text() == ",".join(FORECAST_COLUMNS) + "\n"
    named = read_named_columns(columns)
    assert named["new_name"].tolist() == named["name"].tolist() == ["R_VALUE", "USFLUX", "TOTUSJH"]
    assert named["told_mean"].isna().all()
    assert (named["why"] == "").all()
    assert named["keyword"].tolist() == ["USFLUX", "R_VALUE", "TOTUSJH"]


def test_where_nothing_was_shipped_the_tables_have_their_columns_alone(tmp_path):
    forecasts, columns = curated(tmp_path, {"facts": [], "sizes": [], "records": []})
    assert forecasts.read_text() == ",".join(FORECAST_COLUMNS) + "\n"
    assert columns.read_text() == ",".join(NAMED_COLUMNS) + "\n"


def test_statistics_of_other_columns_are_refused_and_nothing_is_written(tmp_path, inputs):
    content = made_up.facts()
    for values in content["tables"]["C"]["statistics"].values():
        values.pop()
    made_up.written_facts(tmp_path / "facts.yaml", content)
    with pytest.raises(InputError, match=r"samples\.csv: 4 columns of features, and statistics of 3"):
        curated(tmp_path, inputs)
    assert not (tmp_path / "one").exists()


def test_the_files_of_liu_et_al(mirror, tmp_path):
    """Each column of the real files is the keyword that DeepFlarePred says, standardised as the program tells."""
    packed = mirror / "lucaspauker_sharp12min" / "sharp_12min_f32.parquet"
    # The regions of the tables, and three of those in which the extremes were observed.
    regions = [5004, 5415, 6972, 7115, 4698, 819, 5987]
    raw = pq.read_table(packed, filters=[("HARPNUM", "in", regions)]).to_pandas()
    raw = raw.rename(columns={name: name.lower() for name in raw.columns}).rename(columns={"harpnum": "region"})
    raw = raw.astype(dict.fromkeys(raw.columns.difference(["region", "t_rec"]), np.float64))
    pairs, _ = read_harp_noaa(mirror / "harp_noaa" / "all_harps_with_noaa_ars.txt")
    records, _, _ = curate_sharp_table(raw.astype({"t_rec": "datetime64[s]"}), pairs, path="sharp")
    write_records(tmp_path / "sharp.nc", records, instrument="sharp")
    (tmp_path / "raw").symlink_to(mirror)
    inputs = {
        "facts": [str(made_up.PAPERS / "liu2019_lstm.yaml")],
        "sizes": [str(made_up.PAPERS.parent / "keyword_magnitudes.csv")],
    }
    forecasts, columns = curated(tmp_path, inputs | {"records": [str(tmp_path / "sharp.nc")]})
    assert pd.read_csv(forecasts).groupby("table")[["label", "forecast"]].agg(["size", "sum"]).to_numpy().tolist() == [
        [185, 84, 185, 77],
        [212, 23, 212, 92],
    ]
    named = read_named_columns(columns)
    matched = named[named["keyword"] != ""]
    assert (matched["keyword"] == matched["new_name"]).all()
    # The table of SHARP keywords has neither the Lorentz force nor the twist.
    rest = {"TOTBSQ", "TOTFX", "TOTFY", "TOTFZ", "EPSX", "EPSY", "EPSZ", "MEANALP"}
    assert set(named.loc[named["keyword"] == "", "new_name"]) == rest
    assert matched["residual"].max() < 1e-6
    renamed = read_shipped_tables(made_up.PAPERS / "liu2019_lstm.yaml").new_names
    of_authors = matched[matched["table"].isin(["C", "M"])]
    assert set(of_authors.loc[of_authors["keyword"] != of_authors["name"], "name"]) <= renamed.keys()
    told = matched[matched["told_mean"].notna()]
    assert len(told) == 9
    np.testing.assert_allclose(told["mean"], told["told_mean"], rtol=1e-6)
    np.testing.assert_allclose(told["standard_deviation"], told["told_standard_deviation"], rtol=1e-6)
    area = told.set_index("keyword").loc["AREA_ACR"]
    # The greatest sunspot group of the cycle, NOAA 12192, in the year of validation; the least value in training.
    assert (area["highest_time"], area["highest_split"]) == ("2014-10-25T07:11:25Z", "validation")
    assert (area["lowest_time"][:10], area["lowest_split"]) == ("2011-08-29", "training")
    assert told.set_index("keyword").loc["TOTPOT", "lowest_split"] == "testing"
