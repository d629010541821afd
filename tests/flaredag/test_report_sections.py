"""Sections of the report on made-up results of two seeds: means, counts, tests and digests, by hand."""

from __future__ import annotations

from flaredag.report_sections import comparisons, fits, samples, scores
from made_up_results import results_of, study_named, tables_in


def test_scores_are_means_with_spread_and_the_best_is_marked(tmp_path):
    at_half, at_chosen, _ = tables_in(scores(study_named("s"), results_of(tmp_path)))
    assert [column["title"] for column in at_half["columns"]] == ["Model", "TSS", "HSS", "ACC", "POD", "FAR", "POFD"]
    assert at_chosen["columns"][-1]["title"] == "threshold"
    group, lstm, regression = at_half["rows"][3:]
    assert group == {"group": "A"}
    # 0.8 and 0.9: mean 0.85, sample standard deviation 0.05 * sqrt(2). The false alarm ratio of seed 1 is undefined.
    assert lstm["cells"][:2] == ["LSTM", {"mean": "0.850", "sd": "0.071", "n": "", "best": True}]
    assert lstm["cells"][5] == {"mean": "0.250", "sd": "", "n": "1", "best": False}
    assert regression["cells"][1]["best"] is False


def test_counts_of_records_and_samples_are_shown(tmp_path):
    blocks = samples(study_named("s"), results_of(tmp_path))
    instruments, windows, evolution, of_instruments, splits = tables_in(blocks)
    assert windows["rows"] == [{"cells": ["windows possible", "99,999"]}]
    assert [row["cells"] for row in instruments["rows"]] == [["records", "88,888"], ["records kept", "77,777"]]
    assert evolution["rows"][0] == {"cells": ["QUIET", "12,345", "0", "7"]}
    assert of_instruments["rows"] == [{"cells": ["SHARP", "7", "12,345", "0.0006"]}]
    assert [row["cells"][0] for row in splits["rows"]] == ["B", "A"]
    assert splits["rows"][0]["cells"][1]["mean"] == "5"


def test_a_test_is_bold_where_its_adjusted_p_is_below_the_level(tmp_path):
    (table,) = tables_in(comparisons(study_named("s"), results_of(tmp_path)))
    assert table["caption"] == "Is it better?"
    group, of_a, of_b = table["rows"]
    assert group == {"group": "TSS"}
    assert of_a["cells"] == [
        "A LSTM",
        "A logistic regression",
        "+0.200",
        "+0.100 to +0.300",
        "9.00",
        "0.0100",
        {"text": "0.0200", "style": "strong"},
    ]
    assert of_b["cells"][-1] == {"text": "0.9000", "style": "plain"}


def test_fits_are_told_by_twelve_digits_of_their_digests(tmp_path):
    (table,) = fits(results_of(tmp_path))
    digests = [{"text": "0123456789ab", "style": "code"}, {"text": "fedcba", "style": "code"}]
    assert table["rows"] == [{"cells": ["A", "LSTM", "0\N{EN DASH}1", *digests]}]
