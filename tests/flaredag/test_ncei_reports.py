"""Yearly flare reports of NCEI."""

import gzip

import numpy as np
import pytest

from flaredag.errors import InputError
from flaredag.flare_lists import FLARE_LIST_COLUMNS
from flaredag.ncei_reports import read_ncei_report

# Lines as NGDC prints them: the layout with optical importance and passage date, that with SXI, and one without either.
OPTICAL = "31777900110  2017E2100D2020US25W352B                       M 20    GOES          5871 9001 8.1      "
SXI = "31777050115  2225 2331 2302 N15W05SXI                      X 26    GOES 3.6E-01 10720 050115.4 1.0E+"
PLAIN = "31777101231  2355 0007 2358                                B 72    G15  4.9E-04 11140"
FEBRUARY_1994 = "31777940203  0159 0200 0210 N18E62SF                       B 34    GOES          7666               "


def read(tmp_path, text, *, name="goes-xrs-report.txt"):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode("latin-1"))
    return read_ncei_report(tmp_path / name)


def one(tmp_path, line):
    flares, rejected = read(tmp_path, f"{line}\n")
    assert not rejected
    assert list(flares.columns) == list(FLARE_LIST_COLUMNS)
    return flares.iloc[0]


def times(flare):
    return [str(flare[name])[:16] for name in ("start_time", "peak_time", "end_time")]


def test_flares_by_hand(tmp_path):
    flare = one(tmp_path, OPTICAL)
    assert times(flare) == ["1990-01-10 20:17", "1990-01-10 20:20", "1990-01-10 21:00"]
    assert (flare["goes_class"], flare["noaa_ar"], flare["satellite"]) == ("M2.0", 5871, "GOES")
    assert (flare["latitude_deg"], flare["longitude_deg"]) == (-25.0, 35.0)
    assert (flare["place"], flare["repairs"]) == ("line 1", "")
    flare = one(tmp_path, SXI)
    assert times(flare) == ["2005-01-15 22:25", "2005-01-15 23:02", "2005-01-15 23:31"]
    assert (flare["goes_class"], flare["noaa_ar"], flare["latitude_deg"]) == ("X2.6", 10720, 15.0)


def test_a_flare_over_the_end_of_the_year(tmp_path):
    flare = one(tmp_path, PLAIN)
    assert times(flare) == ["2010-12-31 23:55", "2010-12-31 23:58", "2011-01-01 00:07"]
    assert flare["satellite"] == "G15"
    assert np.isnan(flare["latitude_deg"])


@pytest.mark.parametrize(
    ("clock", "found"),
    [
        ("2347 2409 2359", ["2010-12-31 23:47", "2010-12-31 23:59", "2011-01-01 00:09"]),
        ("2348 2400 2354", ["2010-12-31 23:48", "2010-12-31 23:54", "2011-01-01 00:00"]),
        ("2048 2856 2432", ["2010-12-31 20:48", "2011-01-01 00:32", "2011-01-01 04:56"]),
        ("2358 0012 0003", ["2010-12-31 23:58", "2011-01-01 00:03", "2011-01-01 00:12"]),
        ("1200 1205 ////", ["2010-12-31 12:00", "NaT", "2010-12-31 12:05"]),
        ("1200      1203", ["2010-12-31 12:00", "2010-12-31 12:03", "NaT"]),
    ],
)
def test_times_beyond_midnight_and_times_not_given(tmp_path, clock, found):
    assert times(one(tmp_path, PLAIN.replace("2355 0007 2358", clock))) == found


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ("C 49 ", "C4.9"), ("X120 ", "X12.0"), ("X100 ", "X10.0"), ("X 1  ", "X1.0"), ("A 7  ", "A7.0"),
        ("B 09 ", "B0.9"), ("C    ", "C"), ("     ", ""), ("A 00 ", ""),
    ],
)  # fmt: skip
def test_classes(tmp_path, columns, found):
    assert one(tmp_path, PLAIN.replace("B 72 ", columns))["goes_class"] == found


@pytest.mark.parametrize(
    ("line", "columns", "region", "repairs"),
    [
        (OPTICAL, " 5871 ", 5871, ""),
        (OPTICAL, "5871  ", 5871, ""),
        (OPTICAL, " 0    ", 0, ""),
        (OPTICAL, "      ", 0, ""),
        (SXI, " 0720 ", 10720, "noaa_ar"),
        (SXI, "10720 ", 10720, ""),
    ],
)
def test_noaa_regions(tmp_path, line, columns, region, repairs):
    flare = one(tmp_path, line[:80] + columns + line[86:])
    assert (flare["noaa_ar"], flare["repairs"]) == (region, repairs)


def test_regions_about_the_day_of_ar_10000(tmp_path):
    lines = [PLAIN.replace("101231", day)[:80] + f" {ar}" for day, ar in (("020616", 9991), ("020616", "0001"))]
    flares, _ = read(tmp_path, "\n".join(lines) + "\n")
    assert flares["noaa_ar"].tolist() == [9991, 10001]


