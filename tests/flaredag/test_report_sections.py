"""Sections of the report on made-up results of two seeds: means, counts, tests and digests, by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

import made_up_protocol
from flaredag.report_sections import comparisons, fits, samples, scores
from made_up_results import results_of, study_named, tables_in


def score(model: str, metric: str, value: float, *, n_seeds: int = 2, threshold: str = "fixed_0.5") -> dict:
    key = {"dataset": "A", "model": model, "threshold": threshold, "metric": metric}
    return key | {"value": value, "sd": 0.071, "n_seeds": n_seeds, "low": value - 0.1, "high": value + 0.1}


def test_scores_are_means_with_spread_and_interval_and_the_best_is_marked():
    rows = [score("lstm", "true_skill_statistic", 0.85), score("lstm", "false_alarm_ratio", 0.25, n_seeds=1)]
    rows += [score("logistic_regression", "true_skill_statistic", 0.65)]
    # Neither calibrated forecasts nor ensembles stand here.
    rows += [score(name, "true_skill_statistic", 0.99) for name in ("lstm.beta", "stack_brier_score")]
    at_half, at_chosen, _ = tables_in(scores(study_named("s"), pd.DataFrame(rows)))
    assert [column["title"] for column in at_half["columns"]] == ["Model", "TSS", "HSS", "ACC", "POD", "FAR", "POFD"]
    assert at_chosen["columns"][-1]["title"] == "threshold"
    assert at_chosen["rows"] == []
    group, lstm, regression = at_half["rows"]
    assert group == {"group": "A"}
    shown = {"mean": "0.850", "sd": "0.071", "n": "", "interval": "[0.750, 0.950]", "best": True}
    assert lstm["cells"][:2] == ["LSTM", shown]
    # The false alarm ratio is defined for one of the two seeds.
    assert lstm["cells"][5] == {"mean": "0.250", "sd": "0.071", "n": "1", "interval": "[0.150, 0.350]", "best": False}
    assert regression["cells"][1]["best"] is False
    assert regression["cells"][2] == "\N{EN DASH}"


def test_a_figure_without_interval_is_shown_without():
    row = score("lstm", "true_skill_statistic", 0.85) | {"low": float("nan"), "high": float("nan")}
    at_half, *_ = tables_in(scores(study_named("s"), pd.DataFrame([row])))
    assert at_half["rows"][1]["cells"][1]["interval"] == ""


def test_counts_of_records_and_samples_are_shown(tmp_path):
    blocks = samples(study_named("s"), results_of(tmp_path))
    instruments, windows, evolution, of_instruments, splits = tables_in(blocks)
    assert windows["rows"] == [{"cells": ["windows possible", "99,999"]}]
    assert [row["cells"] for row in instruments["rows"]] == [["records", "88,888"], ["records kept", "77,777"]]
    assert evolution["rows"][0] == {"cells": ["QUIET", "12,345", "0", "7"]}
    assert of_instruments["rows"] == [{"cells": ["SHARP", "7", "12,345", "0.0006"]}]
    assert [row["cells"][0] for row in splits["rows"]] == ["B", "A"]
    assert splits["rows"][0]["cells"][1]["mean"] == "5"


def test_windows_of_two_tasks_have_a_table_a_pair_and_records_one_of_each_instrument():
    content = {
        "evolution": {
            f"{name} {task}": {"QUIET->WEAK": 1000 + number}
            for number, (name, task) in enumerate(
                (name, task) for task in ("strong_vs_quiet", "operational") for name in ("sharp", "smarp")
            )
        },
        "samples": {"smarp operational": {"positive": 1, "negative": 3, "event_rate": 0.25}},
        "records": {name: {"records": n} for name, n in (("all", 5), ("smarp", 20), ("sharp", 30))},
    }
    results = SimpleNamespace(samples=content, index={})
    instruments, windows, *evolution, of_instruments = tables_in(samples(study_named("s"), results))  # type: ignore[arg-type]
    assert [column["title"] for column in instruments["columns"]] == ["Count", "SMARP", "SHARP"]
    assert instruments["rows"] == [{"cells": ["records", "20", "30"]}]
    assert windows["rows"] == [{"cells": ["records", "5"]}]
    assert [table["spans"] for table in evolution] == [
        [("", 1), (f"SHARP, {task}", 3), (f"SMARP, {task}", 3)] for task in ("strong vs quiet", "operational")
    ]
    assert [table["rows"][0]["cells"] for table in evolution] == [
        ["QUIET", "0", "1,000", "0", "0", "1,001", "0"],
        ["QUIET", "0", "1,002", "0", "0", "1,003", "0"],
    ]
    assert of_instruments["rows"] == [{"cells": ["SMARP, operational", "1", "3", "0.2500"]}]


def compared(tests: pd.DataFrame) -> list[dict]:
    results = SimpleNamespace(comparisons=tests)
    return comparisons(made_up_protocol.study_with_ladders(), results)  # type: ignore[arg-type]


def test_a_pair_has_one_line_with_every_test_and_is_bold_where_its_adjusted_p_is_below_the_level():
    (table,) = tables_in(compared(made_up_protocol.comparisons()))
    # The family of the declared leaks stands with the audit.
    assert table["caption"] == "Is it better?"
    titles = [column["title"] for column in table["columns"]]
    assert titles == ["a", "b", "a \N{MINUS SIGN} b", "t", "corrected t", "regions", "detectable"]
    assert sum(n for _, n in table["spans"]) == len(titles)
    group, balanced, natural, *others = table["rows"]
    assert group == {"group": "TSS"}
    assert len(others) == 4
    difference = {"mean": "+0.020", "sd": "", "n": "", "best": False, "interval": "[\N{MINUS SIGN}0.010, +0.050]"}
    p_values = [{"text": text, "style": "strong"} for text in ("0.0010", "0.0400", "0.0100")]
    assert balanced["cells"] == ["BALANCED LSTM", "BALANCED logistic regression", difference, *p_values, "0.040"]
    assert natural["cells"][5] == {"text": "0.3000", "style": "plain"}


def test_a_family_is_answered_by_its_resampled_regions():
    tests = made_up_protocol.comparisons()
    regions = tests[(tests["test"] == "region_block_bootstrap") & (tests["family"] != "declared_leaks")]
    answer = next(block["text"] for block in compared(tests) if block.get("text", "").startswith("Is it better?"))
    # One of them has p 0.01 after Holm; which interval lies below 0 is told by its upper end.
    assert answer.startswith(
        f"Is it better? By resampled regions a is better than b by more than chance in "
        f"{int((regions['p_holm'] < 0.05).sum())} of {len(regions)} comparisons (p < 0.05 after Holm's correction): "
        "BALANCED LSTM in TSS"
    )
    n_worse = int((regions["high"] < 0).sum())
    assert answer.endswith(f"In {n_worse or 'none'} the 95 % interval lies below 0.")


def test_a_test_that_was_not_made_of_a_pair_is_a_dash():
    tests = made_up_protocol.comparisons()
    is_first = tests["a"] == "BALANCED lstm"
    (table,) = tables_in(compared(tests[~(is_first & (tests["test"] == "region_block_bootstrap"))]))
    assert table["rows"][1]["cells"][5]["text"] == "\N{EN DASH}"
    # The difference is that of the first test.
    assert table["rows"][1]["cells"][2]["mean"] == "+0.020"


def test_without_tests_there_is_no_section():
    tests = made_up_protocol.comparisons()
    assert compared(tests[tests["family"] == "declared_leaks"]) == []


def test_fits_are_told_by_twelve_digits_of_their_digests(tmp_path):
    (table,) = fits(results_of(tmp_path))
    digests = [{"text": "0123456789ab", "style": "code"}, {"text": "fedcba", "style": "code"}]
    assert table["rows"] == [{"cells": ["A", "LSTM", "0\N{EN DASH}1", *digests]}]
