"""The rule that describes windows: strata of made-up regions by hand, of a real one, and bad input."""

import numpy as np
import pandas as pd
import pytest

from describe_windows import describe_windows, main
from flaredag.errors import InputError
from flaredag.harp_noaa import read_harp_noaa
from flaredag.region_summaries import SUMMARY_COLUMNS, read_region_summaries
from flaredag.samples import write_windows
from flaredag.strata import read_strata
from flaredag.study_windows import make_windows
from flaredag.table_files import write_table
from flaredag.tables import write_flares, write_records
from made_up_records import SETTINGS, flares_of, records_of

CYCLES = [{"number": 24, "begin": "2008-12-01", "maximum": "2014-04-01", "end": "2019-12-01"}]
# Windows of 20 records end at records 15 to 19, on 2 January 2012 from 00:00 to 06:24 TAI, 34 s earlier UTC.
FLARES = flares_of(
    ("2012-01-01T02:00:00", 5e-6, 11158), ("2012-01-02T02:00:00", 2e-5, 11158), ("2012-01-02T03:00:00", 2e-5, 99999)
)


def records():
    """A region on the disk's west that flares strongly at 02:00, and one near the meridian that does not."""
    flaring = records_of(377, longitude_min=50.0, longitude_max=60.0)
    return pd.concat([flaring, records_of(401, noaa_ars="")], ignore_index=True)


def summaries():
    rows = [("2012-01-01 00:30", 11158, "Dao"), ("2012-01-02 00:30", 11158, "Fkc")]
    table = pd.DataFrame(rows, columns=["issue_time", "noaa_ar", "mcintosh"])
    times = pd.to_datetime(table["issue_time"]).astype("datetime64[s]")
    numbers = dict.fromkeys([name for name in SUMMARY_COLUMNS if name.endswith("_deg")], 0.0)
    numbers |= {"area_microhemisphere": 100.0, "n_spots": 5.0}
    table = table.assign(issue_time=times, valid_time=times, section="I", mount_wilson="beta", **numbers)
    return table[list(SUMMARY_COLUMNS)]


def parts(strata, name):
    codes, names = strata[name]
    return [names[code] for code in codes]


def strata_of(windows, of_records, flares=FLARES, of_summaries=None, harp_noaa=None):
    settings = {"strong_class": "M1.0", "solar_cycles": CYCLES}
    return describe_windows(windows, of_records, flares, of_summaries, harp_noaa=harp_noaa, **settings)


def described(flares=FLARES, *, of_summaries=None):
    (windows,) = make_windows(records(), flares, None, settings=SETTINGS)[0].values()
    return windows, strata_of(windows, records(), flares, of_summaries)


def without_places():
    """The same records from a source that tells neither longitudes nor NOAA regions."""
    return records().assign(noaa_ars="", longitude_min=np.nan, longitude_max=np.nan)


HARP_NOAA = pd.DataFrame({"region": [377], "noaa_ar": [11158]})


def test_strata_of_two_regions_by_hand():
    windows, strata = described(of_summaries=summaries())
    assert windows.region.tolist() == [377] * 5 + [401] * 5
    # Issued at 23:59:26, 01:35:26, 03:11:26, ...: the flare of 02:00 is past in the last three.
    before, after = "before_first_flare", "after_first_flare"
    assert parts(strata, "first_flare") == [before] * 2 + [after] * 3 + [before] * 5
    assert parts(strata, "position") == ["limb"] * 5 + ["centre"] * 5
    assert parts(strata, "cycle") == ["cycle_24"] * 10
    assert parts(strata, "cycle_phase") == ["rising"] * 10
    # The second summary is issued between the first window and the second.
    assert parts(strata, "mcintosh") == ["D"] + ["F"] * 4 + ["not_listed"] * 5
    # The first flare, a C, starts in the observation period of every window that begins by 02:00.
    assert parts(strata, "activity_before")[:5] == ["weak", "weak", "strong", "strong", "strong"]


def test_what_comes_after_the_issue_time_changes_nothing_of_a_window():
    windows, strata = described(of_summaries=summaries())
    later = flares_of(("2012-01-01T02:00:00", 5e-6, 11158), ("2012-01-02T23:00:00", 2e-4, 11158))
    _, other = described(later, of_summaries=summaries().iloc[:1])
    known = windows.issue_time < np.datetime64("2012-01-02T00:30:00")
    for name in strata:
        assert (strata[name].codes[known] == other[name].codes[known]).all()


def test_archives_without_summaries_have_no_classes():
    _, strata = described()
    assert set(parts(strata, "mcintosh")) == {"not_given"}


def test_windows_of_other_tables_are_refused():
    windows, _ = described()
    with pytest.raises(InputError, match="5 of 10 windows end at no record of the tables; the first: sharp 401"):
        strata_of(windows, records_of(377))


