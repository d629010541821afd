"""The rule that joins HED parameters with the SHARP keywords of the same regions and times."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate_high_energy_regions import curate_high_energy_regions
from curate_sharp_table import curate_sharp_table
from flaredag.errors import InputError
from flaredag.harp_noaa import read_harp_noaa
from flaredag.high_energy_tables import KEYWORD_OF_COLUMN as HED_COLUMNS
from flaredag.high_energy_tables import read_high_energy_flares, read_high_energy_series
from flaredag.rejections import read_rejections
from flaredag.sharp_table import KEYWORD_OF_COLUMN, read_sharp_table
from flaredag.tables import read_records, write_records
from join_sharp_records import join_sharp_records, main
from made_up_high_energy import harps

DAY = pd.Timestamp("2011-02-15")
NO_HARP = "no HARP holds its region"
NOT_IN_TABLE = "no HARP of its region in the table of SHARP keywords"
NO_RECORD = "no SHARP record at its time or 12 minutes before"


def records_of(*at: tuple[int, int], **columns) -> pd.DataFrame:
    """Records (region, minute of the day), as tables have them."""
    region, minute = (np.array(values, dtype=np.int64) for values in zip(*at, strict=True))
    t_rec = (DAY + pd.to_timedelta(minute, unit="min")).astype("datetime64[s]")
    not_given = dict.fromkeys(("longitude_min", "longitude_max", "latitude_min", "latitude_max"), np.nan)
    table = {"region": region, "t_rec": t_rec, "time": t_rec, "noaa_ars": "", "quality": -1, "split_group": region}
    return pd.DataFrame(table | not_given | columns)


def hed(*at: tuple[int, int]) -> pd.DataFrame:
    return records_of(*at, **dict.fromkeys(HED_COLUMNS.values(), 1.0))


def sharp(*at: tuple[int, int]) -> pd.DataFrame:
    """Of HARPs; each keyword is the HARP's number and, after the point, the minute."""
    values = [harpnum + minute / 10_000 for harpnum, minute in at]
    return records_of(*at, **dict.fromkeys(KEYWORD_OF_COLUMN.values(), np.array(values)))


def pairs_of(*lines: tuple[int, int]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["region", "noaa_ar"], dtype=np.int64)


def told(rejected) -> list[tuple[str, str]]:
    return [(one.place, one.reason) for one in rejected]


def test_by_hand():
    records = hed((11158, 0), (11158, 36), (11158, 72), (11158, 108), (11667, 0), (12900, 0))
    table = sharp((377, 0), (377, 24), (377, 59), (377, 61), (377, 109))
    joined, rejected, counts = join_sharp_records(
        records, table, pairs_of((377, 11158), (377, 11159), (9000, 12900)), path="hed"
    )
    # At its time; 12 minutes before; of two before, the later one. At 108 the last is 47 minutes ago, the next later.
    assert joined["usflux"].tolist() == pytest.approx([377.0, 377.0024, 377.0061])
    assert all((joined[name] == joined["usflux"]).all() for name in KEYWORD_OF_COLUMN.values())
    assert joined["t_rec"].tolist() == records["t_rec"][:3].tolist()
    assert (joined["region"] == 11158).all()
    assert (joined["hed_shear"] == 1.0).all()
    assert told(rejected) == [("record 5", NO_HARP), ("record 6", NOT_IN_TABLE), ("record 4", NO_RECORD)]
    assert rejected[0].text == "11667 2011-02-15 00:00:00"
    assert counts == {
        "records_read": 6,
        "records_joined_at_same_time": 1,
        "records_joined_to_earlier": 2,
        "records_kept": 3,
        "records_without_harp": 1,
        "records_of_harps_not_in_table": 1,
        "records_without_sharp_record": 1,
        "values_missing": 0,
        "regions_read": 3,
        "regions": 1,
        "harps": 1,
        "harps_of_several_regions": 0,
        "split_groups": 1,
    }


def test_a_region_has_the_harp_of_most_of_its_records_throughout():
    records = hed((11158, 0), (11158, 36), (11158, 72))
    # The first record is in HARP 300 alone, which is at hand for that one and no other.
    table = sharp((300, 0), (377, 36), (377, 72))
    joined, rejected, _ = join_sharp_records(records, table, pairs_of((300, 11158), (377, 11158)), path="hed")
    assert joined["usflux"].round().tolist() == [377.0, 377.0]
    assert told(rejected) == [("record 1", NO_RECORD)]


def test_of_harps_with_as_many_records_the_least_number_is_taken():
    records = hed((11158, 0), (11158, 36))
    table = sharp((377, 0), (377, 36), (300, 0), (300, 36))
    for lines in (((377, 11158), (300, 11158)), ((300, 11158), (377, 11158))):
        joined, _, _ = join_sharp_records(records, table, pairs_of(*lines), path="hed")
        assert joined["usflux"].round().tolist() == [300.0, 300.0]


def test_regions_of_one_harp_have_the_same_keywords():
    records = hed((12055, 0), (12056, 0))
    joined, _, counts = join_sharp_records(records, sharp((4097, 0)), pairs_of((4097, 12055), (4097, 12056)), path="h")
    assert joined["region"].tolist() == [12055, 12056]
    assert joined["usflux"].tolist() == [4097.0, 4097.0]
    assert (counts["harps"], counts["harps_of_several_regions"]) == (1, 1)