def test_peak_and_end_of_february_1994_stand_swapped(tmp_path):
    flare = one(tmp_path, FEBRUARY_1994)
    assert times(flare) == ["1994-02-03 01:59", "1994-02-03 02:00", "1994-02-03 02:10"]
    assert flare["repairs"] == "peak_and_end_swapped"
    flare = one(tmp_path, FEBRUARY_1994.replace("940203", "940503"))
    assert times(flare) == ["1994-05-03 01:59", "1994-05-03 02:10", "NaT"]
    assert flare["repairs"] == "end_time_dropped"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (PLAIN.replace("1231", "0231"), "no date in columns 6-11"),
        (PLAIN.replace("1231", "1331"), "no date in columns 6-11"),
        (PLAIN.replace("2355", "2365"), "no start time in its columns"),
        (PLAIN.replace("2355", "    "), "no start time in its columns"),
        (PLAIN.replace("0007", "156 "), "no end time in its columns"),
        (PLAIN.replace("2358", "4812"), "no maximum time in its columns"),
        (PLAIN.replace("B 72", "D 72"), "no GOES class in columns 60-63"),
        (PLAIN.replace("B 72", "  72"), "no GOES class in columns 60-63"),
        (PLAIN.replace("G15 ", "EVE "), "no satellite in columns 68-71"),
        (SXI.replace("W05", "W5 "), "no location in columns 29-34"),
        (PLAIN[:80] + "1114", "NOAA region short of a digit"),
        (PLAIN[:80] + " 111", "no NOAA region in columns 81-85"),
        (PLAIN[:50], "no satellite in columns 68-71"),
        (PLAIN.replace("B 72", "B 7\xb2"), "characters that are not printable ASCII"),
        ("oops", "no data code and station in columns 1-5"),
    ],
)
def test_a_bad_line_is_listed_and_the_others_are_read(tmp_path, line, reason):
    flares, rejected = read(tmp_path, f"{PLAIN}\n\n{line}\n{SXI}\n")
    assert flares["place"].tolist() == ["line 1", "line 4"]
    assert [(r.place, r.reason) for r in rejected] == [("line 3", reason)]


@pytest.mark.parametrize("line", [OPTICAL, SXI, PLAIN, PLAIN[:80], FEBRUARY_1994])
def test_a_line_shifted_by_one_column_is_never_read_wrongly(tmp_path, line):
    inserted = [f"{line[:column]} {line[column:]}" for column in range(len(line))]
    deleted = [line[:column] + line[column + 1 :] for column in range(len(line))]
    flares, rejected = read(tmp_path, "\n".join([line, *inserted, *deleted]) + "\n")
    # Where blanks only have moved, or columns that are not read, the shifted line reads as the line itself.
    for name in ("start_time", "peak_time", "end_time", "goes_class", "noaa_ar", "latitude_deg", "longitude_deg"):
        assert flares[name].nunique(dropna=False) == 1, name
    assert len(rejected) > len(line)


def test_marks_of_dos_tabs_and_gzip(tmp_path):
    text = f"{PLAIN}\r\n{SXI.replace('GOES ', 'GOES' + chr(9))}\r\n\x1a"
    flares, rejected = read(tmp_path, gzip.compress(text.encode()), name="whatever")
    assert flares["goes_class"].tolist() == ["B7.2", "X2.6"]
    assert not rejected


def test_the_year_of_the_name_is_that_of_the_flares(tmp_path):
    _, rejected = read(tmp_path, f"{PLAIN}\n{SXI}\n", name="goes-xrs-report_2010.txt")
    assert [(r.place, r.reason) for r in rejected] == [("line 2", "year not that of the report")]


def test_a_last_line_cut_inside_its_region_is_refused(tmp_path):
    assert read(tmp_path, f"{SXI}\n{PLAIN}")[0]["noaa_ar"].tolist() == [10720, 11140]
    text = f"{SXI}\n{PLAIN}"[:-1]
    assert [r.reason for r in read(tmp_path, text)[1]] == ["NOAA region short of a digit"]
    text = f"{SXI}\n{OPTICAL[:84]}"  # " 587" and " 5871" both end before column 85
    assert [r.reason for r in read(tmp_path, text)[1]] == ["no NOAA region in columns 81-85"]


def test_files_that_are_no_reports(tmp_path):
    with pytest.raises(InputError, match=r"page\.txt: none of its 2 records is a flare \(line 1: no data code"):
        read(tmp_path, "<html>\nnot found</html>\n", name="page.txt")
    with pytest.raises(InputError, match=r"cut\.gz: not readable"):
        read(tmp_path, gzip.compress(PLAIN.encode() * 50)[:-20], name="cut.gz")
    with pytest.raises(InputError, match="absent"):
        read_ncei_report(tmp_path / "absent.txt")
    assert len(read(tmp_path, "")[0]) == 0


def test_the_real_reports_parse_whole(mirror):
    n_lines, n_flares, rejected, repairs, regions = 0, 0, [], [], []
    for path in sorted((mirror / "goes_xrs_ngdc").glob("*.gz")):
        content = gzip.decompress(path.read_bytes())
        n_lines += sum(bool(line.strip(b"\r\x1a ")) for line in content.split(b"\n"))
        flares, left_out = read_ncei_report(path)
        n_flares += len(flares)
        rejected += left_out
        repairs += [repair for repair in flares["repairs"] if repair]
        regions.append(flares["noaa_ar"])
        assert (flares["peak_time"].isna() | (flares["peak_time"] >= flares["start_time"])).all()
        assert (flares["end_time"].isna() | (flares["end_time"] >= flares["start_time"])).all()
    assert n_lines == n_flares + len(rejected) == 46709
    assert [(r.source[-11:-7], r.place, r.reason) for r in rejected] == [
        ("1995", "line 416", "no end time in its columns"),
        ("2010", "line 861", "no location in columns 29-34"),
    ]
    assert {name: repairs.count(name) for name in sorted(set(repairs))} == {
        "end_time_dropped": 1,
        "noaa_ar": 1,
        "peak_and_end_swapped": 243,
        "peak_time_dropped": 7,
    }
    assert sum(int((ar > 0).sum()) for ar in regions) == 24820
