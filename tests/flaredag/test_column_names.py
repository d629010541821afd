"""Whether columns can be what their header says: by hand, of the real keywords, and of every swap of two."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import made_up_shipped as made_up
from flaredag.column_names import MAX_FACTOR, ColumnStatistics, possible_keywords, read_sizes, why_impossible
from flaredag.errors import InputError
from flaredag.keyword_ranges import KEYWORDS
from flaredag.shipped_tables import read_shipped_tables

SIZES = read_sizes(made_up.PAPERS.parent / "keyword_magnitudes.csv")
NAMES = list(SIZES)


def test_the_size_is_the_root_of_the_mean_square():
    assert ColumnStatistics(3.0, 4.0, 0.0, 9.0).size == 5.0


def test_a_total_flux_that_is_an_area_by_hand():
    # Liu et al. 2019, column USFLUX of their program: the size is sqrt(624^2 + 655^2) = 905.
    column = ColumnStatistics(624.0, 655.0, 0.07, 7211.0)
    assert why_impossible("usflux", column, SIZES) == "mean 624 is not in 6e+14 to 2.1e+24 Mx"
    assert why_impossible("area_acr", column, SIZES) == ""
    # 905 is 304 times R's sqrt(2.466^2 + 1.677^2) = 2.98, but it is refused before: 8 is the greatest R.
    assert why_impossible("r_value", column, SIZES) == "mean 624 is not in 0 to 8 log10(Mx)"
    assert possible_keywords(column, SIZES) == ["totusjh", "area_acr"]


def test_extremes_count_as_well_as_the_mean():
    assert why_impossible("r_value", ColumnStatistics(2.5, 1.7, 0.0, 9.0), SIZES).startswith(
        "highest 9 is not in 0 to 8"
    )
    assert why_impossible("meanpot", ColumnStatistics(5e3, 4e3, -1.0, 3e4), SIZES).startswith(
        "lowest -1 is not in 1 to"
    )
    # 0 is a total's value where no pixel counts.
    assert why_impossible("usflux", ColumnStatistics(1e22, 1e22, 0.0, 2e23), SIZES) == ""


def test_within_its_range_a_column_may_have_the_size_of_another():
    # 7242 over sqrt(477.2^2 + 606.6^2) = 771.8 is 9.4.
    why = why_impossible("area_acr", ColumnStatistics(5967.0, 4105.0, 564.0, 28048.0), SIZES)
    assert why == "its size, 7.24e+03, is 9.4 times the usual 772 microhemisphere"


def test_a_keyword_of_both_signs_is_negative_somewhere():
    told = why_impossible("totfx", ColumnStatistics(926.0, 1081.0, 0.27, 14223.0), SIZES)
    assert told == "lowest 0.27 is not negative, and totfx has both signs"
    assert why_impossible("totfx", ColumnStatistics(-300.0, 3000.0, -2e4, 2e4), SIZES) == ""


def test_the_columns_of_the_program_of_liu_et_al():
    facts = read_shipped_tables(made_up.PAPERS / "liu2019_lstm.yaml")
    header = "TOTUSJH,Cdec,TOTUSJZ,Chis1d,USFLUX,TOTBSQ,R_VALUE,TOTPOT,Chis,SAVNCPP,AREA_ACR,Edec,Xmax1d,ABSNJZH"
    columns = zip(*facts.tables["C"].statistics.values(), strict=True)
    told = {name: ColumnStatistics(*column) for name, column in zip(header.split(","), columns, strict=True)}
    physical = {name: column for name, column in told.items() if name.lower() in SIZES}
    wrong = [name for name, column in physical.items() if why_impossible(name.lower(), column, SIZES)]
    assert wrong == ["TOTUSJZ", "USFLUX", "TOTBSQ", "R_VALUE", "TOTPOT", "SAVNCPP", "AREA_ACR", "ABSNJZH"]
    for name, column in physical.items():
        true_name = facts.new_names.get(name, name).lower()
        assert true_name in possible_keywords(column, SIZES), "the other names are possible, all nine"


@st.composite
def plausible(draw, keyword: str) -> ColumnStatistics:
    """Statistics that a table may have of the keyword: its size within a factor of 2, extremes in its range."""
    known = KEYWORDS[keyword]
    size = SIZES[keyword] * draw(st.floats(0.5, 2.0))
    angle = draw(st.floats(0.05, np.pi / 2 - 0.05))
    mean, deviation = size * np.cos(angle), size * np.sin(angle)
    if known.lowest < 0:
        lowest = draw(st.floats(known.lowest, -1e-9 * size))
        mean *= draw(st.sampled_from([-1, 1]))
    else:
        lowest = known.lowest + (mean - known.lowest) * draw(st.floats(0.0, 1.0))
    return ColumnStatistics(mean, deviation, lowest, max(mean, lowest) * 1.01 if mean > 0 else known.highest / 2)


def in_range(keyword: str, column: ColumnStatistics) -> bool:
    return all(
        bool(KEYWORDS[keyword].allows(np.array(value))) for value in (column.mean, column.lowest, column.highest)
    )


@given(st.data(), st.sampled_from(NAMES))
def test_a_correct_name_passes(data, keyword):
    column = data.draw(plausible(keyword).filter(lambda column: in_range(keyword, column)))
    assert why_impossible(keyword, column, SIZES) == ""
    assert keyword in possible_keywords(column, SIZES)


def are_disjoint(one: str, other: str) -> bool:
    """Whether no column that `plausible` makes of one can be the other: ranges apart, or sizes more than 2 * 3."""
    known, also = KEYWORDS[one], KEYWORDS[other]
    apart = known.highest < also.lowest or also.highest < known.lowest
    ratio = SIZES[one] / SIZES[other]
    return apart or max(ratio, 1 / ratio) > 2.0 * MAX_FACTOR


PAIRS = [(one, other) for i, one in enumerate(NAMES) for other in NAMES[:i] if are_disjoint(one, other)]


def test_most_pairs_of_keywords_are_disjoint():
    assert len(PAIRS) > 0.7 * len(NAMES) * (len(NAMES) - 1) / 2


@given(st.data(), st.sampled_from(PAIRS))
def test_a_swap_of_two_keywords_of_disjoint_ranges_is_found_on_both_sides(data, pair):
    columns = [data.draw(plausible(keyword)) for keyword in pair]
    for keyword, column in zip(reversed(pair), columns, strict=True):
        assert why_impossible(keyword, column, SIZES)
        assert keyword not in possible_keywords(column, SIZES)


def test_sizes_by_hand(tmp_path):
    path = tmp_path / "sizes.csv"
    path.write_text("keyword,mean,standard_deviation,source\nr_value,3,4,x\nmeanjzd,-5,12,x\n")
    assert read_sizes(path) == {"r_value": 5.0, "meanjzd": 13.0}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("r_valu,3,4\n", "keyword r_valu is not known"),
        ("r_value,3,4\nr_value,3,4\n", "keyword r_value is not known, or given twice"),
        ("", "keyword (none)"),
        ("r_value,3,\n", "column standard_deviation: record 1 is ''"),
    ],
)
def test_faults_of_sizes_are_told(tmp_path, rows, told):
    path = tmp_path / "sizes.csv"
    path.write_text("keyword,mean,standard_deviation\n" + rows)
    with pytest.raises(InputError, match=re.escape(told)):
        read_sizes(path)
