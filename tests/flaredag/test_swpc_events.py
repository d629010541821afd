"""Daily event reports of SWPC."""

import gzip
import io
import tarfile

import pytest

from flaredag.errors import InputError
from flaredag.swpc_events import read_swpc_events

# As issued, 2015 March 1.
HEAD = """:Product: 20150301events.txt
:Created: 2015 Mar 04 0357 UT
:Date: 2015 03 01
# Prepared by the U.S. Dept. of Commerce, NOAA, Space Weather Prediction Center
#
#Event    Begin    Max       End  Obs  Q  Type  Loc/Frq   Particulars       Reg#
#-------------------------------------------------------------------------------

"""
FLARE = "4080       0158   0210      0232  G15  5   XRA  1-8A      C1.0    1.9E-03   2290"
STRONG = "1680 +     2310  U0023     B0039  G15  5   XRA  1-8A      X5.8    6.4E-01   2297"
OTHERS = """4080       0158   0159      0211  LEA  3   FLA  N19W66    SF                2290
4120      B0605   ////     B0655  LEA  3   EPL  ////      0.24              2289
"""


def packed(path, reports):
    with tarfile.open(path, "w:gz") as archive:
        for name, text in reports.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode("latin-1"))
            archive.addfile(entry, io.BytesIO(text.encode("latin-1")))
    return path


def read(tmp_path, *lines, name="2015_events/20150301events.txt", head=HEAD):
    return read_swpc_events(packed(tmp_path / "2015_events.tar.gz", {name: head + "\n".join(lines) + "\n"}))


def test_flares_by_hand(tmp_path):
    flares, rejected = read(tmp_path, FLARE, OTHERS, STRONG)
    assert not rejected
    assert flares["start_time"].astype(str).tolist() == ["2015-03-01 01:58:00", "2015-03-01 23:10:00"]
    assert flares["peak_time"].astype(str).tolist() == ["2015-03-01 02:10:00", "2015-03-02 00:23:00"]
    assert flares["end_time"].astype(str).tolist() == ["2015-03-01 02:32:00", "2015-03-02 00:39:00"]
    assert flares["goes_class"].tolist() == ["C1.0", "X5.8"]
    assert flares["noaa_ar"].tolist() == [12290, 12297]
    assert flares["repairs"].tolist() == ["noaa_ar", "noaa_ar"]
    assert flares["satellite"].tolist() == ["G15", "G15"]
    assert flares["place"].tolist() == ["20150301events.txt line 9", "20150301events.txt line 13"]


@pytest.mark.parametrize(
    ("old", "new", "column", "found"),
    [
        ("0210", "////", "peak_time", "NaT"),
        ("0232", "////", "end_time", "NaT"),
        ("2290", "    ", "noaa_ar", "0"),
        ("C1.0    1.9E-03", "C1      1.9E-03", "goes_class", "C1"),
        ("C1.0    1.9E-03", "C6,2    1.4E-02", "goes_class", "C6.2"),
        ("C1.0    1.9E-03", "X14.4   6.1E-01", "goes_class", "X14.4"),
        ("C1.0    1.9E-03", "               ", "goes_class", ""),
    ],
)
def test_what_is_not_given_or_given_in_another_way(tmp_path, old, new, column, found):
    flares, rejected = read(tmp_path, FLARE.replace(old, new))
    assert not rejected
    assert str(flares[column].iloc[0]) == found


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (FLARE.replace("0158", "////"), "no begin time"),
        (FLARE.replace("0158", "0178"), "no begin time in its columns"),
        (FLARE.replace("0232", "02a2"), "no end time in its columns"),
        (FLARE.replace("1-8A ", ".5-4A"), "not of 1-8 angstrom"),
        (FLARE.replace("C1.0", "Z1.0"), "no GOES class in columns 59-66"),
        (FLARE.replace("2290", "229 "), "no NOAA region in columns 77-80"),
        (FLARE[:79], "no NOAA region in columns 77-80"),
        (f" {FLARE}", "XRA not in columns 44-46"),
        (FLARE.replace("G15", "G\xb25"), "characters that are not printable ASCII"),
    ],
)
def test_a_bad_line_is_listed_and_the_others_are_read(tmp_path, line, reason):
    flares, rejected = read(tmp_path, line, STRONG)
    assert flares["goes_class"].tolist() == ["X5.8"]
    assert [(r.place, r.reason) for r in rejected] == [("20150301events.txt line 9", reason)]


@pytest.mark.parametrize("line", [FLARE, STRONG])
def test_a_line_shifted_by_one_column_is_never_read_wrongly(tmp_path, line):
    inserted = [f"{line[:column]} {line[column:]}" for column in range(len(line))]
    deleted = [line[:column] + line[column + 1 :] for column in range(len(line))]
    flares, rejected = read(tmp_path, line, *inserted, *deleted)
    for name in ("start_time", "peak_time", "end_time", "goes_class", "noaa_ar"):
        assert flares[name].nunique(dropna=False) == 1, name
    assert len(rejected) > len(line)


def test_reports_before_may_1998_have_no_heading(tmp_path):
    line = FLARE.replace("G15", "GO9").replace("2290", "7981")
    flares, _ = read(tmp_path, line, name="19960806events.txt", head="EDITED EVENTS for 1996 Aug 06\n")
    assert flares["start_time"].astype(str).tolist() == ["1996-08-06 01:58:00"]
    assert (flares["noaa_ar"].iloc[0], flares["satellite"].iloc[0]) == (7981, "GO9")


def test_days_without_flares_and_reports_without_a_day(tmp_path):
    flares, rejected = read(tmp_path, "NO EVENT REPORTS.")
    assert len(flares) == len(rejected) == 0
    reports = {"20150230events.txt": FLARE, "20150302events.txt": HEAD + FLARE, "20150301events.txt": HEAD + FLARE}
    flares, rejected = read_swpc_events(packed(tmp_path / "events.tar.gz", reports))
    assert len(flares) == 1
    assert [(r.place, r.reason) for r in rejected] == [
        ("20150230events.txt", "no date in the name"),
        ("20150302events.txt", "date in the text not that of the name"),
    ]


def test_files_that_are_no_reports(tmp_path):
    path = packed(tmp_path / "none.tar.gz", {"readme.txt": "x"})
    with pytest.raises(InputError, match="holds no daily event report"):
        read_swpc_events(path)
    path = packed(tmp_path / "cut.tar.gz", {f"201503{day:02}events.txt": HEAD * 50 + FLARE for day in range(1, 29)})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"cut\.tar\.gz: not readable \(Compressed"):
        read_swpc_events(path)
    path = packed(tmp_path / "bad.tar.gz", {"20150301events.txt": HEAD + FLARE})
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[20] ^= 1
    path.write_bytes(gzip.compress(content))
    with pytest.raises(InputError, match=r"bad\.tar\.gz: not readable as tar\.gz"):
        read_swpc_events(path)
    with pytest.raises(InputError, match="none of its 1 records is a flare"):
        read(tmp_path, f" {FLARE}")
