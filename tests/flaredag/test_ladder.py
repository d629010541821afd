from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.ladder import COLUMNS, INTERVAL_COLUMNS, RUNGS, climb, in_words, leading, read_intervals

LADDER = {"name": "sharp", "title": "SHARP, cycle 24", "rungs": {rung: rung.upper() for rung in RUNGS}}
# True skill statistic at the threshold of validation; at 0.5 it is .1 less.
SKILL = dict(zip(RUNGS, (0.88, 0.87, 0.62, 0.65, 0.55, 0.45), strict=True))


def row(dataset, model, metric, value, threshold="", half_width=0.05):
    bounds = {"low": value - half_width, "high": value + half_width}
    of_rotations = {"low_rotation": value - 2 * half_width, "high_rotation": value + 2 * half_width}
    named = {"dataset": dataset, "model": model, "threshold": threshold, "metric": metric, "value": value}
    return named | bounds | of_rotations


def mock_intervals(rungs=tuple(RUNGS), model="lstm") -> pd.DataFrame:
    rows = []
    for rung in rungs:
        dataset = rung.upper()
        rows.append(row(dataset, model, "true_skill_statistic", SKILL[rung], "validation"))
        rows.append(row(dataset, model, "true_skill_statistic", SKILL[rung] - 0.1, "fixed_0.5"))
        rows.append(row(dataset, model, "area_under_roc_curve", 0.9))
        is_shifted = rung not in ("balanced", "full_disk")
        rows.append(row(dataset, model, "brier_skill_score", -2.5 if is_shifted else 0.3))
        if is_shifted:
            rows.append(row(dataset, f"{model}.prior_shift", "brier_skill_score", 0.2))
        rows.append(row(dataset, model, "n_samples", 1000.0))
        rows.append(row(dataset, model, "n_events", 500.0 if rung == "balanced" else 26.0))
        rows.append(row(dataset, "climatology", "brier_skill_score", 0.0))
    return pd.DataFrame(rows)


def of(climbed, rung, metric):
    found = climbed[(climbed["rung"] == rung) & (climbed["metric"] == metric)]
    return list(found[["forecasts", "threshold", "value"]].itertuples(index=False, name=None))


def test_the_climb_of_a_ladder():
    climbed = climb(mock_intervals(), [LADDER], "lstm")
    assert tuple(climbed.columns) == COLUMNS
    assert list(dict.fromkeys(climbed["rung"])) == list(RUNGS)
    assert of(climbed, "balanced", "true_skill_statistic") == [("raw", "fixed_0.5", pytest.approx(0.78))]
    assert of(climbed, "natural_rate", "true_skill_statistic") == [("raw", "fixed_0.5", pytest.approx(0.77))]
    assert of(climbed, "by_time", "true_skill_statistic") == [("raw", "validation", 0.65), ("raw", "fixed_0.5", 0.55)]
    assert of(climbed, "balanced", "brier_skill_score") == [("raw", "", 0.3)]
    assert of(climbed, "by_time", "brier_skill_score") == [("raw", "", -2.5), ("prior_shift", "", 0.2)]
    # Made of shifted forecasts, under the model's own name.
    assert of(climbed, "full_disk", "brier_skill_score") == [("prior_shift", "", 0.3)]
    by_cycle = climbed[(climbed["rung"] == "by_cycle") & (climbed["metric"] == "area_under_roc_curve")].iloc[0]
    assert by_cycle["dataset"] == "BY_CYCLE"
    figures = by_cycle[["low", "high", "low_rotation", "high_rotation"]].to_list()
    assert figures == pytest.approx([0.85, 0.95, 0.8, 1.0])


def test_the_score_a_reader_should_take():
    climbed = climb(mock_intervals(), [LADDER], "lstm")
    skill = leading(climbed, "true_skill_statistic")
    assert skill["rung"].tolist() == list(RUNGS)
    assert skill["threshold"].tolist() == ["fixed_0.5"] * 2 + ["validation"] * 4
    assert leading(climbed, "brier_skill_score")["value"].tolist() == [0.3, 0.2, 0.2, 0.2, 0.2, 0.3]


def test_what_a_ladder_or_a_model_lacks_is_a_gap():
    partial = LADDER | {"rungs": {"all_samples": "ALL_SAMPLES", "full_disk": "FULL_DISK", "by_cycle": "BY_CYCLE"}}
    climbed = climb(mock_intervals(rungs=("all_samples", "full_disk")), [partial], "lstm")
    assert list(dict.fromkeys(climbed["rung"])) == ["all_samples", "full_disk"]


