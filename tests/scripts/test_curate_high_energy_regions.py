"""The rule that curates the published HED parameters and their flares."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from curate_high_energy_regions import curate_high_energy_regions, groups_of_regions, main
from flaredag.errors import InputError
from flaredag.harp_noaa import read_harp_noaa
from flaredag.high_energy_tables import KEYWORD_OF_COLUMN, read_high_energy_flares, read_high_energy_series
from flaredag.keyword_ranges import KEYWORDS
from flaredag.rejections import read_rejections
from flaredag.tables import RECORD_ATTRS, read_flares, read_records
from made_up_high_energy import flare, harps, series, written_flares, written_series

# Three regions: of HARP 377, of two HARPs, of none.
TABLES = (
    series(n=3),
    series(11999, "C", last="2014-03-10 12:24", n=2),
    series(12151, "C", last="2014-08-28 10:00", n=2),
)
FLARES = (flare(), flare(11999, "2014-03-10 12:50", "C6.0"))
MAP = ("377 11158,11159", "3793 11999", "3800 11999,12000")
NOT_BEFORE = "not before the region's flare"


def curated(tmp_path, tables=TABLES, flares=FLARES, lines=MAP):
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "map.txt").write_text(harps(*lines))
    inputs = {
        "series": written_series(tmp_path / "series.csv", *tables),
        "flares": written_flares(tmp_path / "flares.csv", *flares),
        "harp_noaa": str(tmp_path / "map.txt"),
    }
    outputs = [str(tmp_path / "out" / name) for name in ("hed.nc", "flares.nc", "hed.json", "hed.rejected.csv")]
    main(inputs, *outputs)
    counts = json.loads((tmp_path / "out" / "hed.json").read_text())
    return read_records(outputs[:1]), read_flares(outputs[1:2]), counts, read_rejections(outputs[3:])


def test_records_by_hand(tmp_path):
    records, _, counts, rejected = curated(tmp_path)
    assert records["region"].tolist() == [11158] * 3 + [11999] * 2 + [12151] * 2
    assert records["noaa_ars"].tolist() == records["region"].astype(str).tolist()
    assert records["t_rec"].astype(str).tolist()[:3] == [f"2011-02-15 {at}:00" for at in ("00:00", "00:36", "01:12")]
    # TAI was 34 s ahead of UTC, and 35 s in 2014.
    assert records["time"].astype(str).tolist()[2:4] == ["2011-02-15 01:11:26", "2014-03-10 11:47:25"]
    assert records["hed_shear"].tolist()[:3] == pytest.approx([53.0, 53.53, 54.06])
    assert (records["quality"] == -1).all()
    assert records[["longitude_min", "latitude_max"]].isna().all().all()
    assert (records["instrument"] == "sharp").all()
    assert records["split_group"].tolist() == [11158] * 3 + [11999] * 2 + [12151] * 2
    assert not len(rejected)
    assert counts == {
        "records_read": 7,
        "records_unsorted": 0,
        "records_repeated": 0,
        "records_kept": 7,
        "records_rejected": 0,
        "records_not_before_flare": 0,
        "records_more_than_a_day_before_flare": 0,
        "values_missing": 0,
        "values_outside_range": 0,
        "regions": 3,
        "regions_of_level_c": 2,
        "regions_of_level_m": 1,
        "regions_without_harp": 1,
        "regions_in_several_harps": 1,
        "regions_with_records_not_before_flare": 0,
        "harps_of_several_regions": 0,
        "split_groups": 3,
        "flares_read": 3,
        "flares_of_unknown_class": 0,
        "flares_with_bare_class": 0,
        "flares_start_of_key_taken": 0,
        "flares_region_of_key_taken": 0,
        "flares_not_known": 1,
        "flares_without_records": 0,
        "flares_rejected": 0,
        "map_lines_rejected": 0,
    }


def test_the_file_tells_what_each_column_is(tmp_path):
    curated(tmp_path)
    with xr.open_dataset(tmp_path / "out" / "hed.nc", decode_times=False) as dataset:
        for name in KEYWORD_OF_COLUMN.values():
            assert dataset[name].attrs == {"long_name": KEYWORDS[name].long_name, "units": KEYWORDS[name].units}
        assert "NOAA number (synoptic, HED parameters)" in RECORD_ATTRS["region"]["long_name"]
        assert dataset["region"].attrs == RECORD_ATTRS["region"]
        assert dataset.attrs["instrument"] == "sharp"


def test_flares_belong_to_their_regions_and_one_that_is_not_known_is_told(tmp_path):
    _, flares, counts, _ = curated(tmp_path)
    flares = flares.set_index("region")
    assert flares.index.tolist() == [11158, 11999, 12151]
    assert flares["goes_class"].tolist() == ["X2.2", "C6.0", "C1.0"]
    assert flares["peak_flux"].tolist() == pytest.approx([2.2e-4, 6e-6, 1e-6])
    assert (flares["instrument"] == "sharp").all()
    assert (flares["noaa_ar"] == flares.index).all()
    assert flares["lists"].tolist() == ["magpardb", "magpardb", ""]
    # A step after the last record of the region, 10:00 TAI.
    assert flares["start_time"].astype(str).tolist() == [
        *("2011-02-15 01:44:00", "2014-03-10 12:50:00"),
        "2014-08-28 10:35:25",
    ]
    assert flares["start_uncertainty"].tolist() == [0.0, 0.0, 36 * 60.0]
    assert flares["peak_time"].isna().tolist() == [False, False, True]
    assert counts["flares_not_known"] == 1


def test_records_that_know_the_flare_are_left_out_and_told(tmp_path):
    # 34 s after the start on the TAI clock is the start in UTC: the record at 01:12 is of 01:11:26 UTC.
    starts = {"2011-02-15 01:12": 0, "2011-02-15 01:11": 1, "2011-02-15 00:10": 2}
    for number, (start, n_left_out) in enumerate(starts.items()):
        records, _, counts, rejected = curated(tmp_path / str(number), flares=(flare(start=start), FLARES[1]))
        assert rejected["reason"].tolist() == [NOT_BEFORE] * n_left_out
        assert rejected["place"].tolist() == [f"line {n}" for n in (3, 4)][2 - n_left_out :]
        assert (records["region"] == 11158).sum() == 3 - n_left_out
        assert counts["records_not_before_flare"] == counts["records_rejected"] == n_left_out
        assert counts["regions_with_records_not_before_flare"] == (n_left_out > 0)


def test_a_region_whose_records_all_follow_its_flare_has_none(tmp_path):
    records, flares, counts, _ = curated(tmp_path, flares=(flare(start="2011-02-14 00:00"), FLARES[1]))
    assert 11158 not in set(records["region"])
    assert 11158 in set(flares["region"])
    assert (counts["records_not_before_flare"], counts["flares_without_records"], counts["regions"]) == (3, 1, 2)


def test_records_of_another_year_are_left_out_and_those_of_more_than_a_day_before_counted(tmp_path):
    long = series(n=45)
    long.loc[1, "time"] = "201002150112"
    records, _, counts, rejected = curated(tmp_path, tables=(long, *TABLES[1:]))
    assert rejected["reason"].tolist() == ["more than two days before the region's flare"]
    assert (records["region"] == 11158).sum() == 44
    # 01:44 of the day before is 39.6 steps before 01:12 on the day of the flare: of 44 steps those from the 40th on.
    assert counts["records_more_than_a_day_before_flare"] == 4


def test_a_level_that_is_not_that_of_the_flare_is_no_label(tmp_path):
    records, _, counts, rejected = curated(tmp_path, flares=(flare(goes_class="C9.9"), FLARES[1]))
    assert set(rejected["reason"]) == {"level not that of the region's flare"}
    assert counts["records_rejected"] == 3
    assert 11158 not in set(records["region"])


def test_what_was_left_out_of_each_file_is_told(tmp_path):
    tables = (TABLES[0], TABLES[1].assign(energy=["?", "1e21"]), TABLES[2])
    _, _, counts, rejected = curated(
        tmp_path, tables=tables, flares=(*FLARES, flare(key="?")), lines=(*MAP, "401 none")
    )
    assert rejected["reason"].tolist() == [
        *("energy not a number", "KEY not a time, a region and a class", "not a HARP and its NOAA regions"),
    ]
    assert (counts["records_rejected"], counts["flares_rejected"], counts["map_lines_rejected"]) == (1, 1, 1)


def test_an_exact_repetition_is_dropped_and_counted(tmp_path):
    records, _, counts, rejected = curated(tmp_path, tables=(*TABLES, TABLES[0].tail(1)))
    assert len(records) == counts["records_kept"] == 7
    assert counts["records_repeated"] == 1
    assert not len(rejected)


@pytest.mark.parametrize(
    ("first", "second"), [("energy", "shear_mean"), ("uj_mean", "GBH_MEAN"), ("shear_mean", "ALP_MEAN")]
)
def test_columns_under_the_wrong_name_leave_nothing_behind(tmp_path, first, second):
    table = series(n=40)
    table["ALP_MEAN"] = [str(-0.04 * (n + 1)) for n in range(40)]
    table[[first, second]] = table[[second, first]].to_numpy()
    with pytest.raises(InputError, match=r"series\.csv: column HED_\w+: .* values lie outside .*are columns swapped"):
        curated(tmp_path, tables=(table,))
    assert not (tmp_path / "out").exists()


def test_series_and_flares_of_other_times_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"series\.csv: none of its 3 records lies in the two days before the flare"):
        curated(tmp_path, tables=TABLES[:1], flares=(flare(start="2012-02-15 01:44"),))
    assert not (tmp_path / "out").exists()


def test_the_order_of_the_records_does_not_matter(tmp_path):
    curated(tmp_path / "one")
    _, _, counts, _ = curated(
        tmp_path / "other", tables=[table.iloc[::-1] for table in TABLES[::-1]], flares=FLARES[::-1]
    )
    assert counts["records_unsorted"] > 0
    for name in ("hed.nc", "flares.nc"):
        one, other = (tmp_path / folder / "out" / name for folder in ("one", "other"))
        assert one.read_bytes() == other.read_bytes()


def pairs_of(*lines: tuple[int, int]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["region", "noaa_ar"], dtype=np.int64)


def test_regions_that_share_a_harp_are_one_group_directly_or_through_others():
    regions = np.array([12055, 12056, 12056, 11158, 11999, 12003, 11667])
    # 4097 holds two; 11999 and 12003 hang together by 12001, which has no record; 11667 has no HARP.
    pairs = pairs_of((4097, 12055), (4097, 12056), (377, 11158), (1, 11999), (1, 12001), (2, 12001), (2, 12003))
    assert groups_of_regions(regions, pairs).tolist() == [12055, 12055, 12055, 11158, 11999, 11999, 11667]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(11001, 11008)), max_size=12))
def test_groups_are_those_of_a_walk_from_region_to_region(lines):
    regions = np.arange(11001, 11009)
    groups = groups_of_regions(regions, pairs_of(*set(lines)))
    for region, group in zip(regions.tolist(), groups.tolist(), strict=True):
        reached = {region}
        for _ in lines:
            of_harps = {harp for harp, noaa_ar in lines if noaa_ar in reached}
            reached |= {noaa_ar for harp, noaa_ar in lines if harp in of_harps}
        assert group == min(reached)


def test_the_published_series(mirror):
    folder = mirror / "hed_magpardb"
    read, _ = read_high_energy_series(folder / "Flare24hrlastnew.csv")
    listed, _ = read_high_energy_flares(folder / "MagParDB.csv")
    pairs, _ = read_harp_noaa(mirror / "harp_noaa" / "all_harps_with_noaa_ars.txt")
    records, flares, rejected, counts = curate_high_energy_regions(read, listed, pairs, path="series")
    wanted = {
        "records_kept": 11_956,
        "records_not_before_flare": 18,
        "records_more_than_a_day_before_flare": 142,
        "records_repeated": 0,
        "values_missing": 0,
        "values_outside_range": 0,
        "regions": 332,
        "regions_of_level_c": 226,
        "regions_of_level_m": 106,
        "regions_without_harp": 10,
        "regions_in_several_harps": 6,
        "regions_with_records_not_before_flare": 4,
        "harps_of_several_regions": 22,
        "split_groups": 307,
        "flares_read": 335,
        "flares_start_of_key_taken": 2,
        "flares_region_of_key_taken": 1,
        "flares_not_known": 12,
        "flares_without_records": 3,
    }
    assert {name: counts[name] for name in wanted} == wanted
    assert {one.reason for one in rejected} == {NOT_BEFORE}
    left_out = pd.Series([int(one.text[:5]) for one in rejected]).value_counts()
    assert left_out.to_dict() == {11384: 14, 11236: 2, 12014: 1, 12251: 1}
    # One group of both classes: HARP 4097 on one day.
    group = records.drop_duplicates("region").set_index("region")["split_group"]
    assert group[12055] == group[12056]
    assert {11667, 11708, 12135} <= set(group[group == group.index].index)
    # Every record is followed by the flare of its region within a day, but for the 142.
    start = records["region"].map(flares.set_index("region")["start_time"])
    before = start - records["time"]
    assert (before > pd.Timedelta(0)).all()
    assert (before > pd.Timedelta("24h")).sum() == 142
    assert (before <= pd.Timedelta("27h")).all()
    long = records["region"].value_counts() >= 30
    classes = flares.set_index("region").loc[long.index[long], "goes_class"].str[0].value_counts()
    assert classes.to_dict() == {"C": 187, "M": 83, "X": 16}
