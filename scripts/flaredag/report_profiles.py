"""Caption of a figure of skill score profiles: its threshold, and what its series come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.errors import InputError
from flaredag.report_cells import ABBREVIATIONS, AT_THRESHOLD, UNDEFINED, number, words
from flaredag.report_inputs import rows_where
from flaredag.score_tables import CATEGORICAL_METRICS
from flaredag.verification_settings import PROFILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

TOLD = (
    "threshold",
    "true_skill_statistic",
    "balanced_accuracy",
    "heidke_skill_score",
    "area_under_roc_curve",
    "brier_score",
    "brier_skill_score",
)
SHOWN = (
    "Skill score profiles, ROC curve and reliability diagram of each model, with the samples in each bin; bands and "
    "error bars are the standard deviation over seeds."
)


def caption(figure: Mapping[str, Any], intervals: pd.DataFrame) -> str:
    """Caption of a figure of a study: its title, and of one of the kind `profiles` what it shows.

    Told then are threshold, TSS, BACC, HSS, AUC, BS and BSS of each series, mean and standard deviation over seeds, of
    `intervals` (flaredag.score_tables). Raises InputError where these lack a series.
    """
    if PROFILES not in figure:
        return figure["title"]
    threshold = figure[PROFILES]["threshold"]
    told = [_told(intervals, one, threshold, figure["name"]) for one in figure[PROFILES]["series"]]
    return f"{figure['title'].rstrip('.')}. {SHOWN} A{AT_THRESHOLD[threshold][1:]}: {'; '.join(told)}."


def _told(intervals: pd.DataFrame, one: Mapping[str, str], threshold: str, name: str) -> str:
    of_series = rows_where(intervals, dataset=one["dataset"], model=one["model"])
    if of_series.empty:
        raise InputError(
            f"figure {name}: intervals hold nothing of {one['dataset']} {one['model']}. Verify the study again."
        )
    figures = of_series.set_index(["metric", "threshold"])[["value", "sd"]].T.to_dict("list")
    texts = []
    for metric in TOLD:
        value, sd = figures.get((metric, threshold if metric in CATEGORICAL_METRICS else ""), (np.nan, np.nan))
        spread = "" if np.isnan(sd) else f" ± {number(sd)}"
        texts.append(f"{ABBREVIATIONS[metric]} {UNDEFINED if np.isnan(value) else number(value)}{spread}")
    return f"{words(one['model'])} on {one['dataset']}: {', '.join(texts)}"