def test_keywords_that_the_table_lacks_stay_missing_and_are_counted():
    table = sharp((377, 0))
    table["meanshr"] = np.nan
    joined, _, counts = join_sharp_records(hed((11158, 0)), table, pairs_of((377, 11158)), path="hed")
    assert joined["meanshr"].isna().all()
    assert counts["values_missing"] == 1


@pytest.mark.parametrize(
    ("table", "pairs"),
    [(sharp((377, 12)), pairs_of((377, 11158))), (sharp((377, 0)), pairs_of((378, 11158)))],
)
def test_tables_that_have_nothing_in_common_are_refused(table, pairs):
    with pytest.raises(InputError, match="hed: none of its 1 records has one of SHARP keywords at its time"):
        join_sharp_records(hed((11158, 0)), table, pairs, path="hed")


@settings(max_examples=60)
@given(
    st.sets(st.tuples(st.sampled_from([11001, 11002]), st.integers(0, 20)), min_size=1, max_size=12),
    st.sets(st.tuples(st.sampled_from([1, 2, 3]), st.integers(0, 80)), min_size=1, max_size=25),
)
def test_a_joined_record_is_the_last_of_the_12_minutes_before(of_regions, of_harps):
    pairs = ((1, 11001), (2, 11001), (2, 11002), (3, 11002))
    records = hed(*sorted((region, 12 * step) for region, step in of_regions))
    minutes = {harpnum: sorted(3 * place for one, place in of_harps if one == harpnum) for harpnum in (1, 2, 3)}
    table = sharp(*((harpnum, minute) for harpnum, own in minutes.items() for minute in own))

    def latest(harpnum, minute):
        return max((one for one in minutes[harpnum] if minute - 12 <= one <= minute), default=None)

    best = {}
    for region in (11001, 11002):
        at = [12 * step for one, step in of_regions if one == region]
        own = [harpnum for harpnum, one in pairs if one == region]
        best[region] = max(own, key=lambda harp, at=at: sum(latest(harp, minute) is not None for minute in at))
    expected = {}
    for region, step in of_regions:
        minute = latest(best[region], 12 * step)
        if minute is not None:
            expected[region, 12 * step] = best[region] + minute / 10_000
    if not expected:
        with pytest.raises(InputError, match="none of its"):
            join_sharp_records(records, table, pairs_of(*pairs), path="hed")
        return
    joined, rejected, counts = join_sharp_records(records, table, pairs_of(*pairs), path="hed")
    minute = (joined["t_rec"] - DAY) // pd.Timedelta("1min")
    got = dict(zip(zip(joined["region"], minute, strict=True), joined["usflux"], strict=True))
    assert got == pytest.approx(expected)
    assert len(rejected) == len(records) - counts["records_kept"]


def test_files(tmp_path):
    write_records(tmp_path / "hed.nc", hed((11158, 0), (11158, 36)), instrument="sharp")
    write_records(tmp_path / "sharp.nc", sharp((377, 0)), instrument="sharp")
    (tmp_path / "map.txt").write_text(harps("377 11158"))
    outputs = [str(tmp_path / name) for name in ("both.nc", "both.json", "both.rejected.csv")]
    main([str(tmp_path / "hed.nc")], [str(tmp_path / "sharp.nc")], str(tmp_path / "map.txt"), *outputs)
    records = read_records(outputs[:1])
    assert {*HED_COLUMNS.values(), *KEYWORD_OF_COLUMN.values(), "split_group"} <= set(records.columns)
    assert records["usflux"].tolist() == [377.0]
    assert (records["instrument"] == "sharp").all()
    assert json.loads((tmp_path / "both.json").read_text())["records_kept"] == 1
    assert read_rejections(outputs[2:])["reason"].tolist() == [NO_RECORD]


def test_the_published_tables(mirror):
    folder = mirror / "hed_magpardb"
    pairs, _ = read_harp_noaa(mirror / "harp_noaa" / "all_harps_with_noaa_ars.txt")
    series, _ = read_high_energy_series(folder / "Flare24hrlastnew.csv")
    flares, _ = read_high_energy_flares(folder / "MagParDB.csv")
    records, *_ = curate_high_energy_regions(series, flares, pairs, path="series")
    path = mirror / "lucaspauker_sharp12min" / "sharp_12min_f32.parquet"
    table, *_ = curate_sharp_table(read_sharp_table(path)[0], pairs, path="sharp")
    joined, rejected, counts = join_sharp_records(records, table, pairs, path="hed")
    # With the records that know their flare, which curation has left out, they would be 9,093.
    assert counts == {
        "records_read": 11_956,
        "records_joined_at_same_time": 8_892,
        "records_joined_to_earlier": 184,
        "records_kept": 9_076,
        "records_without_harp": 380,
        "records_of_harps_not_in_table": 2_213,
        "records_without_sharp_record": 287,
        "values_missing": 21,
        "regions_read": 332,
        "regions": 259,
        "harps": 243,
        "harps_of_several_regions": 15,
        "split_groups": 241,
    }
    assert len(rejected) == 11_956 - 9_076
    assert (joined["region"].value_counts() >= 30).sum() == 218
    # Keywords of HARP 377 at 11158's time: that of the FITS header at 02:00, after the flare, is 2.639277e22 Mx.
    of_region = joined[joined["region"] == 11158]
    assert len(of_region) == 40
    assert of_region["usflux"].between(1.9e22, 2.7e22).all()
