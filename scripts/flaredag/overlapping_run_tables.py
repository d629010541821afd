"""Tables of overlapping runs: the mean and spread of scores over them, and one model compared with another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaredag.numeric_tables import read_numeric_csv
from flaredag.score_tables import TOLD_CATEGORICAL, TOLD_PROBABILISTIC

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

RUN_METRICS = (*TOLD_CATEGORICAL, *TOLD_PROBABILISTIC)

# `threshold` is empty for a metric that needs none. The shares are those of the samples of one run that are in another.
RUN_NUMBERS = ("threshold_value", "mean", "sd", "n_runs", "n_fits", "training_shared", "test_shared")
RUN_COLUMNS = ("dataset", "model", "metric", "threshold", *RUN_NUMBERS)

WILCOXON = "wilcoxon_signed_rank"
# Tests by resampled blocks, and the kind of block (`flaredag.resampled_series`).
BLOCK_TESTS = {"region_block_bootstrap": "region", "rotation_block_bootstrap": "rotation"}
RUN_TESTS = (WILCOXON, *BLOCK_TESTS)
# `n`: the runs that are paired, or the blocks that are drawn.
RUN_COMPARISON_NUMBERS = ("difference", "statistic", "p", "low", "high", "n")
RUN_COMPARISON_COLUMNS = ("dataset", "metric", "threshold", "a", "b", "test", *RUN_COMPARISON_NUMBERS)


def read_runs(path: str | Path) -> pd.DataFrame:
    """Scores over overlapping runs, columns `RUN_COLUMNS`; InputError where the file is another."""
    return read_numeric_csv(path, RUN_COLUMNS, RUN_NUMBERS)


def read_run_comparisons(path: str | Path) -> pd.DataFrame:
    """Comparisons over overlapping runs, columns `RUN_COMPARISON_COLUMNS`; InputError where the file is another."""
    return read_numeric_csv(path, RUN_COMPARISON_COLUMNS, RUN_COMPARISON_NUMBERS)
