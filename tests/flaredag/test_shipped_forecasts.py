"""Shipped samples and forecasts: what is read, and what is refused, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import made_up_shipped as made_up
from flaredag.errors import InputError
from flaredag.shipped_forecasts import (
    FORECAST_COLUMNS,
    read_curated_forecasts,
    read_shipped_forecasts,
    read_shipped_samples,
)


def samples(tmp_path, table=None, least_class="C1.0"):
    path = made_up.written(tmp_path / "samples.csv", made_up.samples() if table is None else table)
    return read_shipped_samples(path, least_class=least_class)


def forecasts(tmp_path, table):
    of = made_up.written(tmp_path / "samples.csv", made_up.samples())
    return read_shipped_forecasts(made_up.written(tmp_path / "forecasts.csv", table), samples_path=of)


def with_value(table: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    table = table.astype({column: object})
    table.loc[row, column] = value
    return table


def test_samples_by_hand(tmp_path):
    read = samples(tmp_path)
    first, flaring = read.samples.iloc[0], read.samples.iloc[20]
    assert (first["region"], first["noaa_ar"], first["goes_class"], first["label"]) == (5000, 12000, "B3.0", 0)
    # 90 s before the record; fractions of a second are cut.
    assert str(first["time"]) == "2015-02-28 23:58:30"
    assert (flaring["goes_class"], flaring["label"]) == ("M1.2", 1)
    assert read.samples["goes_class"].iloc[-1] == ""
    assert list(read.features) == ["R_VALUE", "Cdec", "USFLUX", "TOTUSJH"]
    np.testing.assert_allclose(read.features["USFLUX"], made_up.samples()["USFLUX"], rtol=1e-12)


def test_the_label_may_be_written_with_a_capital(tmp_path):
    read = samples(tmp_path, made_up.samples().rename(columns={"label": "Label"}))
    assert read.samples["label"].sum() == 10


def test_forecasts_by_hand(tmp_path):
    forecast = forecasts(tmp_path, made_up.forecasts())
    assert np.flatnonzero(forecast).tolist() == [0, 1, 2, 3, 4, *range(22, 30)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda table: table.drop(columns="HARP"), r"column HARP missing"),
        (lambda table: table.drop(columns="label"), r"it begins with flare, .*; wanted label, flare"),
        (
            lambda table: table[["flare", "label", *table.columns[2:]]],
            r"it begins with flare, label, .*columns swapped",
        ),
        (lambda table: table[made_up.KEYS], r"wanted label, .*and then the features"),
        (lambda table: table.rename(columns={"Cdec": "USFLUX"}), r"USFLUX given twice"),
        (lambda table: table.iloc[:0], r"holds no sample"),
        (lambda table: with_value(table, 3, "label", "Yes"), r"label: record 4 is 'Yes' \(1 such .*Positive or Neg"),
        (lambda table: with_value(table, 3, "flare", "Z9"), r"record 4 has .*flare 'Z9'.*wanted a GOES class, or N"),
        (lambda table: with_value(table, 3, "flare", "C1.0"), r"record 4 .*the label of an event of C1.0 or above"),
        (lambda table: with_value(table, 25, "flare", "B9.9"), r"record 26 .*the label of an event of C1.0 or above"),
        (lambda table: with_value(table, 3, "Cdec", "x"), r"column Cdec: record 4 is 'x'.*wanted a number"),
        (lambda table: with_value(table, 3, "Cdec", "inf"), r"column Cdec: record 4 is 'inf'; wanted a finite number"),
        (lambda table: with_value(table, 3, "Cdec", ""), r"column Cdec: record 4 is ''"),
        (lambda table: with_value(table, 3, "timestamp", "noon"), r"timestamp: record 4 is 'noon'"),
        (lambda table: with_value(table, 3, "HARP", "1.5"), r"HARP: record 4 is '1.5'.*whole number"),
        (lambda table: table.iloc[[0, 1, 0]], r"record 3 has .*wanted each region and time once"),
    ],
)
def test_faults_of_samples_are_told(tmp_path, change, told):
    with pytest.raises(InputError, match=told):
        samples(tmp_path, change(made_up.samples()))


def test_samples_of_another_class_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"record 21 .*label 'Positive', flare 'M1.2'.*of M5.0 .*another class"):
        samples(tmp_path, least_class="M5.0")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda table: table.drop(columns="Predicted Label"),
            r"it begins with label, .*; wanted Predicted Label, label",
        ),
        (
            lambda table: table[[*table.columns[:-2], "TOTUSJH", "USFLUX"]],
            r"in another order \(8: TOTUSJH for USFLUX; 9: USFLUX for TOTUSJH\)",
        ),
        (lambda table: table.drop(columns="TOTUSJH"), r"others \(9: none for TOTUSJH\)"),
        (lambda table: table.iloc[:-1], r"59 forecasts for the 60 samples .*one each"),
        (lambda table: with_value(table, 7, "USFLUX", "0.25"), r"record 8, column USFLUX is '0.25', in .*\(1 such"),
        (lambda table: table.iloc[::-1], r"record 1, column flare is 'N', in .*'B3.0' \(60 such.*not of these samples"),
        (lambda table: with_value(table, 7, "Predicted Label", "0.7"), r"Predicted Label: record 8 is '0.7'"),
    ],
)
def test_forecasts_of_other_samples_are_refused(tmp_path, change, told):
    with pytest.raises(InputError, match=told):
        forecasts(tmp_path, change(made_up.forecasts()))


def test_curated_forecasts_are_read_as_written(tmp_path):
    row = ["C", 5000, 12000, "2015-03-01T00:00:00", "", 0, 1]
    path = made_up.written(tmp_path / "curated.csv", pd.DataFrame([row], columns=list(FORECAST_COLUMNS)))
    read = read_curated_forecasts(path)
    assert read[["region", "label", "forecast"]].to_numpy().tolist() == [[5000, 0, 1]]
    assert read["goes_class"].tolist() == [""]
    (tmp_path / "none.csv").write_text(",".join(FORECAST_COLUMNS) + "\n")
    assert read_curated_forecasts(tmp_path / "none.csv").empty
