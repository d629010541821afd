"""Anybody's forecasts -> scores with intervals, curves, comparisons, and diagrams of calibration and value."""

import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.diagnostics import DECOMPOSITION_COLUMNS, DIAGNOSTIC_COLUMNS, diagnose
from flaredag.forecast_blocks import NONE, chosen_blocks, rotation_blocks, weights_of
from flaredag.forecast_comparisons import compare_with_best
from flaredag.forecast_scores import curves_of, intervals_of, scores_of, series_of
from flaredag.joblog import Progress, job_log
from flaredag.predictions import read_predictions
from flaredag.score_tables import CURVE_COLUMNS, SCORE_COLUMNS

LOG = logging.getLogger("flaredag")
DATASET, PROTOCOL = "FORECASTS", "as_given"


class Verification(NamedTuple):
    """Tables of a verification, in the order in which they are written."""

    scores: pd.DataFrame
    intervals: pd.DataFrame
    curves: pd.DataFrame
    comparisons: pd.DataFrame
    diagnostics: pd.DataFrame
    decomposition: pd.DataFrame


def verify_forecasts(forecasts: pd.DataFrame, *, resamples: int, seed: int, level: float) -> Verification:
    """Verify the test split of `forecasts` (columns of flaredag.predictions), a region in two splits or not.

    Intervals are those of whole blocks drawn with replacement (flaredag.forecast_blocks chooses them), `level` is their
    coverage. Diagrams pool the seeds of a model.
    """
    test, series = series_of(forecasts)
    blocks, rotations = chosen_blocks(test), rotation_blocks(test)
    LOG.info("%d test forecasts in %d series; intervals by %d %s", len(test), len(series), blocks.n, blocks.kind)
    if blocks.kind == NONE:
        LOG.warning("the forecasts span fewer than ten days and ten regions: there are no intervals")
    scores = scores_of(series)
    chance = {"resamples": resamples, "seed": seed}
    intervals = intervals_of(series, scores, blocks, rotations, **chance, level=level)
    skill = scores[scores["metric"] == "brier_skill_score"].groupby("model")["value"].mean()
    comparisons = compare_with_best(
        test, series, {str(model): float(value) for model, value in skill.items()}, blocks, **chance, level=level
    )
    weights = weights_of(blocks, **chance)
    points, components = [], []
    models = list(dict.fromkeys(one.model for one in series))
    progress = Progress(LOG, "diagnose forecasts", len(models))
    for model in models:
        own = [one for one in series if one.model == model]
        label, probability, row = (
            np.concatenate([getattr(one, name) for one in own]) for name in ("label", "probability", "row")
        )
        of_model, components_of_model = diagnose(label, probability, blocks.block[row], weights, level=level)
        points.append(of_model.assign(model=model))
        components.append({"model": model, "blocks": blocks.kind} | components_of_model)
        progress.advance()
    given = {"archive": "", "study": "", "dataset": DATASET, "protocol": PROTOCOL}
    return Verification(
        scores=scores.assign(**given)[list(SCORE_COLUMNS)],
        intervals=intervals,
        curves=curves_of(series).assign(dataset=DATASET)[list(CURVE_COLUMNS)],
        comparisons=comparisons,
        diagnostics=pd.concat(points, ignore_index=True).assign(dataset=DATASET)[list(DIAGNOSTIC_COLUMNS)],
        decomposition=pd.DataFrame(components).assign(dataset=DATASET)[list(DECOMPOSITION_COLUMNS)],
    )


def main(predictions: str | Path, outputs: dict[str, str], *, resamples: int, seed: int, level: float) -> None:
    """Read predictions, write each table of `Verification` to the path under its name."""
    forecasts = read_predictions(predictions, region_in_two_splits_allowed=True)
    for name, table in verify_forecasts(forecasts, resamples=resamples, seed=seed, level=level)._asdict().items():
        write_csv(outputs[name], table, float_format="%.10g")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.predictions,
            dict(snakemake.output.items()),
            resamples=snakemake.params.settings["resamples"],
            seed=snakemake.params.settings["seed"],
            level=snakemake.params.settings["level"],
        )
