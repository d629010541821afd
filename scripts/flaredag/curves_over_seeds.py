"""Curves and scores of verification over seeds: mean and standard deviation of each point."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from flaredag.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


class CurveOverSeeds(NamedTuple):
    """Mean and standard deviation over seeds of a curve, each (point,); NaN where no seed, or one, has the point."""

    x: FloatArray
    y: FloatArray
    y_sd: FloatArray
    n: FloatArray


def curve_over_seeds(curves: pd.DataFrame, *, dataset: str, model: str, curve: str) -> CurveOverSeeds:
    """Summarise one curve of `curves` (columns of flaredag.score_tables) over seeds; `n` is a mean too.

    Raises InputError if there is no such curve or its seeds differ in their number of points.
    """
    rows = curves[(curves["dataset"] == dataset) & (curves["model"] == model) & (curves["curve"] == curve)]
    if rows.empty:
        series = (curves["dataset"] + " " + curves["model"]).unique()
        raise InputError(
            f"no {curve} curve of {dataset} {model}; there are curves of {', '.join(series)}. Mend the data set or "
            "model in the study, or verify it first."
        )
    points = [np.asarray(points[["x", "y", "n"]], dtype=np.float64) for _, points in rows.groupby("seed", sort=True)]
    if len({len(of_seed) for of_seed in points}) > 1:
        raise InputError(
            f"the {curve} curve of {dataset} {model} has {', '.join(str(len(of_seed)) for of_seed in points)} points "
            "in its seeds; wanted as many in each. Verify the study anew."
        )
    x, y, n = np.moveaxis(np.stack(points), -1, 0)
    y_mean, y_sd = mean_and_standard_deviation(y)
    return CurveOverSeeds(mean_and_standard_deviation(x)[0], y_mean, y_sd, n.mean(axis=0))


def mean_and_standard_deviation(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (of a sample, n - 1) over the first dim, the seeds; undefined values left out.

    The mean of nothing is NaN, and so is the standard deviation of fewer than two.
    """
    known = ~np.isnan(values)
    n = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.where(n > 0, n, np.nan)
    squares = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0)
    return mean, np.sqrt(squares / np.where(n > 1, n - 1, np.nan))


def with_spread(figures: pd.Series) -> str:
    """Text of mean and standard deviation over seeds, three digits each."""
    mean, sd = mean_and_standard_deviation(figures.to_numpy())
    if np.isnan(mean):
        return "undefined"
    return (f"{mean:z.3f}" if np.isnan(sd) else f"{mean:z.3f} ± {sd:.3f}").replace("-", "\N{MINUS SIGN}")
