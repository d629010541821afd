"""Diagnostic diagrams of probability forecasts as one table: CORP reliability, histogram, economic value, Murphy.

Tables: `DIAGNOSTIC_COLUMNS`, one row a point of a diagram, and `DECOMPOSITION_COLUMNS`, one row a series. Bounds are
those of whole blocks, drawn with replacement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.block_bootstrap import bounds
from flaredag.errors import InputError
from flaredag.murphy import THRESHOLDS, elementary_score, table_of_climatology
from flaredag.reliability import bounds_of_miscalibration, corp_reliability
from flaredag.resampled_counts import resampled_contingency_tables, resampled_counts
from flaredag.tables import numbers, read_raw_csv
from flaredag.value import potential_economic_value, relative_economic_value

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

DIAGNOSTIC_COLUMNS = ("dataset", "model", "diagram", "x", "y", "low", "high", "n")
# `blocks`: what was resampled (flaredag.forecast_blocks).
DECOMPOSITION_COLUMNS = (
    "dataset",
    "model",
    "blocks",
    "brier_score",
    "miscalibration",
    "discrimination",
    "uncertainty",
    "low_miscalibration",
    "high_miscalibration",
    "low_discrimination",
    "high_discrimination",
)

# Values of the column `diagram`, in the order in which they are written.
CORP = "corp"  # event rate (y) given the forecast (x)
HISTOGRAM = "histogram"  # share of the forecasts (y) in a bin about x
VALUE = "value"  # value (y) to users who act above their cost/loss ratio (x)
POTENTIAL_VALUE = "potential_value"  # the same at the threshold that serves each user best
MURPHY = "murphy"  # elementary score (y) at a threshold (x)
MURPHY_OF_CLIMATOLOGY = "murphy_of_climatology"  # the same of the constant forecast of the event rate
DIAGRAMS = (CORP, HISTOGRAM, VALUE, POTENTIAL_VALUE, MURPHY, MURPHY_OF_CLIMATOLOGY)
N_HISTOGRAM_BINS = 20


def diagnose(
    label: NDArray[np.int8],
    probability: FloatArray,
    block: NDArray[np.int64],
    weights: NDArray[np.float32],
    *,
    level: float,
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Points of all diagrams (diagram, x, y, low, high, n), and the CORP decomposition of the Brier score.

    `label`, `probability` and `block` are (sample,), `weights` (resample, block) as of
    flaredag.block_bootstrap.block_weights. Bounds are percentile bounds at `level`, but those of
    miscalibration are freed from overfit (flaredag.reliability). Value is NaN where only one
    outcome occurred.
    """
    corp = corp_reliability(label, probability, block, weights)
    tables = resampled_contingency_tables(label, probability, block, weights, thresholds=THRESHOLDS)
    levels = corp.levels
    by_level = resampled_counts(label, levels.which, block, weights, n_bins=len(levels.n))
    n_in_bin, edges = np.histogram(probability, bins=N_HISTOGRAM_BINS, range=(0.0, 1.0))
    climatology = elementary_score(table_of_climatology(tables, thresholds=THRESHOLDS), thresholds=THRESHOLDS)
    over_thresholds = {
        VALUE: relative_economic_value(tables, cost_loss_ratios=THRESHOLDS),
        POTENTIAL_VALUE: potential_economic_value(by_level, cost_loss_ratios=THRESHOLDS),
        MURPHY: elementary_score(tables, thresholds=THRESHOLDS),
        MURPHY_OF_CLIMATOLOGY: climatology,
    }
    histogram = {"diagram": HISTOGRAM, "x": (edges[:-1] + edges[1:]) / 2, "y": n_in_bin / len(label)}
    parts = [
        _points(CORP, levels.forecast, corp.event_rate, level=level, n=levels.n),
        pd.DataFrame(histogram | {"low": np.nan, "high": np.nan, "n": n_in_bin}),
        *(
            _points(name, THRESHOLDS, figures, level=level, n=np.full(len(THRESHOLDS), len(label)))
            for name, figures in over_thresholds.items()
        ),
    ]
    low_miscalibration, high_miscalibration = bounds_of_miscalibration(corp, level=level)
    low_discrimination, high_discrimination = (float(bound) for bound in bounds(corp.discrimination[1:], level=level))
    decomposition = {
        "brier_score": float(corp.brier_score[0]),
        "miscalibration": float(corp.miscalibration[0]),
        "discrimination": float(corp.discrimination[0]),
        "uncertainty": float(corp.uncertainty[0]),
        "low_miscalibration": low_miscalibration,
        "high_miscalibration": high_miscalibration,
        "low_discrimination": low_discrimination,
        "high_discrimination": high_discrimination,
    }
    return pd.concat(parts, ignore_index=True), decomposition


def read_diagnostics(path: str | Path) -> pd.DataFrame:
    """Points with `DIAGNOSTIC_COLUMNS`, in the order of drawing; numbers are NaN where undefined.

    Raises InputError on a missing column, a diagram that nobody knows, what is no number, or no row.
    """
    diagnostics = _read(path, DIAGNOSTIC_COLUMNS, texts=("dataset", "model", "diagram"))
    unknown = sorted(set(diagnostics["diagram"]) - set(DIAGRAMS))
    if unknown:
        raise InputError(f"{path}: unknown diagram {', '.join(unknown)}; known are {', '.join(DIAGRAMS)}.")
    return diagnostics


def read_decomposition(path: str | Path) -> pd.DataFrame:
    """Decompositions with `DECOMPOSITION_COLUMNS`, one row a series; raises InputError as `read_diagnostics`."""
    return _read(path, DECOMPOSITION_COLUMNS, texts=("dataset", "model", "blocks"))


def _points(diagram: str, x: FloatArray, resampled: FloatArray, *, level: float, n: NDArray[np.int64]) -> pd.DataFrame:
    """Points of a curve, (1 + resample, point), whose row 0 is of the samples as they are."""
    low, high = bounds(resampled[1:], level=level)
    return pd.DataFrame({"diagram": diagram, "x": x, "y": resampled[0], "low": low, "high": high, "n": n})


def _read(path: str | Path, columns: tuple[str, ...], *, texts: tuple[str, ...]) -> pd.DataFrame:
    table = read_raw_csv(path, columns)
    if table.empty:
        raise InputError(f"{path}: holds no row. Delete the file to have it made again.")
    return table.assign(**{name: numbers(table[name], path=path) for name in columns if name not in texts})
