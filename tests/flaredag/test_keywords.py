"""Physical ranges of keywords: single values outside are made missing, whole columns refused."""

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.keywords import KEYWORDS, checked_keywords

# SMARP and SHARP records of ordinary regions.
TYPICAL = {"usfluxl": 3.5e21, "meangbl": 40.0, "r_value": 3.1, "area": 2059.6}


def table(n_records: int = 200) -> pd.DataFrame:
    return pd.DataFrame({name: np.full(n_records, value) for name, value in TYPICAL.items()})


def test_values_in_range_stay_as_they_are():
    records = table()
    checked, counts = checked_keywords(records, path="t.csv")
    pd.testing.assert_frame_equal(checked, records)
    assert counts == {"values_missing": 0, "values_outside_range": 0}


def test_the_ends_of_the_range_belong_to_it():
    for name, keyword in KEYWORDS.items():
        ends = pd.DataFrame({name: [keyword.lowest, keyword.highest]})
        checked, counts = checked_keywords(ends, path="t.csv")
        assert checked[name].tolist() == [keyword.lowest, keyword.highest]
        assert counts["values_outside_range"] == 0


def test_single_outliers_are_made_missing_and_counted():
    records = table(200)
    records.loc[3, "usfluxl"] = -1.0
    records.loc[4, "usfluxl"] = np.inf
    records.loc[5, "meangbl"] = 5000.0
    records.loc[6, "area"] = np.nan
    checked, counts = checked_keywords(records, path="t.csv")
    # 2 of 200 is 1 %, as many as may be.
    assert np.flatnonzero(checked["usfluxl"].isna()).tolist() == [3, 4]
    assert np.flatnonzero(checked["meangbl"].isna()).tolist() == [5]
    assert np.flatnonzero(checked["area"].isna()).tolist() == [6]
    assert counts == {"values_missing": 1, "values_outside_range": 3}
    assert records.loc[3, "usfluxl"] == -1.0, "the table given is left as it was"


def test_one_outlier_of_a_short_table_is_no_reason_to_refuse_it():
    records = table(5)
    records.loc[0, "r_value"] = 99.0
    checked, _ = checked_keywords(records, path="t.csv")
    assert checked["r_value"].isna().tolist() == [True, False, False, False, False]


def test_a_column_with_more_outliers_is_refused():
    records = table(200)
    records.loc[[7, 8, 9], "meangbl"] = 2000.0
    with pytest.raises(InputError, match=r"t\.csv: column MEANGBL: 3 of 200 values .*record 8 has 2000; median 40"):
        checked_keywords(records, path="t.csv")


@pytest.mark.parametrize(("first", "second"), [(a, b) for a in KEYWORDS for b in KEYWORDS if a < b])
def test_swapped_columns_are_refused_and_the_error_names_what_would_fit(first, second):
    records = table().rename(columns={first: second, second: first})
    with pytest.raises(InputError, match="are columns swapped") as refusal:
        checked_keywords(records, path="t.csv")
    refused = [name for name in (first, second) if f"column {name.upper()}:" in str(refusal.value)]
    other = {first: second, second: first}[refused[0]]
    told = str(refusal.value).partition("would fit ")[2].partition(": are columns swapped")[0]
    assert other.upper() in told.split(", ")


def test_a_column_that_fits_no_keyword_says_so():
    records = table().assign(r_value=-5.0)
    with pytest.raises(InputError, match="no keyword known here"):
        checked_keywords(records, path="t.csv")


def test_a_column_without_values_is_counted_not_refused():
    checked, counts = checked_keywords(table(10).assign(r_value=np.nan), path="t.csv")
    assert checked["r_value"].isna().all()
    assert counts == {"values_missing": 10, "values_outside_range": 0}
