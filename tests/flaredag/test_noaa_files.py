"""Which files there are of NOAA, what they must look like, how days are packed."""

import gzip
import hashlib
import tarfile
from datetime import date, timedelta
from pathlib import Path

import pytest
import sunpy
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.noaa_files import (
    EVENT_REPORTS,
    REGION_SUMMARIES,
    Fault,
    as_of_of_year,
    days_of_year,
    fault_of_event_report,
    fault_of_flare_report,
    fault_of_harp_map,
    fault_of_region_summary,
    filled,
    pack,
    read_day,
    unpack,
)
from noaa_server import HARP_MAP, event_report, flare_report, region_summary

DAY = date(2014, 3, 9)
NO_TEXTS = {
    "a page in HTML or XML": b"\n<!DOCTYPE html><html><body>503 Service busy</body></html>",
    "binary (byte 0x00 at 6)": b":Produ\x00\xff\xfe",
}


def test_year_is_asked_for_as_of_the_day_until_it_is_final():
    # 60 days after the end of 2014 is 2015-03-02: January has 31 days, February 28, and the first of them is January 1.
    of_2014 = {
        as_of: as_of_of_year(2014, as_of=as_of, final_after_days=60)
        for as_of in ("2014-01-01", "2014-07-01", "2015-03-01", "2015-03-02", "2015-03-03", "2026-11-01")
    }
    assert of_2014 == {
        "2014-01-01": "2014-01-01",
        "2014-07-01": "2014-07-01",
        "2015-03-01": "2015-03-01",
        "2015-03-02": "2015-03-02",
        "2015-03-03": "2015-03-02",
        "2026-11-01": "2015-03-02",
    }


@given(st.dates(date(1996, 1, 1), date(2030, 12, 31)), st.integers(0, 400), st.integers(0, 1000))
def test_final_year_never_changes(as_of, final_after_days, days_later):
    asked = as_of_of_year(1996, as_of=f"{as_of}", final_after_days=final_after_days)
    later = as_of_of_year(1996, as_of=f"{as_of + timedelta(days_later)}", final_after_days=final_after_days)
    assert later == asked or asked == f"{as_of}"
    assert asked <= later <= f"{as_of + timedelta(days_later)}"


def test_year_after_as_of_is_refused():
    with pytest.raises(InputError, match=r"as_of: 2013-12-31 found, before the year 2014"):
        as_of_of_year(2014, as_of="2013-12-31", final_after_days=60)


def test_day_that_is_none_is_refused():
    with pytest.raises(InputError, match=r"as_of: '2014-02-30' found, a day such as 2026-11-01 wanted"):
        read_day("2014-02-30", what="as_of")


def test_days_of_a_year_end_before_as_of():
    assert len(days_of_year(2012, as_of=date(2020, 1, 1))) == 366
    assert days_of_year(2014, as_of=date(2014, 1, 3)) == [date(2014, 1, 1), date(2014, 1, 2)]
    assert days_of_year(2014, as_of=date(2014, 1, 1)) == []


def test_address_is_filled():
    assert filled("http://a/{year}/{date}.txt", year="2014", date="20140309") == "http://a/2014/20140309.txt"
    for address in ("http://a/{day}", "http://a/{", "http://a/{}"):
        with pytest.raises(InputError, match=r"a place that nothing fills .*; there are \{year\}, \{date\}"):
            filled(address, year="2014", date="20140309")


@pytest.mark.parametrize(
    "fault_of",
    [
        lambda content: fault_of_region_summary(content, DAY),
        lambda content: fault_of_event_report(content, DAY),
        lambda content: fault_of_flare_report(content, DAY.year),
        fault_of_harp_map,
    ],
    ids=["summary", "events", "report", "harps"],
)
def test_what_is_no_text_is_refused(fault_of):
    assert {fault_of(content) for content in NO_TEXTS.values()} == {Fault(what) for what in NO_TEXTS}
    assert fault_of(b" \r\n").what == "empty"


