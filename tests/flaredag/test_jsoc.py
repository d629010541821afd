"""T_REC, TAI and UTC, QUALITY words."""

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.jsoc import read_quality, read_t_rec, utc_from_tai


def test_t_rec_is_read_on_its_own_clock():
    t_rec = read_t_rec(pd.Series(["2011.02.15_01:36:00_TAI", "1996.04.23_00:00:00_TAI"]), path="t.csv")
    assert t_rec.to_numpy().astype("datetime64[s]").astype(str).tolist() == [
        "2011-02-15T01:36:00",
        "1996-04-23T00:00:00",
    ]


@pytest.mark.parametrize(
    "text", ["", "2011-02-15 01:36:00", "2011.02.15_01:36:00_UTC", "2011.02.30_00:00:00_TAI", None]
)
def test_what_is_no_t_rec_is_refused_with_its_place(text):
    texts = pd.Series(["2011.02.15_00:00:00_TAI", text, text], index=[7, 8, 9])
    with pytest.raises(InputError, match=r"t\.csv: record 2 has T_REC .*\(2 such records\); wanted YYYY"):
        read_t_rec(texts, path="t.csv")


@pytest.mark.parametrize(
    ("tai", "utc"),
    [
        # TAI - UTC, s: 30 from 1996-01-01, 31 from 1997-07-01, 34 from 2009-01-01, 37 from 2017-01-01 (IERS).
        ("1996-04-23T00:00:00", "1996-04-22T23:59:30"),
        ("1997-07-01T00:00:29", "1997-06-30T23:59:59"),
        ("1997-07-01T00:00:31", "1997-07-01T00:00:00"),
        ("2011-02-15T00:00:00", "2011-02-14T23:59:26"),
        ("2017-01-01T00:00:37", "2017-01-01T00:00:00"),
        ("2026-01-01T12:00:00", "2026-01-01T11:59:23"),
    ],
)
def test_utc_is_behind_tai_by_the_leap_seconds(tai, utc):
    got = utc_from_tai(pd.Series(np.array([tai], dtype="datetime64[s]")))
    assert got.to_numpy().astype("datetime64[s]").astype(str).tolist() == [utc]


def test_utc_keeps_order_repetitions_and_index():
    tai = pd.Series(np.array(["2012-01-02", "2012-01-01", "2012-01-02"], dtype="datetime64[s]"), index=[5, 3, 1])
    utc = utc_from_tai(tai)
    assert utc.index.tolist() == [5, 3, 1]
    # 34 s in the first half of 2012.
    assert (tai - utc).dt.total_seconds().tolist() == [34.0, 34.0, 34.0]


def test_quality_words():
    words = pd.Series(["0x00010000", "0x00000000", " 0x400 ", "65536", "0"])
    assert read_quality(words, path="t.csv").tolist() == [65536, 0, 1024, 65536, 0]


@pytest.mark.parametrize("word", ["good", "", "0xZZ", "1.5", "0xFFFFFFFFFFFFFFFFFF"])
def test_what_is_no_quality_word_is_refused(word):
    with pytest.raises(InputError, match=r"t\.csv: QUALITY.*wanted integers such as 0x00010000"):
        read_quality(pd.Series(["0x0", word]), path="t.csv")
