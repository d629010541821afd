"""Numbers and names of the report, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag import report_cells as cells

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.12345, 3, "0.123"),
        (-0.5, 2, "\N{MINUS SIGN}0.50"),
        (-0.0004, 3, "0.000"),
        (NAN, 3, "\N{EN DASH}"),
        (2.0, 1, "2.0"),
    ],
)
def test_number(value, digits, text):
    assert cells.number(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.02, "+0.020"), (-0.02, "\N{MINUS SIGN}0.020"), (0.0004, "0.000"), (-0.0004, "0.000"), (NAN, "\N{EN DASH}")],
)
def test_a_difference_has_a_sign_unless_it_rounds_to_zero(value, text):
    assert cells.signed(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.05, "0.0500"), (0.00009, "< 0.0001"), (1.0, "1.0000"), (NAN, "\N{EN DASH}")]
)
def test_p_value(value, text):
    assert cells.p_value(value) == text


def test_mean_and_sd_over_the_seeds_that_have_a_figure():
    # 0.7 and 0.9: mean 0.8, sample standard deviation 0.1 * sqrt(2).
    assert cells.mean_and_sd(pd.Series([0.7, 0.9])) == {"mean": "0.800", "sd": "0.141", "n": "", "best": False}
    assert cells.mean_and_sd(pd.Series([0.7, NAN, 0.9])) == {"mean": "0.800", "sd": "0.141", "n": "2", "best": False}
    assert cells.mean_and_sd(pd.Series([0.7])) == {"mean": "0.700", "sd": "", "n": "", "best": False}
    assert cells.mean_and_sd(pd.Series([NAN, NAN])) == "\N{EN DASH}"


def test_mean_count_is_in_whole_numbers():
    assert cells.mean_count([1200, 1300]) == {"mean": "1,250", "sd": "71", "n": "", "best": False}
    assert cells.mean_count([7]) == {"mean": "7", "sd": "", "n": "", "best": False}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("FUSED_SHARP logistic_regression", "FUSED_SHARP logistic regression"),
        ("lstm vs cnn", "LSTM vs CNN"),
        ("normalised_bilstm_attention_by_brier_score", "normalised BiLSTM attention by brier score"),
        ("minirocket", "MiniRocket"),
        ("QUIET->STRONG", "QUIET → STRONG"),
        ("records_of_bad_quality", "records of bad quality"),
    ],
)
def test_words(name, text):
    assert cells.words(name) == text


@pytest.mark.parametrize(
    ("numbers", "text"), [([0, 1, 2, 5], "0\N{EN DASH}2, 5"), ([3], "3"), ([], ""), ([1, 3, 4], "1, 3\N{EN DASH}4")]
)
def test_ranges(numbers, text):
    assert cells.ranges(numbers) == text


def test_letters_never_run_out():
    assert [cells.letter(i) for i in (0, 25, 26, 27, 52)] == ["a", "z", "aa", "ab", "ba"]


@given(st.lists(st.sampled_from("abcdef")), st.lists(st.sampled_from("abcdef")))
def test_ordered_loses_and_invents_nothing(found, wanted):
    result = cells.ordered(found, wanted)
    assert sorted(result) == sorted(set(found))
    named = [name for name in dict.fromkeys(wanted) if name in found]
    assert result[: len(named)] == named


def test_counts_are_rows_in_the_order_of_their_titles_and_a_group_without_one_has_an_empty_cell():
    groups = {"SHARP": {"odd_ones": 3, "b": 2000, "a": 1}, "SMARP": {"a": 0}}
    made = cells.counts_table("Counts.", groups, {"a": "first", "b": "second"})
    found = [row["cells"] for row in made["rows"]]
    assert found == [["first", "1", "0"], ["second", "2,000", ""], ["odd ones", "3", ""]]
    assert [column["title"] for column in made["columns"]] == ["Count", "SHARP", "SMARP"]


def test_an_interval_stands_beneath_its_figure():
    shown = {"mean": "0.850", "sd": "0.071", "n": "9", "best": False, "interval": "[0.750, 0.950]"}
    assert cells.with_interval(0.85, 0.75, 0.95, sd=0.071, n="9") == shown
    assert cells.with_interval(0.85, NAN, NAN)["interval"] == ""
    assert cells.with_interval(NAN, NAN, NAN) == cells.UNDEFINED


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((0.884, 0.8, 0.951), ".88 [.80, .95]"),
        ((-0.104, -1.2, 1.0), f"{cells.MINUS}.10 [{cells.MINUS}1.20, 1.00]"),
        ((0.999, 0.001, -0.001), "1.00 [.00, .00]"),
        ((12.05, NAN, NAN), "12.05"),
        ((0.5,), ".50"),
        ((NAN, 0.1, 0.2), cells.UNDEFINED),
    ],
)
def test_short_figures_have_two_digits_and_no_zero_before_the_point(values, text):
    assert cells.short(*values) == text


def test_calibrated_forecasts_have_their_method_in_brackets():
    assert cells.words("SHARP_ALL lstm.prior_shift") == "SHARP_ALL LSTM (prior shift)"
    assert cells.words("gradient_boosting.beta") == "gradient boosting (beta)"