def test_empty_file_may_stand_where_a_day_has_none():
    assert fault_of_region_summary(b"", DAY).may_stand
    assert fault_of_event_report(b"", DAY).may_stand
    assert not fault_of_flare_report(b"", 2014).may_stand
    assert not fault_of_harp_map(b"").may_stand


def test_region_summary_is_of_its_day():
    assert fault_of_region_summary(region_summary(DAY), DAY) is None
    # One of 2010 was issued at 22 h of the day before.
    assert fault_of_region_summary(region_summary(DAY - timedelta(1)), DAY) is None
    assert fault_of_region_summary(region_summary(DAY - timedelta(2)), DAY) == Fault("issued on 2014-03-07")
    assert fault_of_region_summary(region_summary(DAY + timedelta(1)), DAY) == Fault("issued on 2014-03-10")


def test_region_summary_with_the_older_heading():
    older = b"JOINT USAF/NOAA SOLAR REGION SUMMARY\nSRS NUMBER 6\nI. REGIONS WITH SUNSPOTS\nII. REGIONS DUE TO RETURN\n"
    assert fault_of_region_summary(older, DAY) is None
    assert fault_of_region_summary(b"Solar forecast\n", DAY) == Fault(
        "neither ':Product:' and ':Issued:' nor 'Solar Region Summary' stands in it"
    )


def test_region_summary_cut_short_may_stand():
    cut = region_summary(DAY).partition(b"II. ")[0]
    assert fault_of_region_summary(cut, DAY) == Fault("it ends before section II", may_stand=True)


def test_event_report_is_of_its_day():
    assert fault_of_event_report(event_report(DAY), DAY) is None
    assert fault_of_event_report(event_report(DAY + timedelta(1)), DAY) == Fault("it tells of 2014-03-10")


def test_event_reports_of_older_and_quiet_days():
    columns = b"#Event    Begin    Max       End  Obs  Q  Type  Loc/Frq   Particulars       Reg#\n"
    assert fault_of_event_report(b"# Edited events\n" + columns, DAY) is None
    assert fault_of_event_report(b":Date: 2014 03 09\nNO EVENT REPORTS.\n", DAY) is None
    assert fault_of_event_report(b":Date: 2014 03 09\n", DAY) == Fault(
        "neither the column headings Event, Begin, Max, End nor 'NO EVENT REPORTS' stands in it"
    )


def test_event_report_cut_short_may_stand():
    assert fault_of_event_report(event_report(DAY)[:-5], DAY) == Fault("the last line has no end", may_stand=True)


def test_flare_report_is_of_its_year():
    report = flare_report(DAY)
    assert fault_of_flare_report(report, 2014) is None
    assert fault_of_flare_report(report + b"\x1a", 2014) is None
    assert fault_of_flare_report(report, 2015) == Fault("0 of 1 flares are of 2015")
    assert fault_of_flare_report(b"year,flares\n2014,3\n", 2014) == Fault("0 of 2 lines begin as a flare does")


def test_one_bad_line_does_not_refuse_a_flare_report():
    days = [date(2014, 1, 1) + timedelta(n) for n in range(9)]
    report = b"?\r\n" + flare_report(*days)
    assert fault_of_flare_report(report, 2014) is None
    assert fault_of_flare_report(b"?\r\n" + report, 2014) == Fault("9 of 11 lines begin as a flare does")


def test_flare_report_cut_short_may_stand():
    # Station, day and three times end with column 27.
    cut = flare_report(DAY) + flare_report(DAY)[:35]
    assert fault_of_flare_report(cut, 2014) == Fault("the last line ends after 27 characters", may_stand=True)


