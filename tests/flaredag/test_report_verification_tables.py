"""Tables of a verification."""

import numpy as np
import pandas as pd

from flaredag.forecast_scores import INTERVAL_COLUMNS, read_intervals
from flaredag.report_cells import MINUS
from flaredag.report_verification_tables import audit_blocks, blocks_in_words, comparisons_blocks, scores_blocks
from made_up_forecasts import forecasts_of_regions, verified


def rows_of(blocks, caption: str) -> list[list]:
    return next([row["cells"] for row in b["rows"]] for b in blocks if caption in b.get("caption", ""))


def test_scores_with_their_intervals_by_blocks_and_by_rotations(tmp_path):
    intervals = read_intervals(verified(tmp_path, forecasts_of_regions(leak=False)) / "intervals.csv")
    blocks = scores_blocks(intervals, level=0.95)
    (cells,) = rows_of(blocks, "Scores of the probabilities")
    one = intervals[intervals["metric"] == "brier_skill_score"].iloc[0]
    assert cells[0] == "mine"
    assert cells[1]["mean"] == f"{one['value']:.3f}".replace("-", MINUS)
    assert cells[1]["interval"] == f"[{one['low']:.3f}, {one['high']:.3f}]".replace("-", MINUS)
    headings = [column["title"] for column in blocks[1]["columns"]]
    # A training split is given.
    assert headings == ["Model", "BSS", "BSS train", "AUC", "BS"]
    assert rows_of(blocks, "best TSS on the validation split")
    assert "20 regions, drawn whole" in blocks[0]["text"]
    (rotations,) = rows_of(blocks, "Carrington rotations")
    assert rotations[1] == f"[{one['low_rotation']:.3f}, {one['high_rotation']:.3f}]".replace("-", MINUS)


def test_blocks_in_words():
    row = dict.fromkeys(INTERVAL_COLUMNS, 0) | {"blocks": "none"}
    assert blocks_in_words(pd.DataFrame([row])).startswith("nothing: fewer than 10")


def test_comparisons_bold_where_significant():
    row = {"metric": "brier_skill_score", "a": "x_1", "b": "y", "test": "block_bootstrap", "statistic": np.nan}
    row |= {"difference": 0.1, "p": 0.001, "low": -0.05, "high": 0.2, "detectable_difference": 0.3, "n_samples": 1000}
    table = pd.DataFrame([row | {"p_holm": 0.002}, row | {"b": "z", "p_holm": 0.06, "p": np.nan}])
    blocks = comparisons_blocks(table)
    first, second = rows_of(blocks, "x_1 against each other model: BSS")
    assert first[:3] == ["y", "+0.100", f"{MINUS}0.050 to +0.200"]
    assert first[4] == {"text": "0.0020", "style": "strong"}
    assert second[4]["style"] == "plain"
    assert first[-1] == "1,000"
    assert comparisons_blocks(table.iloc[:0]) == []


def test_audit_outcomes_are_marked():
    findings = [("region_in_two_splits", "F", "leak", 3, "told"), ("label_differs", "F", "clean", 1200, "none")]
    audit = pd.DataFrame(findings, columns=["check", "subject", "outcome", "n", "text"])
    leak, clean = rows_of(audit_blocks(audit), "What was looked for")
    assert leak == ["region in two splits", {"text": "leak", "style": "bad"}, "3", "told"]
    assert clean[1]["style"] == "good"
    assert clean[2] == "1,200"
