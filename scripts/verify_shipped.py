"""Forecasts that a paper's authors shipped, as labels -> scores by our verification, beside the paper's own figures."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.block_bootstrap import block_weights, bounds, resampled_scores
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.score_tables import TOLD_CATEGORICAL, TOLD_PROBABILISTIC
from flaredag.shipped_forecasts import read_curated_forecasts
from flaredag.shipped_results import SHIPPED_SCORE_COLUMNS
from flaredag.shipped_tables import ShippedTable, read_shipped_tables
from flaredag.verification import UNDEFINED_BECAUSE, categorical_scores, contingency_table

LOG = logging.getLogger("flaredag")

# A label is 1 or 0, and an event is forecast above this.
BETWEEN_LABELS = 0.5
LEAST_REGIONS = 2
ONLY_LABELS = "the authors shipped labels, which are no probabilities"
ONE_REGION = "no interval: all samples are of one region, and no other can be drawn"


def verify_shipped(
    forecasts: pd.DataFrame, table: ShippedTable, *, resamples: int, seed: int, level: float
) -> pd.DataFrame:
    """Scores of the forecasts of one table, columns `SHIPPED_SCORE_COLUMNS` without `table`: a row a count and a score.

    Intervals (`low`, `high`) are by bootstrap of whole regions at `level`. `why` tells why a score or its interval is
    not defined; scores of probabilities never are, as the forecasts are labels.
    """
    label = forecasts["label"].to_numpy(dtype=np.int8)
    probability = forecasts["forecast"].to_numpy(dtype=np.float64)
    counted = contingency_table(label, probability, thresholds=BETWEEN_LABELS)
    scores = {name: float(values) for name, values in categorical_scores(counted).items()}
    values = (
        counted._asdict()
        | {name: scores[name] for name in TOLD_CATEGORICAL}
        | dict.fromkeys(TOLD_PROBABILISTIC, np.nan)
    )
    regions, block = np.unique(forecasts["region"], return_inverse=True)
    resampled: Mapping[str, np.ndarray] = {}
    if len(regions) >= LEAST_REGIONS:
        weights = block_weights(len(regions), resamples=resamples, seed=seed)
        resampled = resampled_scores(label, probability, block, weights, thresholds=[BETWEEN_LABELS])
    rows = []
    for metric, value in values.items():
        row = {"metric": metric, "value": float(value), "low": np.nan, "high": np.nan, "why": ""}
        if metric in TOLD_PROBABILISTIC:
            row["why"] = ONLY_LABELS
        elif np.isnan(row["value"]):
            row["why"] = UNDEFINED_BECAUSE[metric]
        elif metric in TOLD_CATEGORICAL:
            if metric in resampled:
                row |= dict(zip(("low", "high"), map(float, bounds(resampled[metric][:, 0], level=level)), strict=True))
            else:
                row["why"] = ONE_REGION
        row |= dict(zip(("published", "published_sd"), table.published.get(metric, (np.nan, np.nan)), strict=True))
        rows.append(row)
    told = {"least_class": table.least_class, "threshold": table.threshold}
    told |= {"n_samples": len(label), "n_events": int(label.sum()), "n_regions": len(regions)}
    return pd.DataFrame(rows).assign(**told)[list(SHIPPED_SCORE_COLUMNS[1:])]


def main(forecasts: str, facts: Sequence[str], scores: str, *, resamples: int, seed: int, level: float) -> None:
    """Read curated forecasts and the facts on their tables (or none), write `scores` (CSV)."""
    read = read_curated_forecasts(forecasts)
    parts = [pd.DataFrame(columns=list(SHIPPED_SCORE_COLUMNS))]
    for path in facts:
        tables = {name: table for name, table in read_shipped_tables(path).tables.items() if table.forecasts}
        if set(read["table"]) != set(tables):
            raise InputError(
                f"{forecasts}: forecasts of {', '.join(sorted(set(read['table'])))}; {path} tells of "
                f"{', '.join(tables)}. Delete the first to have it made again."
            )
        for name, table in tables.items():
            own = read[read["table"] == name]
            parts.append(verify_shipped(own, table, resamples=resamples, seed=seed, level=level).assign(table=name))
    table = pd.concat(parts[1:] or parts)[list(SHIPPED_SCORE_COLUMNS)]
    LOG.info("%s: %d scores of %d tables", scores, len(table), table["table"].nunique())
    write_csv(scores, table, float_format="%.10g")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.forecasts,
            list(snakemake.input.facts),
            snakemake.output.scores,
            **snakemake.params.settings,
        )