def test_harp_map():
    assert fault_of_harp_map(HARP_MAP) is None
    assert fault_of_harp_map(HARP_MAP[:-1]) == Fault("the last line has no end", may_stand=True)
    assert fault_of_harp_map(b"HARPNUM NOAA_ARS\n") == Fault("0 of 0 lines are a HARP and its regions")
    assert fault_of_harp_map(b"NOAA HARP\n1 2\n") == Fault("it begins with 'NOAA HARP' instead of HARPNUM NOAA_ARS")


def test_packed_archive_hangs_on_content_alone(tmp_path):
    members = {REGION_SUMMARIES.name_of(day): region_summary(day) for day in (DAY, DAY + timedelta(1))}
    pack(tmp_path / "a.tar.gz", members)
    pack(tmp_path / "b.tar.gz", dict(reversed(members.items())))
    first, second = ((tmp_path / name).read_bytes() for name in ("a.tar.gz", "b.tar.gz"))
    assert first == second
    # Header of gzip (RFC 1952): flags 0 (no name), then four bytes of time, 0.
    assert first[3:8] == bytes(5)
    with tarfile.open(tmp_path / "a.tar.gz") as archive:
        found = [(m.name, m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in archive]
    assert found == [(f"{date}SRS.txt", 0, 0, 0, "", "", 0o644) for date in (20140309, 20140310)]
    assert unpack(tmp_path / "a.tar.gz") == members


def test_archive_with_folders_and_links_is_unpacked(tmp_path):
    (tmp_path / "SRS").mkdir()
    (tmp_path / "SRS" / "20140309SRS.txt").write_bytes(b"text")
    (tmp_path / "SRS" / "link").symlink_to("nowhere")
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "SRS", "SRS")
    assert unpack(tmp_path / "x.tar.gz") == {"20140309SRS.txt": b"text"}


@pytest.mark.parametrize("content", [b"no archive", b""], ids=["text", "empty"])
def test_archive_that_is_none_is_named(tmp_path, content):
    path = tmp_path / "2014_SRS.tar.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"2014_SRS\.tar\.gz: no whole gzipped tar archive"):
        unpack(path)


def test_archive_cut_short_is_named(tmp_path):
    path = tmp_path / "2014_SRS.tar.gz"
    pack(path, {f"{n}SRS.txt": hashlib.sha256(bytes([n])).digest() * 20 for n in range(20)})
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"2014_SRS\.tar\.gz: no whole gzipped tar archive"):
        unpack(path)


def test_real_flare_reports_are_accepted(mirror):
    reports = sorted((mirror / "goes_xrs_ngdc").glob("goes-xrs-report_*.txt.gz"))
    assert len(reports) == 26
    for path in reports:
        year = int(path.name[16:20])
        content = gzip.decompress(path.read_bytes())
        assert fault_of_flare_report(content, year) is None, path
        assert fault_of_flare_report(content, year + 1) is not None, path


def test_real_region_summaries_are_accepted(mirror):
    archives = sorted((mirror / "noaa_srs_raw").glob("*_SRS.tar.gz"))
    assert len(archives) == 9
    faults = {
        name: fault
        for path in archives
        for name, content in unpack(path).items()
        if (fault := fault_of_region_summary(content, date.fromisoformat(name[:8])))
    }
    # NOAA's own file of that day ends after the headings of section I.
    assert faults == {"20191011SRS.txt": Fault("it ends before section II", may_stand=True)}


def test_real_region_summaries_from_1996_on_are_accepted():
    samples = sorted((Path(sunpy.__file__).parent / "data" / "test" / "SRS").glob("*SRS.txt"))
    assert len(samples) == 12
    for path in samples:
        assert fault_of_region_summary(path.read_bytes(), date.fromisoformat(path.name[:8])) is None


def test_real_harp_map_is_accepted(mirror):
    assert fault_of_harp_map((mirror / "harp_noaa" / "all_harps_with_noaa_ars.txt").read_bytes()) is None


def test_names_of_days():
    assert REGION_SUMMARIES.name_of(DAY) == "20140309SRS.txt"
    assert EVENT_REPORTS.name_of(DAY) == "20140309events.txt"
