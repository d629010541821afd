"""Flare lists of the simulated Sun in the form of NCEI and HEK, and what they differ in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flaredag.artifacts import write_json
from flaredag.hek_events import read_hek_events
from flaredag.hek_requests import FIELDS
from flaredag.ncei_reports import read_ncei_report
from flaredag.simulated_lists import attributed_flares, hek_events, listed_flares, ncei_report, of_year, told_apart

X_FLARE = (2, "2011-02-15T01:44", "2011-02-15T01:56", "2011-02-15T02:06", "X2.2", 11158, 12, -20)
OVER_MIDNIGHT = (2, "2011-02-15T23:55", "2011-02-16T00:03", "2011-02-16T00:10", "C1.0", 0, -5, 8)
COLUMNS = [
    "solar_region", "start_time", "peak_time", "end_time", "goes_class", "noaa_ar", "longitude_deg", "latitude_deg",
]  # fmt: skip


def table(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS)


def many(n_flares: int = 2000) -> pd.DataFrame:
    """A flare every 3 hours, of regions 11100 to 11109 in turn."""
    start = np.datetime64("2011-01-01", "m") + np.arange(n_flares) * np.timedelta64(3, "h")
    times = [np.datetime_as_string(start + np.timedelta64(minutes, "m"), unit="m") for minutes in (0, 8, 20)]
    rows = [(n % 10, *(t[n] for t in times), "C2.5", 11100 + n % 10, 10, 10) for n in range(n_flares)]
    return table(*rows)


def test_report_has_the_columns_of_ncei() -> None:
    first, second = ncei_report(table(X_FLARE, OVER_MIDNIGHT), 2011).split("\r\n")[:2]
    #        station, day, start, end, peak; class in 60, 61-63; satellite; fluence; region
    # 2.2e-4 W/m2 x 22 min x 60 / 2 = 0.145 J/m2
    assert first == "31777110215  0144 0206 0156                                X 22    G15  1.5E-01 11158"
    assert second[:27] == "31777110215  2355 0010 0003"
    assert second[59:63] == "C 10"
    assert second[80:].strip() == ""


def test_report_agrees_with_real_lines(mirror: Path) -> None:
    del mirror  # the line below is one of its file of 2011
    real = "31777110103  2326 2346 2335                                C 11    G15  9.6E-04 11142"
    flare = (1, "2011-01-03T23:26", "2011-01-03T23:35", "2011-01-03T23:46", "C1.1", 11142, 0, 0)
    # Fluence apart, which GOES measures and the simulation guesses from class and length.
    ours = ncei_report(table(flare), 2011).rstrip("\r\n")
    assert (ours[:72], ours[79:]) == (real[:72], real[79:])
    great = (1, "2011-01-03T23:26", "2011-01-03T23:35", "2011-01-03T23:46", "X17.2", 11142, 0, 0)
    assert ncei_report(table(great), 2011)[59:63] == "X172"


@pytest.mark.parametrize("year", [2009, 2011])
def test_lists_are_read_as_they_were_meant(tmp_path: Path, year: int) -> None:
    flares = of_year(many().assign(**{c: many()[c].str.replace("2011", str(year)) for c in COLUMNS[1:4]}), year)
    report, events = tmp_path / f"goes-xrs-report_{year}.txt", tmp_path / f"{year}.json"
    report.write_text(ncei_report(flares, year), newline="")
    write_json(events, {"result": hek_events(flares)})
    for read, rejected in (read_ncei_report(report), read_hek_events(events)):
        assert not rejected
        assert read["goes_class"].tolist() == flares["goes_class"].tolist()
        assert read["noaa_ar"].tolist() == flares["noaa_ar"].tolist()
        for name in ("start_time", "peak_time", "end_time"):
            expected = pd.to_datetime(flares[name]).to_numpy("datetime64[s]")
            assert (read[name].to_numpy("datetime64[s]") == expected).all()


def test_events_have_the_fields_of_hek() -> None:
    first, second = hek_events(table(X_FLARE, OVER_MIDNIGHT))
    assert sorted(first) == sorted(FIELDS)
    assert first["event_starttime"] == "2011-02-15T01:44:00"
    assert (first["fl_goescls"], first["ar_noaanum"]) == ("X2.2", 11158)
    assert (first["event_coord1"], first["event_coord2"]) == (12, -20)
    # Where no region is known HEK gives 0, 0.
    assert (second["ar_noaanum"], second["event_coord1"], second["event_coord2"]) == (0, 0, 0)
    assert first["kb_archivid"] != second["kb_archivid"]


def test_a_flare_within_a_larger_one_is_not_told_apart() -> None:
    within = (3, "2011-02-15T01:50", "2011-02-15T02:00", "2011-02-15T02:30", "M1.0", 11159, 0, 0)
    after = (3, "2011-02-15T02:00", "2011-02-15T02:07", "2011-02-15T02:30", "M1.0", 11159, 0, 0)
    assert told_apart(table(within, X_FLARE))["goes_class"].tolist() == ["X2.2"]
    assert told_apart(table(after, X_FLARE))["goes_class"].tolist() == ["X2.2", "M1.0"]
    assert len(told_apart(table(X_FLARE, X_FLARE))) == 1
    assert len(told_apart(table())) == 0


def test_some_flares_get_no_region_and_some_that_of_another() -> None:
    flares = many()
    given = attributed_flares(flares, unattributed_fraction=0.2, misattributed_fraction=0.05, seed=1)
    wrong = (given["noaa_ar"] != flares["noaa_ar"]) & (given["noaa_ar"] != 0)
    assert 0.17 < (given["noaa_ar"] == 0).mean() < 0.23
    assert 0.03 < wrong.mean() < 0.07
    right = attributed_flares(flares, unattributed_fraction=0.0, misattributed_fraction=0.0, seed=1)
    pd.testing.assert_frame_equal(right, flares)


def test_lists_differ_from_what_was_seen_in_every_way_and_as_often_as_asked() -> None:
    flares = many()
    listed = listed_flares(flares, "ncei", difference_fraction=0.5, seed=1).set_index("start_time")
    seen = flares.set_index("start_time")
    absent = seen.index.difference(listed.index)
    both = listed.join(seen.drop(index=absent).add_suffix("_seen"))
    n_each = 0.1 * len(flares)
    assert 0.7 * n_each < len(absent) < 1.3 * n_each
    for name in ("goes_class", "peak_time", "end_time", "noaa_ar"):
        assert 0.7 * n_each < (both[name] != both[f"{name}_seen"]).sum() < 1.3 * n_each, name
    assert set(both["goes_class"]) == {"C2.4", "C2.5", "C2.6"}
    other = listed_flares(flares, "hek", difference_fraction=0.5, seed=1)
    assert len(set(other["start_time"]) ^ set(listed.index)) > n_each
    pd.testing.assert_frame_equal(listed_flares(flares, "hek", difference_fraction=0.0, seed=1), flares)


def test_no_flares_make_empty_lists() -> None:
    empty = table().astype({"noaa_ar": int})
    assert ncei_report(told_apart(empty), 2011) == ""
    assert hek_events(listed_flares(empty, "hek", difference_fraction=0.5, seed=1)) == []