def test_several_ladders_keep_their_order():
    other = {"name": "a", "title": "Another", "rungs": {"by_time": "BY_TIME"}}
    assert list(dict.fromkeys(climb(mock_intervals(), [LADDER, other], "lstm")["ladder"])) == ["sharp", "a"]


def test_in_words_by_hand():
    climbed = climb(mock_intervals(), [LADDER], "lstm")
    text = in_words(climbed, "lstm", "SHARP, cycle 24")
    assert text.startswith("SHARP, cycle 24, LSTM. (a) Regions that flare strongly")
    assert "(50.0 % are events): TSS .78 [.73, .83], AUC .90 [.85, .95], BSS .30 [.25, .35]." in text
    minus = "\N{MINUS SIGN}"
    as_issued = f"BSS {minus}2.50 [{minus}2.55, {minus}2.45] as issued (worse than the event rate alone)"
    assert f"(2.6 % are events): TSS .77 [.72, .82], AUC .90 [.85, .95], {as_issued} and .20 [.15, .25] shifted" in text
    assert (
        f"A TSS of .78 on rung a is .45 on rung f ({minus}.33); the greatest fall is from b to c ({minus}.15)." in text
    )
    assert text.endswith("There the probabilities are better than always forecasting the event rate.")


@pytest.mark.parametrize(("skill", "verdict"), [(0.04, "not told apart from"), (-0.2, "worse than")])
def test_in_words_says_what_the_last_interval_allows(skill, verdict):
    intervals = mock_intervals()
    last = (intervals["dataset"] == "FULL_DISK") & (intervals["metric"] == "brier_skill_score")
    intervals.loc[last & (intervals["model"] == "lstm"), ["value", "low", "high"]] = skill, skill - 0.05, skill + 0.05
    text = in_words(climb(intervals, [LADDER], "lstm"), "lstm", "SHARP")
    assert text.endswith(f"There the probabilities are {verdict} always forecasting the event rate.")


def test_in_words_of_a_climb_without_a_fall_of_one_rung_and_of_nothing_defined():
    up = climb(mock_intervals(rungs=("all_samples", "by_time")), [LADDER], "lstm")
    assert "A TSS of .62 on rung c is .65 on rung d (+.03). There" in in_words(up, "lstm", "SHARP")
    one = climb(mock_intervals(rungs=("by_time",)), [LADDER], "lstm")
    assert "A TSS of" not in in_words(one, "lstm", "SHARP")
    nothing = one.assign(value=np.nan, low=np.nan, high=np.nan)
    assert in_words(nothing, "lstm", "SHARP").endswith(": no score is defined.")


def test_words_of_two_ladders_at_a_time_are_refused():
    other = LADDER | {"name": "smarp"}
    with pytest.raises(InputError, match=r"one ladder is told at a time; found sharp, smarp"):
        in_words(climb(mock_intervals(), [LADDER, other], "lstm"), "lstm", "SHARP")


def test_bad_ladders_and_models_are_refused():
    with pytest.raises(InputError, match=r"ladder sharp: no rung is called roof; there are balanced, natural_rate"):
        climb(mock_intervals(), [LADDER | {"rungs": {"roof": "X"}}], "lstm")
    with pytest.raises(InputError, match=r"no score of cnn on any .*BALANCED.*; there are scores of climatology, "):
        climb(mock_intervals(), [LADDER], "cnn")
    with pytest.raises(InputError, match=r"no score of lstm on any rung of the ladders \(none\)"):
        climb(mock_intervals(), [], "lstm")
    twice = pd.concat([mock_intervals(), mock_intervals(rungs=("by_time",))])
    with pytest.raises(InputError, match=r"true_skill_statistic validation of lstm on BY_TIME is given 2 times"):
        climb(twice, [LADDER], "lstm")


def test_intervals_are_read(tmp_path):
    table = mock_intervals()
    table.loc[0, ["low", "high"]] = np.nan
    table.assign(study="s").to_csv(tmp_path / "intervals.csv", index=False)
    pd.testing.assert_frame_equal(read_intervals(tmp_path / "intervals.csv"), table[list(INTERVAL_COLUMNS)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="low_rotation"), "column low_rotation missing"),
        (lambda table: table.iloc[:0], "holds no row"),
        (lambda table: table.assign(value="much"), "column value: record 1 is 'much'"),
    ],
)
def test_bad_intervals_are_refused(tmp_path, change, message):
    change(mock_intervals()).to_csv(tmp_path / "intervals.csv", index=False)
    with pytest.raises(InputError, match=rf"intervals.csv: {message}"):
        read_intervals(tmp_path / "intervals.csv")
