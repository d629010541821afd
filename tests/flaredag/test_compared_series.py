from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.compared_series import DIFFERENCE_FIGURES, DIFFERENCE_KEY, key_of, name_of, read_differences
from flaredag.errors import InputError

DIFFERENCES = pd.DataFrame(
    [
        ("table7", "brier_score", "FUSED", "lstm", "", "ONLY", "lstm", "", "region", 0.02, -0.01, 0.05, 0.11, 0.08),
        ("table7", "brier_score", "FUSED", "lstm", "", "ONLY", "lstm", "", "rotation", 0.02, np.nan, 0.06, 0.2, 0.1),
    ],
    columns=[*DIFFERENCE_KEY, *DIFFERENCE_FIGURES],
)


def test_a_threshold_belongs_to_scores_of_yes_and_no_alone():
    at_fixed = {"dataset": "ONLY", "model": "lstm"}
    at_best = at_fixed | {"threshold": "validation"}
    assert key_of(at_fixed, "true_skill_statistic") == at_fixed | {"threshold": "fixed_0.5"}
    assert key_of(at_best, "true_skill_statistic") == at_best
    assert key_of(at_best, "brier_score") == at_fixed | {"threshold": ""}
    assert name_of(at_fixed) == "ONLY lstm"
    assert name_of(at_best) == "ONLY lstm (validation)"


def test_differences_are_read_as_they_were_written(tmp_path):
    DIFFERENCES.to_csv(tmp_path / "differences.csv", index=False)
    pd.testing.assert_frame_equal(read_differences(tmp_path / "differences.csv"), DIFFERENCES)


@pytest.mark.parametrize(
    ("differences", "message"),
    [
        (DIFFERENCES.drop(columns="block"), "differences.csv: .*block"),
        (DIFFERENCES.astype({"p": object}).assign(p="x"), r"differences.csv: column p: record 1 is 'x'"),
        (
            pd.concat([DIFFERENCES, DIFFERENCES.iloc[1:]]),
            r"differences.csv: 1 differences are given twice; the first is record 3. Name each pair once",
        ),
    ],
)
def test_what_is_no_table_of_differences_is_told(tmp_path, differences, message):
    differences.to_csv(tmp_path / "differences.csv", index=False)
    with pytest.raises(InputError, match=message):
        read_differences(tmp_path / "differences.csv")
