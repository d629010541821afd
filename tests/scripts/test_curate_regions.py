"""The rule that curates the list of HARPs and TARPs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from curate_region_summaries import main as curate_region_summaries
from curate_regions import REGION_COLUMNS, main
from flaredag.errors import InputError
from flaredag.region_summaries import SUMMARY_COLUMNS
from flaredag.table_files import read_table, write_table
from flaredag.tables import write_records


def write(path, *regions, instrument="sharp"):
    """A table of records; each of `regions`: number, noaa_ars of its records, r_value of them."""
    rows = []
    for region, noaa_ars, r_values in regions:
        start = pd.Timestamp("2014-02-01") + pd.Timedelta(days=region)
        rows += [
            {
                "region": region,
                "t_rec": start + pd.Timedelta(hours=hours),
                "time": start + pd.Timedelta(hours=hours, seconds=-35),
                "noaa_ars": noaa_ars,
                "quality": 0,
                "longitude_min": -10.0,
                "longitude_max": 10.0,
                "latitude_min": -20.0 - hours,
                "latitude_max": -10.0,
                "usfluxl": 1e22 + hours,
                "r_value": r_value,
            }
            for hours, (noaa_ars, r_value) in enumerate(zip(noaa_ars, r_values, strict=True))
        ]
    columns = ["region", "t_rec", "time", "noaa_ars", "quality", "longitude_min", "longitude_max"]
    columns += ["latitude_min", "latitude_max", "usfluxl", "r_value"]
    table = pd.DataFrame(rows, columns=columns)
    if not rows:
        whole = dict.fromkeys(("region", "quality"), np.int64)
        times = dict.fromkeys(("t_rec", "time"), "datetime64[s]")
        table = table.astype(dict.fromkeys(columns, np.float64) | whole | times | {"noaa_ars": "str"})
    write_records(path, table, instrument=instrument)
    return str(path)


def write_summaries(path, *rows):
    """Region summaries; each of `rows`: day, noaa_ar, section, area, mcintosh."""
    table = pd.DataFrame(rows, columns=["valid_time", "noaa_ar", "section", "area_microhemisphere", "mcintosh"])
    table["valid_time"] = pd.to_datetime(table["valid_time"]).astype("datetime64[s]")
    rest = {name: np.nan for name in SUMMARY_COLUMNS if name not in table}
    table = table.assign(**rest).assign(issue_time=table["valid_time"], mount_wilson="")
    write_table(path, table, dim="row", columns=SUMMARY_COLUMNS)
    return str(path)


def curated(tmp_path, tables, harp_noaa=None, summaries=None, name="regions"):
    paths = [tmp_path / f"{name}{suffix}" for suffix in (".nc", ".json")]
    if harp_noaa is not None:
        (tmp_path / "map.txt").write_text(f"HARPNUM NOAA_ARS\n{harp_noaa}")
    main(
        tables,
        [] if harp_noaa is None else [str(tmp_path / "map.txt")],
        [] if summaries is None else [summaries],
        *map(str, paths),
    )
    return read_table(paths[0], columns=REGION_COLUMNS), json.loads(paths[1].read_text())


def test_regions_by_hand(tmp_path):
    tables = [
        write(tmp_path / "smarp-0.nc", (3, ["8100"], [2.0]), instrument="smarp"),
        write(tmp_path / "sharp-0.nc", (7, ["11158", "11158", "11158"], [3.0, np.nan, 2.5]), (8, [""], [np.nan])),
    ]
    regions, counts = curated(tmp_path, tables)
    assert regions["instrument"].tolist() == ["sharp", "sharp", "smarp"]
    assert regions["region"].tolist() == [7, 8, 3]
    assert regions["noaa_ars"].tolist() == ["11158", "", "8100"]
    assert regions["first_time"].astype(str).tolist()[0] == "2014-02-07 23:59:25"
    assert regions["last_time"].astype(str).tolist()[0] == "2014-02-08 01:59:25"
    assert regions["n_records"].tolist() == [3, 1, 1]
    # Middles -15, -15.5, -16; -15; -15.
    assert regions["latitude_deg"].tolist() == [-15.5, -15.0, -15.0]
    np.testing.assert_array_equal(regions["largest_r_value"], [3.0, np.nan, 2.0])
    assert regions["largest_usfluxl"].tolist() == [1e22 + 2, 1e22, 1e22]
    assert regions["map_noaa_ars"].tolist() == ["", "", ""]
    assert regions["map_agrees"].tolist() == [-1, -1, -1]
    assert regions["n_summary_days"].tolist() == [-1, -1, -1]
    assert counts == {
        "regions": 3,
        "regions_without_noaa_ar": 1,
        "regions_with_changing_noaa_ars": 0,
        "map_lines_rejected": 0,
    }


def test_noaa_ars_that_change_are_united_in_ascending_order(tmp_path):
    table = write(
        tmp_path / "sharp-0.nc",
        (7, ["11160,11158", "", "11158,11159"], [3.0, 3.0, 3.0]),
        (8, ["9999,10001", "9999,10001"], [3.0, 3.0]),
    )
    regions, counts = curated(tmp_path, [table])
    assert regions["noaa_ars"].tolist() == ["11158,11159,11160", "9999,10001"]
    assert counts["regions_with_changing_noaa_ars"] == 1


def test_the_map_is_held_against_the_records_number_by_number(tmp_path):
    tables = [
        write(
            tmp_path / "sharp-0.nc",
            (1, ["11158,11159"], [3.0]),
            (2, ["11160"], [3.0]),
            (3, [""], [3.0]),
            (4, [""], [3.0]),
            (9, ["11170"], [3.0]),
        ),
        write(tmp_path / "smarp-0.nc", (1, ["8100"], [2.0]), instrument="smarp"),
    ]
    harp_noaa = "1 11159,11158\n2 11161\n3 11162\n5 11163\n6 eleven\n8 11164\n"
    regions, counts = curated(tmp_path, tables, harp_noaa)
    assert regions["map_noaa_ars"].tolist() == ["11158,11159", "11161", "11162", "", "", ""]
    # HARP 9 is newer than the map, the TARP is none of its numbers.
    assert regions["map_agrees"].tolist() == [1, 0, 0, 1, -1, -1]
    assert {key: value for key, value in counts.items() if "map" in key or key == "noaa_ars_only_in_records"} == {
        "map_lines_rejected": 1,
        "regions_held_against_map": 4,
        "regions_that_differ_from_map": 2,
        "noaa_ars_in_map_and_records": 2,
        "noaa_ars_only_in_map": 2,
        "noaa_ars_only_in_records": 1,
    }


def test_what_the_summaries_say(tmp_path):
    table = write(tmp_path / "sharp-0.nc", (1, ["11158,11159"], [3.0]), (2, ["11160"], [3.0]), (3, ["11161"], [3.0]))
    summaries = write_summaries(
        tmp_path / "summaries.nc",
        ("2014-02-01", 11158, "I", 100, "Dao"),
        ("2014-02-01", 11159, "I", 20, "Bxo"),
        ("2014-02-02", 11158, "I", 300, "Eki"),
        ("2014-02-03", 11158, "I", 300, "Fkc"),
        ("2014-02-04", 11158, "IA", np.nan, ""),
        ("2014-02-20", 11158, "II", np.nan, ""),
        ("2014-02-02", 11160, "IA", np.nan, ""),
        ("2014-02-02", 11190, "I", 900, "Fkc"),
    )
    regions, counts = curated(tmp_path, [table], summaries=summaries)
    # Not the day on which 11158 is due to return.
    assert regions["n_summary_days"].tolist() == [4, 1, 0]
    np.testing.assert_array_equal(regions["largest_area_microhemisphere"], [300, np.nan, np.nan])
    # The first of two days of 300.
    assert regions["mcintosh"].tolist() == ["Eki", "", ""]
    assert counts["regions_in_summaries"] == 2


def test_empty_shards_change_nothing(tmp_path):
    full, empty = write(tmp_path / "sharp-0.nc", (1, ["11158"], [3.0])), write(tmp_path / "sharp-1.nc")
    summaries = write_summaries(tmp_path / "summaries.nc", ("2014-02-01", 11158, "I", 100, "Dao"))
    wanted = curated(tmp_path, [full], "1 11158\n", summaries)
    got = curated(tmp_path, [empty, full], "1 11158\n", summaries, "with_empty")
    pd.testing.assert_frame_equal(got[0], wanted[0])
    assert got[1] == wanted[1]
    regions, counts = curated(tmp_path, [empty], "1 11158\n", summaries, "empty")
    assert (len(regions), counts["regions"]) == (0, 0)
    assert (regions.dtypes == wanted[0].dtypes).drop(["instrument", "noaa_ars", "map_noaa_ars", "mcintosh"]).all()
    assert Path(tmp_path / "empty.nc").is_file()


def test_records_without_latitudes_and_keywords(tmp_path):
    table = write(tmp_path / "sharp-0.nc", (1, ["11158"], [3.0]))
    dataset = xr.load_dataset(table, decode_times=False).drop_vars(["r_value", "usfluxl"])
    dataset["latitude_min"][:] = np.nan
    dataset.to_netcdf(table)
    regions, _ = curated(tmp_path, [table])
    assert regions[["largest_r_value", "largest_usfluxl", "latitude_deg"]].isna().all(axis=None)


def test_a_region_in_two_tables_is_refused(tmp_path):
    tables = [write(tmp_path / f"sharp-{shard}.nc", (1, ["11158"], [3.0])) for shard in (0, 1)]
    with pytest.raises(InputError, match=r"sharp region 1 lies in .*sharp-0\.nc and .*sharp-1\.nc \(1 such"):
        curated(tmp_path, tables)
    assert not (tmp_path / "regions.nc").exists()


def test_same_tables_same_bytes(tmp_path):
    tables = [write(tmp_path / f"sharp-{shard}.nc", (100 * shard + 1, ["11158"], [3.0])) for shard in (0, 1)]
    for name, given in {"first": tables, "second": tables[::-1]}.items():
        curated(tmp_path, given, "1 11158\n", name=name)
    assert (tmp_path / "first.nc").read_bytes() == (tmp_path / "second.nc").read_bytes()
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()


def test_the_real_map_and_summaries(mirror, tmp_path):
    archives = [str(mirror / "noaa_srs_raw" / f"{year}_SRS.tar.gz") for year in (2011, 2014)]
    summaries, counts, rejected = (str(tmp_path / f"summaries{suffix}") for suffix in (".nc", ".json", ".csv"))
    curate_region_summaries(archives, summaries, counts, rejected)
    table = write(tmp_path / "sharp-3.nc", (377, ["11158"], [4.8]), (4698, ["12192"], [5.5]))
    regions, counts = tmp_path / "regions.nc", tmp_path / "regions.json"
    harp_noaa = str(mirror / "harp_noaa" / "all_harps_with_noaa_ars.txt")
    main([table], [harp_noaa], [summaries], str(regions), str(counts))
    got = read_table(regions, columns=REGION_COLUMNS)
    assert got["map_agrees"].tolist() == [1, 1]
    # AR 12192 was the largest group of its cycle: 2750 millionths, on 2014-10-26.
    assert got["largest_area_microhemisphere"].tolist()[1] == 2750
    assert got["mcintosh"].tolist()[1] == "Fkc"
