"""The rule that curates NOAA's region summaries."""

import io
import json
import tarfile

import pytest

from curate_region_summaries import main
from flaredag.errors import InputError
from flaredag.region_summaries import SUMMARY_COLUMNS, read_region_summary_table

TEXT = """\
:Issued: {year} Mar {day:02d} {hour:02d}30 UTC
I.  Regions with Sunspots.  Locations Valid at {before:02d}/2400Z
Nmbr Location  Lo  Area  Z   LL   NN Mag Type
2293 N05W53   342  {area:04d} Cao  10   09 Beta
{bad}IA. H-alpha Plages without Spots.  Locations Valid at {before:02d}/2400Z Mar
Nmbr  Location  Lo
None
II. Regions Due to Return
Nmbr Lat    Lo
2288 S08    185
"""


def archive(path, *days, year=2015, hour=0, area=65, bad=""):
    with tarfile.open(path, "w:gz") as file:
        for day in days:
            content = TEXT.format(year=year, day=day, before=day - 1, hour=hour, area=area, bad=bad).encode()
            info = tarfile.TarInfo(f"SRS/{year}03{day:02d}SRS.txt")
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return str(path)


def curated(tmp_path, archives, name="region_summaries"):
    paths = [tmp_path / f"{name}{suffix}" for suffix in (".nc", ".json", ".rejected.csv")]
    main(archives, *map(str, paths))
    return paths


def test_archives_by_hand(tmp_path):
    archives = [
        archive(tmp_path / "2016_SRS.tar.gz", 6, year=2016, bad="2294 somewhere\n"),
        archive(tmp_path / "2015_SRS.tar.gz", 6, 7),
        archive(tmp_path / "2015b_SRS.tar.gz", 7, hour=5, area=70),
    ]
    table, counts, rejected = curated(tmp_path, archives)
    rows = read_region_summary_table(table)
    assert list(rows.columns) == list(SUMMARY_COLUMNS)
    assert rows["section"].tolist() == ["I", "II"] * 3
    assert rows["area_microhemisphere"].dropna().tolist() == [65.0, 70.0, 65.0]
    assert rows["issue_time"].dt.strftime("%Y%m%d%H").tolist()[::2] == ["2015030600", "2015030705", "2016030600"]
    assert json.loads(counts.read_text()) == {
        "texts_read": 4,
        "texts_superseded": 1,
        "days_without_text": 364,
        "rows_of_section_I": 3,
        "rows_of_section_IA": 0,
        "rows_of_section_II": 3,
        "noaa_ars": 2,
        "rejected": 1,
    }
    assert rejected.read_text().splitlines()[1].endswith("20160306SRS.txt:005,region without location,2294 somewhere")


def test_same_archives_same_bytes(tmp_path):
    archives = [archive(tmp_path / f"{year}_SRS.tar.gz", 6, 7, year=year) for year in (2014, 2015)]
    first, second = (
        [path.read_bytes() for path in curated(tmp_path, given, name)]
        for name, given in {"first": archives, "second": archives[::-1]}.items()
    )
    assert first == second


def test_a_bad_archive_leaves_nothing_behind(tmp_path):
    (tmp_path / "2015_SRS.tar.gz").write_bytes(b"not found")
    with pytest.raises(InputError, match="2015_SRS"):
        curated(tmp_path, [str(tmp_path / "2015_SRS.tar.gz")])
    assert [path.name for path in tmp_path.iterdir()] == ["2015_SRS.tar.gz"]
    with pytest.raises(InputError, match="not readable as netCDF"):
        read_region_summary_table(tmp_path / "2015_SRS.tar.gz")
