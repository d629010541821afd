"""Physical ranges of keywords: single values outside are made missing, whole columns refused."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.keyword_ranges import KEYWORDS, checked_keywords

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


@pytest.mark.parametrize(("first", "second"), [(a, b) for a in TYPICAL for b in TYPICAL if a < b])
def test_swapped_columns_are_refused_and_the_error_names_what_would_fit(first, second):
    records = table().rename(columns={first: second, second: first})
    with pytest.raises(InputError, match="are columns swapped") as refusal:
        checked_keywords(records, path="t.csv")
    refused = [name for name in (first, second) if f"column {name.upper()}:" in str(refusal.value)]
    other = {first: second, second: first}[refused[0]]
    told = str(refusal.value).partition("would fit ")[2].partition(": are columns swapped")[0]
    assert other.upper() in told.split(", ")


def test_a_column_that_fits_no_other_says_so():
    records = table().assign(r_value=-1e9)
    with pytest.raises(InputError, match="none of the other columns"):
        checked_keywords(records, path="t.csv")


def test_a_column_without_values_is_counted_not_refused():
    checked, counts = checked_keywords(table(10).assign(r_value=np.nan), path="t.csv")
    assert checked["r_value"].isna().all()
    assert counts == {"values_missing": 10, "values_outside_range": 0}


# Means and totals of columns that Liu et al. 2019 published under another's name: SHRGT45 as R_VALUE, AREA_ACR as
# USFLUX, ABSNJZH as TOTUSJZ, TOTUSJZ as TOTPOT, TOTPOT as TOTBSQ, USFLUX as SAVNCPP.
PERMUTED = {"r_value": 23.4, "usflux": 624.0, "totusjz": 107.0, "totpot": 1.9e13, "totbsq": 2.0e23, "savncpp": 1.3e22}


@pytest.mark.parametrize("name", sorted(PERMUTED))
def test_the_permuted_columns_of_liu_et_al_2019_are_refused(name):
    with pytest.raises(InputError, match=f"column {name.upper()}: 200 of 200 values"):
        checked_keywords(pd.DataFrame({name: np.full(200, PERMUTED[name])}), path="t.csv")


def test_totals_may_be_zero_where_no_pixel_counts_but_nothing_else_below_their_range():
    values = np.array([0.0, 1e22, 1.0, -1e22])
    assert KEYWORDS["usflux"].allows(values).tolist() == [True, True, False, False]
    strict = dataclasses.replace(KEYWORDS["usflux"], or_zero=False)
    assert strict.allows(values).tolist() == [False, True, False, False]


def test_ranges_are_ranges_and_every_keyword_has_a_name_and_units():
    for name, keyword in KEYWORDS.items():
        assert keyword.lowest < keyword.highest, name
        assert keyword.long_name, name
        assert keyword.units, name
        assert name == name.lower()


def test_a_published_table_of_sharp_keywords_lies_in_the_ranges_with_an_order_of_magnitude_to_spare(mirror):
    path = mirror / "alciomar_sharp_daily" / "dataset_sharp_daily_2010_2019.csv.gz"
    published = pd.read_csv(path, sep=";").rename(columns=str.lower)
    names = [name for name in published.columns if name in KEYWORDS]
    assert len(names) == 25
    _, counts = checked_keywords(published[names], path=path.name)
    assert counts == {"values_missing": int(published[names].isna().sum().sum()), "values_outside_range": 0}
    bounded = {"meangam", "meanshr", "shrgt45", "r_value", "epsx", "epsy", "epsz"}
    for name in set(names) - bounded:
        assert KEYWORDS[name].highest >= 9.9 * published[name].max(), name
        assert KEYWORDS[name].lowest <= np.minimum(published[name].min() / 9.9, published[name].min() * 9.9), name


def test_published_high_energy_density_parameters_lie_in_the_ranges(mirror):
    table = pd.read_csv(mirror / "hed_magpardb" / "MagParDB.csv", skipinitialspace=True)
    table.columns = table.columns.str.partition("[").get_level_values(0).str.strip().str.lower()
    columns = {"e_total": "hed_e_total", "area_hed": "hed_area", "flux_hed": "hed_flux", "shear": "hed_shear"}
    same = ("uj_mean", "j_total", "uhc_mean", "hc_total", "gbh_mean", "alp_mean")
    columns |= {name: f"hed_{name}" for name in same}
    renamed = table.rename(columns=columns)[list(columns.values())]
    assert len(renamed) == 323
    assert checked_keywords(renamed, path="MagParDB.csv")[1] == {"values_missing": 0, "values_outside_range": 0}
