"""Which keyword a standardised column is: the one of which its values are a linear function, sample for sample.

A z-score (Liu et al. 2019, eq. 7) hides unit and size of a keyword, but not its course. Where the keywords of the same
region and time are known from another table, the column follows one of them to its last digit, and slope and intercept
are the standard deviation and the mean by which it was standardised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

# Half of the cadence of 12 minutes: times of samples are those of the observation, a minute or two before T_REC.
GREATEST_DISTANCE = pd.Timedelta(minutes=6)
# In standard deviations: 2e-6 where keywords are rounded to float32, 0.01 and more for the next like keyword.
GREATEST_RESIDUAL = 1e-5
# Of fewer samples any two keywords may be linear functions of each other.
LEAST_SAMPLES = 10
# Relative; float32 rounds by 6e-8.
GREATEST_ROUNDING = 1e-7
KEY_TYPES = {"region": "int64", "time": "datetime64[s]"}
MATCH_COLUMNS = ("keyword", "n_matched", "residual", "mean", "standard_deviation")


def keywords_of_samples(samples: pd.DataFrame, records: pd.DataFrame, keywords: Sequence[str]) -> pd.DataFrame:
    """Keywords of each sample, (sample, keyword), from the record of its region that is nearest in time.

    Both tables have `region` and `time`, UTC. NaN where no record lies within 6 minutes.
    """
    order = np.argsort(samples["time"].to_numpy(), kind="stable")
    of_samples = samples.iloc[order][["region", "time"]].astype(KEY_TYPES)
    own = records[records["region"].isin(samples["region"])].astype(KEY_TYPES)
    joined = pd.merge_asof(
        of_samples,
        own[["region", "time", *keywords]].sort_values("time", kind="stable"),
        on="time",
        by="region",
        direction="nearest",
        tolerance=GREATEST_DISTANCE,
    )
    return joined[list(keywords)].iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def matched_columns(features: pd.DataFrame, keywords: pd.DataFrame) -> pd.DataFrame:
    """Which keyword each column of `features`, (sample, column), is: a row a column, columns `MATCH_COLUMNS`.

    `keywords` is (sample, keyword), NaN where unknown; samples with all of them count (`n_matched`). `residual` is the
    greatest deviation from the straight line of the best keyword, in the standard deviations by which the column was
    divided; above 1e-5 the keyword is empty and mean and standard deviation (in its unit) are NaN, as where a column is
    constant, falls where the keyword rises, or has less than 10 samples.
    """
    known = keywords.notna().all(axis=1).to_numpy()
    column, keyword = (table.to_numpy(dtype=np.float64)[known] for table in (features, keywords))
    names = list(keywords.columns)
    rows = []
    for position in range(column.shape[1]):
        row = {"keyword": "", "n_matched": int(known.sum()), "residual": np.nan}
        row |= {"mean": np.nan, "standard_deviation": np.nan}
        values = column[:, position]
        if known.sum() >= LEAST_SAMPLES and np.ptp(values) > 0:
            slope, intercept, residual = _lines(values, keyword)
            best = int(np.argmin(residual))
            row["residual"] = float(residual[best])
            if residual[best] <= GREATEST_RESIDUAL:
                row |= {
                    "keyword": names[best],
                    "mean": float(intercept[best]),
                    "standard_deviation": float(slope[best]),
                }
        rows.append(row)
    return pd.DataFrame(rows, columns=list(MATCH_COLUMNS), index=features.columns)


def time_of_value(records: pd.DataFrame, keyword: str, value: float) -> pd.Timestamp | None:
    """Time, UTC, of the one record whose `keyword` is `value` but for rounding; None if there is none, or several."""
    same = np.abs(records[keyword].to_numpy() - value) <= GREATEST_ROUNDING * abs(value)
    return pd.Timestamp(records.loc[same, "time"].iloc[0]) if same.sum() == 1 else None


def _lines(values: np.ndarray, keyword: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slope, intercept and greatest residual over slope of each keyword on `values`, (keyword,), by least squares.

    The residual is infinite where the slope is not positive.
    """
    deviation = values - values.mean()
    mean = keyword.mean(axis=0)
    slope = (deviation[:, np.newaxis] * (keyword - mean)).sum(axis=0) / (deviation**2).sum()
    intercept = mean - slope * values.mean()
    greatest = np.abs(keyword - intercept - slope * values[:, np.newaxis]).max(axis=0)
    return slope, intercept, np.where(slope > 0, greatest / np.where(slope > 0, slope, 1.0), np.inf)
