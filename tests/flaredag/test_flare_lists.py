"""The rules that all flare lists share."""

import gzip

import numpy as np
import pytest

from flaredag.errors import InputError
from flaredag.flare_lists import (
    FLARE_LIST_COLUMNS,
    Faults,
    by_unique_text,
    clock_minute,
    clock_time,
    flare_table,
    read_bytes,
    refuse_if_all_rejected,
)
from flaredag.rejections import Rejection


def seconds(*texts):
    return np.array(texts, dtype="datetime64[s]")


def table(start, peak, end, *, goes_class="C1.0", noaa_ar=0):
    return flare_table(
        start_time=seconds(start),
        peak_time=seconds(peak),
        end_time=seconds(end),
        goes_class=[goes_class],
        noaa_ar=np.array([noaa_ar]),
        latitude_deg=np.array([np.nan]),
        longitude_deg=np.array([np.nan]),
        satellite=["G15"],
        source=["a list"],
        place=["line 1"],
    ).iloc[0]


@pytest.mark.parametrize(
    ("start", "peak", "end", "found_peak", "found_end", "repairs"),
    [
        ("2012-05-01T10:00", "2012-05-01T10:05", "2012-05-01T10:09", "2012-05-01 10:05", "2012-05-01 10:09", ""),
        ("2011-12-31T23:55", "2011-12-31T00:02", "2011-12-31T00:09", "2012-01-01 00:02", "2012-01-01 00:09", ""),
        ("2012-05-01T10:00", "2012-05-01T10:00", "2012-05-01T10:00", "2012-05-01 10:00", "2012-05-01 10:00", ""),
        ("2012-05-01T10:00", "NaT", "NaT", "NaT", "NaT", ""),
        # Of the M1.9 flare of 2023-05-22 SWPC's list ends the next morning.
        ("2023-05-22T13:30", "2023-05-22T13:37", "2023-05-23T06:55", "2023-05-22 13:37", "NaT", "end_time_dropped"),
        # NCEI, 2000-09-16.
        ("2000-09-16T10:22", "2000-09-16T10:34", "2000-09-16T10:31", "2000-09-16 10:34", "NaT", "end_time_dropped"),
        # NCEI, 1998-03-04: 00:45 for 19:45.
        ("1998-03-04T19:42", "1998-03-04T00:45", "1998-03-04T19:49", "NaT", "1998-03-04 19:49", "peak_time_dropped"),
        ("2012-05-01T10:00", "2012-05-01T09:00", "2012-05-01T10:09", "NaT", "2012-05-01 10:09", "peak_time_dropped"),
        ("2012-05-01T10:00", "2012-05-01T22:00", "NaT", "2012-05-01 22:00", "NaT", ""),
        ("2012-05-01T10:00", "2012-05-01T22:01", "NaT", "NaT", "NaT", "peak_time_dropped"),
        ("2012-05-01T10:00", "2012-05-03", "2012-05-03", "NaT", "NaT", "peak_time_dropped,end_time_dropped"),
    ],
)
def test_times_are_put_in_order_or_dropped(start, peak, end, found_peak, found_end, repairs):
    flare = table(start, peak, end)
    assert [str(flare["peak_time"])[:16], str(flare["end_time"])[:16]] == [found_peak, found_end]
    assert flare["repairs"] == repairs
    assert tuple(flare.index) == FLARE_LIST_COLUMNS


def test_a_class_of_nothing_is_none():
    times = ["2019-08-18T18:56"] * 3
    assert table(*times, goes_class="A0.0")["goes_class"] == ""
    assert table(*times, goes_class="A0.1")["goes_class"] == "A0.1"


def test_clock():
    assert clock_minute(np.array([0, 59, 60, 2359, 2400, 2856, 4759, 4800, -1])).tolist() == [
        0, 59, -1, 1439, 1440, 1736, 2879, -1, -1,
    ]  # fmt: skip
    days = np.array(["2016-12-31", "2016-12-31", "NaT"], dtype="datetime64[D]")
    times = clock_time(days, np.array([1440 + 5, -1, 5]))
    assert times.astype(str).tolist() == ["2017-01-01T00:05:00", "NaT", "NaT"]


def test_the_first_fault_of_a_record_counts():
    faults = Faults(3)
    faults.mark(np.array([True, False, False]), "one")
    faults.mark(np.array([True, True, False]), "two")
    assert faults.good.tolist() == [False, False, True]
    assert faults.rejections(["s"] * 3, ["1", "2", "3"], ["a", "b", "c"]) == [
        Rejection("s", "1", "one", "a"),
        Rejection("s", "2", "two", "b"),
    ]


def test_each_text_is_worked_out_once():
    seen = []
    assert by_unique_text(["a", "b", "a"], lambda text: seen.append(text) or text.upper()).tolist() == ["A", "B", "A"]
    assert seen == ["a", "b"]


def test_bytes_gzipped_or_not(tmp_path):
    (tmp_path / "plain").write_bytes(b"text")
    (tmp_path / "packed").write_bytes(gzip.compress(b"text"))
    assert read_bytes(tmp_path / "plain") == read_bytes(tmp_path / "packed") == b"text"
    (tmp_path / "broken").write_bytes(b"\x1f\x8b nonsense")
    with pytest.raises(InputError, match=r"broken: not readable .* Delete the file"):
        read_bytes(tmp_path / "broken")


def test_a_file_of_bad_records_alone_is_refused():
    bad = [Rejection("s", "line 1", "no date", "x")]
    refuse_if_all_rejected("s", 1, bad, form="a report")
    refuse_if_all_rejected("s", 0, [], form="a report")
    with pytest.raises(
        InputError, match=r"s: none of its 1 records is a flare \(line 1: no date: 'x'\); wanted a report"
    ):
        refuse_if_all_rejected("s", 0, bad, form="a report")
