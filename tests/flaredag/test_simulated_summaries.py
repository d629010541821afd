"""Region summaries of the simulated Sun: classes by hand, the layout of real texts."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from flaredag.region_summaries import read_text
from flaredag.simulated_regions import seen_regions, solar_region
from flaredag.simulated_summaries import (
    RegionDay,
    _classes,
    region_days,
    returning_regions,
    summaries_of_year,
    summary_text,
)

SPOTTED = RegionDay(11158, -21, 14, 36, 450, "Ekc", 12, 36, "Beta-Gamma")
PLAGE = RegionDay(11156, -21, 49, 72, 0, "", 0, 0, "")


def test_text_is_laid_out_as_a_real_one(mirror: Path) -> None:
    with tarfile.open(mirror / "noaa_srs_raw/2011_SRS.tar.gz") as archive:
        file = archive.extractfile("SRS/20110214SRS.txt")
        assert file is not None
        real = file.read().decode("latin-1").splitlines()
    rows = [
        RegionDay(11156, -21, 35, 71, 0, "Axx", 2, 3, "Alpha"),
        RegionDay(11157, 18, 30, 65, 40, "Dso", 4, 7, "Beta"),
        RegionDay(11158, -20, 3, 34, 120, "Eac", 10, 31, "Beta-Gamma"),
        RegionDay(11159, 19, 1, 34, 20, "Cso", 5, 3, "Beta"),
        RegionDay(11160, 16, -74, 322, 0, "", 0, 0, ""),
    ]
    ours = summary_text(np.datetime64("2011-02-14"), rows, [])
    # AR 11159 stood east of the central meridian by less than half a degree, to observers W01.
    assert ours.splitlines() == real


def test_a_day_without_regions_says_none_three_times() -> None:
    text = summary_text(np.datetime64("2010-06-16"), [], [])
    assert text.count("None\n") == 3
    summary, rejected = read_text(text, source="x", member="20100616SRS.txt")
    assert summary is not None
    assert not summary.rows
    assert not rejected


def test_what_is_written_is_read_back() -> None:
    text = summary_text(np.datetime64("2011-02-15"), [PLAGE, SPOTTED], [(11150, -19, 208)])
    summary, rejected = read_text(text, source="x", member="20110215SRS.txt")
    assert summary is not None
    assert not rejected
    spotted, plage, due = summary.rows
    assert spotted[2:] == (11158, "I", -21.0, 14.0, 36.0, 450.0, "Ekc", 12.0, 36.0, "Beta-Gamma")
    assert plage[2:7] == (11156, "IA", -21.0, 49.0, 72.0)
    assert due[2:5] == (11150, "II", -19.0)


@pytest.mark.parametrize(
    ("area", "extent_deg", "n_spots", "inversion_line", "both", "expected"),
    [
        (0, 1, 1, 0.0, False, ("Axx", "Alpha")),
        (60, 2, 1, 0.0, False, ("Hsx", "Alpha")),
        (10, 3, 4, 0.0, True, ("Bxo", "Beta")),
        (40, 4, 2, 0.0, True, ("Cso", "Beta")),
        (200, 8, 12, 3.0, True, ("Dao", "Beta")),
        (400, 12, 30, 4.0, True, ("Eki", "Beta-Gamma")),
        (600, 18, 40, 4.5, True, ("Fkc", "Beta-Gamma-Delta")),
    ],
)
def test_classes_by_hand(
    area: int, extent_deg: int, n_spots: int, inversion_line: float, both: bool, expected: tuple[str, str]
) -> None:
    assert _classes(area, extent_deg, n_spots, inversion_line, both=both) == expected


def test_regions_are_told_while_they_are_on_the_disk() -> None:
    for k in range(6):
        region = solar_region(k, 4)
        rows = region_days(region, 4)
        assert rows
        for day, of_day in rows.items():
            # Locations hold at the end of the day.
            longitude = float(region.longitude_deg(day + np.timedelta64(1, "D")))
            assert abs(longitude) <= 85
            assert of_day[0].longitude_deg == round(longitude)
            assert {row.noaa_ar for row in of_day} <= set(region.noaa_ars)
        days = np.array(sorted(rows))
        assert (np.diff(days) == np.timedelta64(1, "D")).all()


def test_a_year_has_a_text_a_day_and_all_are_read_without_a_fault() -> None:
    regions = [solar_region(k, 4) for k in seen_regions({"sharp": 30, "smarp": 30})]
    rows: dict = {}
    for region in regions:
        for day, of_day in region_days(region, 4).items():
            rows.setdefault(day, []).extend(of_day)
    texts = summaries_of_year(2010, rows, returning_regions(regions))
    assert len(texts) == 365
    assert min(texts) == "20100101SRS.txt"
    sections = set()
    classes = set()
    for name, content in texts.items():
        summary, rejected = read_text(content.decode(), source="x", member=name)
        assert summary is not None
        assert not rejected
        sections |= {row[3] for row in summary.rows}
        classes |= {row[8] for row in summary.rows}
    assert sections == {"I", "IA", "II"}
    assert len(classes) > 6
