"""Coverage by month, sums of counts, reasons and disagreements, by hand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from flaredag.coverage import (
    COVERAGE_COLUMNS,
    coverage,
    disagreements_by_kind,
    flare_letters,
    holdings,
    instrument_of,
    largest_flares,
    rejections_by_reason,
    summed_counts,
)
from flaredag.errors import InputError
from flaredag.goes import peak_flux_w_m2


def frame(*rows: tuple[str, int, str]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows), columns=["instrument", "region", "time"])
    return table.assign(time=table["time"].astype("datetime64[s]"))


def flares(*rows: tuple[str, str, int]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows), columns=["start_time", "goes_class", "noaa_ar"])
    start = table["start_time"].astype("datetime64[s]")
    peak_flux = peak_flux_w_m2(table["goes_class"])
    return table.assign(start_time=start, peak_time=start + np.timedelta64(600, "s"), peak_flux=peak_flux)


RECORDS = frame(
    ("sharp", 1, "2010-05-31T23:59"),
    ("sharp", 1, "2010-06-01T00:00"),
    ("sharp", 2, "2010-06-02"),
    ("smarp", 9, "2010-06-03"),
)
IMAGES = frame(("sharp", 1, "2010-06-01T00:00"))
FLARES = flares(
    ("2010-06-30T23:59", "C1.0", 1), ("2010-06-30", "C9.9", 2), ("2010-07-01", "B9.9", 0), ("2010-07-02", "X10", 1)
)


def test_coverage_counts_by_month_and_flares_are_of_no_instrument():
    table = coverage(RECORDS, IMAGES, FLARES)
    assert list(table) == list(COVERAGE_COLUMNS)
    rows = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    assert rows == [
        ["goes", "2010-06", None, None, None, 2, 0, 0],
        ["goes", "2010-07", None, None, None, 0, 0, 1],
        ["sharp", "2010-05", 1, 1, 0, None, None, None],
        ["sharp", "2010-06", 2, 2, 1, None, None, None],
        ["smarp", "2010-06", 1, 1, 0, None, None, None],
    ]


def test_holdings_in_all():
    held = holdings(RECORDS, IMAGES, FLARES)
    sharp = {"records": 3, "regions": 2, "images": 1, "first": "2010-05-31", "last": "2010-06-02"}
    assert held["instruments"]["sharp"] == sharp
    assert held["flares"] == {"below_c": 1, "C": 2, "M": 0, "X": 1, "first": "2010-06-30", "last": "2010-07-02"}


def test_an_archive_without_flares_or_images_has_none():
    table = coverage(RECORDS, RECORDS.iloc[:0], FLARES.iloc[:0])
    assert set(table["instrument"]) == {"sharp", "smarp"}
    assert table["images"].tolist() == [0, 0, 0]
    assert holdings(RECORDS, RECORDS.iloc[:0], FLARES.iloc[:0])["flares"]["first"] == ""


@pytest.mark.parametrize("letter", ["C", "M", "X"])
def test_a_letter_begins_at_its_class_1(letter):
    below = {"C": "", "M": "C", "X": "M"}[letter]
    flux = peak_flux_w_m2([f"{letter}1.0", f"{letter}1.2", f"{letter}9.9"])
    assert flare_letters(flux).tolist() == [letter] * 3
    assert flare_letters(flux[:1] * 0.99).tolist() == [below]


def test_counts_of_shards_are_summed(tmp_path):
    paths = [tmp_path / name for name in ("sharp-0.json", "sharp-12.json", "smarp-0.json", "goes.json")]
    for path, n in zip(paths, (1, 2, 4, 8), strict=True):
        path.write_text(json.dumps({"read": n, **({"odd": 1} if n == 2 else {})}))
    assert summed_counts(paths) == {"sharp": {"read": 3, "odd": 1}, "smarp": {"read": 4}, "goes": {"read": 8}}
    assert summed_counts([]) == {}


@pytest.mark.parametrize("text", ['{"read": 1.5}', '{"read": true}', "[1]", '{"read": {"a": 1}}'])
def test_counts_that_are_no_whole_numbers_are_told(tmp_path, text):
    path = tmp_path / "sharp-0.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"sharp-0\.json: wanted an object of whole numbers"):
        summed_counts([path])


def test_names_of_files_tell_the_instrument():
    assert instrument_of("results/jsoc/cubes/smarp-135.zarr.zip") == "smarp"
    assert instrument_of("results/jsoc/flares/goes.rejected.csv") == "goes"


def test_reasons_are_counted_the_most_frequent_first_each_with_its_first_example():
    rejections = pd.DataFrame(
        [("a.csv", "1", "late", "x"), ("a.csv", "2", "no time", "y"), ("b.csv", "3", "no time", "z")],
        columns=["source", "place", "reason", "text"],
    )
    assert rejections_by_reason(rejections) == [
        {"reason": "no time", "n": 2, "example": {"source": "a.csv", "place": "2", "text": "y"}},
        {"reason": "late", "n": 1, "example": {"source": "a.csv", "place": "1", "text": "x"}},
    ]
    assert rejections_by_reason(rejections.iloc[:0]) == []


def test_disagreements_on_the_largest_flares_come_first():
    rows = [
        ("start", "2010-06-30 00:10:00", "hek", "a", "ncei", "b", "a"),
        ("missing", "2010-06-30 12:00:00", "ncei", "X9.0", "hek", "", "X9.0"),
        ("region", "2010-07-02 00:10:00", "hek", "1", "ncei", "2", "1"),
        ("region", "2010-07-01 00:10:00", "hek", "3", "swpc", "2", "3"),
    ]
    columns = ["kind", "peak_time", "list_a", "value_a", "list_b", "value_b", "kept"]
    found = disagreements_by_kind(pd.DataFrame(rows, columns=columns), FLARES, n_examples=3)
    assert found["kinds"] == {"missing": {"hek": 1}, "region": {"ncei": 1, "swpc": 1}, "start": {"ncei": 1}}
    # The X10, the C9.9, the B9.9; no flare of the list peaks at noon, so that its size is not known.
    assert [one["goes_class"] for one in found["examples"]] == ["X10", "C9.9", "B9.9"]
    assert found["examples"][0]["peak_time"] == "2010-07-02 00:10"
    assert found["n"] == 4
    none = disagreements_by_kind(pd.DataFrame(columns=columns, dtype=str), FLARES, n_examples=3)
    assert none == {"kinds": {}, "examples": [], "n": 0}


def test_a_flare_is_of_the_patch_that_shows_its_noaa_region_while_it_starts():
    regions = pd.DataFrame(
        {
            "instrument": ["sharp", "sharp", "sharp", "smarp"],
            "region": [1, 1, 2, 1],
            "noaa_ar": ["1", "2", "1", "7"],
            "first": np.array(["2010-06-01", "2010-06-01", "2010-07-01", "2010-06-01"], "datetime64[s]"),
            "last": np.array(["2010-07-01", "2010-07-01", "2010-08-01", "2010-08-01"], "datetime64[s]"),
        }
    )
    found = largest_flares(regions, FLARES)
    # Patch 1 shows NOAA 1 (C1.0 while it is seen, X10 after) and 2 (C9.9); patch 2 the X10; smarp's none.
    rows = found[["instrument", "region", "goes_class"]].to_numpy().tolist()
    assert rows == [["sharp", 1, "C9.9"], ["sharp", 2, "X10"], ["smarp", 1, ""]]
    assert found["peak_flux"].tolist() == pytest.approx([9.9e-6, 1e-3, 0.0])