def test_what_records_lack_is_taken_from_the_summaries_by_the_map_of_harps():
    windows, known = described(of_summaries=summaries())
    bare = without_places()
    listed = summaries().assign(longitude_deg=[10.0, 55.0])
    strata = strata_of(windows, bare, of_summaries=listed, harp_noaa=HARP_NOAA)
    # By the first summary, turned on by 13.3 degrees in the 23 h 29 min that the first window is issued after it.
    assert parts(strata, "position") == ["centre"] + ["limb"] * 4 + ["not_given"] * 5
    assert parts(strata, "mcintosh") == parts(known, "mcintosh")
    # Flares are matched as they were for the windows, which knew of no NOAA region.
    assert set(parts(strata, "first_flare")) == {"before_first_flare"}
    without_map = strata_of(windows, bare, of_summaries=listed)
    assert set(parts(without_map, "position")) == set(parts(without_map, "mcintosh")) == {"not_given"}


def files(tmp_path, tasks=None, of_records=None):
    of_records = records() if of_records is None else of_records
    write_records(tmp_path / "sharp-0.nc", of_records.drop(columns=["instrument", "split_group"]), instrument="sharp")
    write_flares(tmp_path / "goes.nc", FLARES)
    write_table(tmp_path / "summaries.nc", summaries(), dim="row", columns=SUMMARY_COLUMNS)
    settings = SETTINGS | {"labels": SETTINGS["labels"] | ({"tasks": tasks} if tasks else {})}
    write_windows(tmp_path / "windows.nc", make_windows(records(), FLARES, None, settings=settings)[0])
    return {
        "windows": str(tmp_path / "windows.nc"),
        "tables": [str(tmp_path / "sharp-0.nc")],
        "flares": [str(tmp_path / "goes.nc")],
        "region_summaries": [str(tmp_path / "summaries.nc")],
        "harp_noaa": [],
        "labels": settings["labels"],
        "solar_cycles": CYCLES,
    }


def test_main_writes_what_describe_windows_finds(tmp_path):
    main(**files(tmp_path), strata=str(tmp_path / "strata.nc"))
    table = read_strata(tmp_path / "strata.nc")
    windows, strata = described(of_summaries=summaries())
    assert table["region"].tolist() == windows.region.tolist()
    assert (table["issue_time"].to_numpy() == windows.issue_time).all()
    for name in strata:
        assert table[name].tolist() == parts(strata, name)


def test_main_reads_the_map_of_harps(tmp_path):
    given = files(tmp_path, of_records=without_places())
    (tmp_path / "map.txt").write_text("HARPNUM NOAA_ARS\n377 11158\n")
    main(**given | {"harp_noaa": [str(tmp_path / "map.txt")]}, strata=str(tmp_path / "strata.nc"))
    assert read_strata(tmp_path / "strata.nc")["mcintosh"].tolist() == ["D"] + ["F"] * 4 + ["not_listed"] * 5


def test_of_several_tasks_the_first_says_what_is_strong(tmp_path):
    tasks = {"c": {"strong_class": "C1.0"}, "m": {"horizon_hours": 48}}
    main(**files(tmp_path, tasks), strata=str(tmp_path / "strata.nc"))
    # The C flare of 1 January is strong, and before every window.
    assert read_strata(tmp_path / "strata.nc")["first_flare"].tolist()[:5] == ["after_first_flare"] * 5


def test_a_real_region(published_folds, mirror):
    """NOAA 11158 (HARP 377): M6.6 on 2011-02-13 at 17:28, its first flare above M1.0; near the limb on the 18th."""
    sharp = [fold for fold in published_folds if fold.instrument == "sharp" and 377 in set(fold.records["region"])]
    real = pd.concat([fold.records for fold in sharp]).query("region == 377")
    real = real.assign(instrument="sharp", split_group=377)
    flares = pd.concat([fold.flares for fold in sharp])
    (windows,) = make_windows(real, flares, None, settings=SETTINGS)[0].values()
    listed, _ = read_region_summaries(mirror / "noaa_srs_raw" / "2011_SRS.tar.gz")
    harp_noaa, _ = read_harp_noaa(mirror / "harp_noaa" / "all_harps_with_noaa_ars.txt")
    strata = strata_of(windows, real, flares, listed, harp_noaa)
    expected = windows.issue_time > np.datetime64("2011-02-13T17:28:00")
    assert 0 < expected.sum() < len(expected)
    assert strata["first_flare"].codes.astype(bool).tolist() == expected.tolist()
    # Issued on a day: its place, and the class that NOAA gave after midnight.
    day = windows.issue_time.astype("datetime64[D]").astype(str)
    place, zurich = (pd.Series(parts(strata, name)).groupby(day).unique() for name in ("position", "mcintosh"))
    assert place["2011-02-14"].tolist() == place["2011-02-15"].tolist() == ["centre"]
    assert place["2011-02-18"].tolist() == ["limb"]
    assert "E" in zurich["2011-02-15"]
    # These tables by themselves tell neither where a patch is nor its NOAA regions.
    bare = strata_of(windows, real, flares, listed)
    assert set(parts(bare, "position")) == set(parts(bare, "mcintosh")) == {"not_given"}
