"""Sections of the report on the samples, scores, comparisons and fits of a study: blocks of flaredag.report_cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.ensemble_names import ensemble_models
from flaredag.report_cells import (
    ABBREVIATIONS,
    MINUS,
    UNDEFINED,
    Block,
    count,
    counts_table,
    mean_and_sd,
    mean_count,
    number,
    number_columns,
    ordered,
    p_value,
    paragraph,
    ranges,
    signed,
    styled,
    table,
    text_columns,
    wide_column,
    words,
)
from flaredag.report_inputs import Results, Study, rows_where
from flaredag.score_tables import FIXED_THRESHOLD, VALIDATION_THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

CATEGORICAL = (
    "true_skill_statistic",
    "heidke_skill_score",
    "accuracy",
    "probability_of_detection",
    "false_alarm_ratio",
    "probability_of_false_detection",
)
PROBABILISTIC = (
    "area_under_roc_curve",
    "brier_skill_score",
    "brier_skill_score_training_climatology",
    "brier_score",
    "reliability",
    "resolution",
    "uncertainty",
)
# Whether the best mean is the greatest or the least. In the metrics left out a forecast of nothing can be best.
BEST = {
    "true_skill_statistic": max,
    "heidke_skill_score": max,
    "accuracy": max,
    "area_under_roc_curve": max,
    "brier_skill_score": max,
    "brier_skill_score_training_climatology": max,
    "brier_score": min,
}
# Counts of what was left out and kept of records and windows, in the order of reading; others follow them.
COUNTS = {
    "records": "records",
    "records_beyond_longitude": "left out: beyond the longitude limit",
    "records_of_bad_quality": "left out: bad QUALITY",
    "records_outside_period": "left out: outside the period of the study",
    "records_kept": "records kept",
    "records_with_missing_keywords": "of these, without one of the keywords used",
    "records_without_quality": "records whose QUALITY the source does not give",
    "records_without_longitude": "records whose longitudes the source does not give",
    "windows_possible": "windows possible",
    "windows_with_last_record_bad": "left out: last record bad or absent",
    "windows_with_too_many_bad_records": "left out: too many records bad or absent",
    "windows_kept": "windows kept",
    "windows_with_filled_records": "of these, with a bad or absent record filled",
}
GROUPS = {"all": "Windows of all instruments."}
ACTIVITY = ("QUIET", "WEAK", "STRONG")
SPLITS = ("train", "validation", "test")
DIGEST_DIGITS_SHOWN = 12


def samples(study: Study, results: Results) -> list[Block]:
    """Tables of records and what became of them, of evolution types, of samples and of splits: those that there are."""
    blocks = []
    records, evolution = (results.samples.get(name, {}) for name in ("records", "evolution"))
    instruments = [name for name in evolution if name in records]
    for group in ordered(records, instruments):
        if group == next(iter(instruments), None):
            caption = (
                "Records and windows of each instrument: what is left out is counted under the first rule that applies."
            )
            groups = {name.upper(): records[name] for name in instruments}
            blocks.append(counts_table(caption, groups, COUNTS))
        elif group not in instruments:
            caption = GROUPS.get(group, f"Counts, {words(group)}.")
            blocks.append(counts_table(caption, {"all": records[group]}, COUNTS))
    if evolution:
        rows = []
        for before in ACTIVITY:
            cells = [count(of.get(f"{before}->{after}", 0)) for of in evolution.values() for after in ACTIVITY]
            rows.append({"cells": [before, *cells]})
        headings = text_columns("Observation") + number_columns(*ACTIVITY * len(evolution))
        spans = [("", 1), *((name.upper(), len(ACTIVITY)) for name in evolution)]
        caption = "Windows by flare activity in the observation period (rows) and in the prediction period (columns)."
        blocks.append(table(caption, headings, rows, spans=spans))
    of_instruments = results.samples.get("samples", {})
    if of_instruments:
        rows = [
            {"cells": [name.upper(), count(of["positive"]), count(of["negative"]), number(of["event_rate"], 4)]}
            for name, of in of_instruments.items()
        ]
        headings = text_columns("Instrument") + number_columns("positive", "negative", "event rate")
        blocks.append(table("Samples with a label.", headings, rows))
    datasets = results.index.get("datasets", {})
    if datasets:
        rows = []
        for name in ordered(datasets, study["datasets"]):
            seeds = datasets[name]["seeds"].values()
            cells: list[Any] = [name]
            for split in SPLITS:
                cells += [
                    mean_count([seed["splits"][split][label] for seed in seeds]) for label in ("positive", "negative")
                ]
                cells.append(mean_count([seed["regions"][split] for seed in seeds]))
            rows.append({"cells": cells})
        of_split = ("positive", "negative", "regions")
        headings = text_columns("Data set") + number_columns(*of_split * len(SPLITS))
        spans = [("", 1), *((split, len(of_split)) for split in SPLITS)]
        caption = "Samples and regions of each split, mean ± standard deviation over seeds."
        blocks.append(table(caption, headings, rows, spans=spans, small=True))
    return blocks


def scores(study: Study, results: Results) -> list[Block]:
    """Tables of scores, mean and standard deviation over seeds: at 0.5, at the chosen threshold, and without one.

    Those of ensembles stand in the section on stacking.
    """
    legend = (
        "Mean ± standard deviation over seeds, on the test split. TSS true skill statistic, HSS Heidke skill score, "
        "ACC accuracy, POD probability of detection, FAR false alarm ratio, POFD probability of false detection; AUC "
        "area under the ROC curve, BSS Brier skill score against the event rate of the test set, BSS train against "
        f"that of the training set, BS Brier score = REL {MINUS} RES + UNC (reliability, resolution, uncertainty). "
        "Bold: the best mean of a data set, in scores that no trivial forecast can win. "
        f"{UNDEFINED}: undefined for every seed. A small raised number: the seeds for which a figure is defined, where "
        "not for all."
    )
    combined = [name for one in study["ensembles"] for name in ensemble_models(one["name"], one["criteria"])]
    of_models = results.scores[~results.scores["model"].isin(combined)]
    at_chosen = "Scores at the threshold that has the best TSS on the validation split."
    return [
        paragraph(legend),
        _scores(study, of_models, "Scores at the threshold 0.5.", CATEGORICAL, FIXED_THRESHOLD),
        _scores(study, of_models, at_chosen, (*CATEGORICAL, "threshold"), VALIDATION_THRESHOLD),
        _scores(study, of_models, "Scores of the probabilities.", PROBABILISTIC, ""),
    ]


def comparisons(study: Study, results: Results) -> list[Block]:
    """Tables of tests, one a family; bold where the adjusted p is below the study's level."""
    if results.comparisons.empty:
        return []
    level = study["agreement"]["significance"]
    titles = {family["name"]: family["title"] for family in study["comparisons"]}
    blocks = [
        paragraph(
            "One-sided paired t-tests over seeds of the hypothesis that a is greater than b, thresholds at 0.5. p "
            "(Holm) is adjusted for all tests of a table; the interval is that of the mean difference. The seeds draw "
            "their splits from the same regions, so they overlap, and p is smaller than it should be (Nadeau & Bengio "
            f"2003). Bold: p (Holm) < {level:g}. {UNDEFINED}: undefined."
        )
    ]
    headings = text_columns("a", "b")
    headings += number_columns(f"a {MINUS} b", "95 % interval", "t", "p", "p (Holm)")
    for family in results.comparisons["family"].unique():
        rows: list[dict[str, Any]] = []
        for metric in rows_where(results.comparisons, family=family)["metric"].unique():
            rows.append({"group": ABBREVIATIONS.get(metric, words(metric))})
            for test in rows_where(results.comparisons, family=family, metric=metric).to_dict("records"):
                interval = UNDEFINED if np.isnan(test["low"]) else f"{signed(test['low'])} to {signed(test['high'])}"
                cells = [words(test["a"]), words(test["b"]), signed(test["difference"]), interval]
                cells += [number(test["statistic"], 2), p_value(test["p"])]
                look = "strong" if test["p_holm"] < level else "plain"
                rows.append({"cells": [*cells, styled(p_value(test["p_holm"]), look)]})
        blocks.append(table(titles.get(family, words(family)), headings, rows, small=True))
    return blocks


def fits(results: Results) -> list[Block]:
    """Table of the fits and their digests, shortened: the manifest has them whole."""
    rows = [
        {
            "cells": [
                fit["dataset"],
                words(fit["models"].replace("+", ", ")),
                ranges(int(seed) for seed in fit["seeds"].split()),
                styled(fit["dataset_digest"][:DIGEST_DIGITS_SHOWN], "code"),
                styled(fit["models_digest"][:DIGEST_DIGITS_SHOWN], "code"),
            ]
        }
        for fit in results.fits.to_dict("records")
    ]
    headings = text_columns("Data set") + wide_column("Models") + text_columns("Seeds", "data", "models and code")
    caption = "Fits, by the digests of what they were made from; paths and sha256 are in manifest.json."
    return [table(caption, headings, rows, small=True)] if rows else []


def _scores(study: Study, scores: pd.DataFrame, caption: str, metrics: Sequence[str], threshold: str) -> Block:
    at_threshold = rows_where(scores, threshold=threshold)
    rows: list[dict[str, Any]] = []
    for dataset in ordered(at_threshold["dataset"], study["datasets"]):
        of_dataset = rows_where(at_threshold, dataset=dataset)
        models = list(of_dataset["model"].unique())
        values = {
            (model, metric): rows_where(of_dataset, model=model, metric=metric).loc[:, "value"]
            for model in models
            for metric in metrics
        }
        best = {
            metric: BEST[metric](defined)
            for metric in metrics
            if metric in BEST
            and len(models) > 1
            and (defined := [values[model, metric].mean() for model in models if values[model, metric].notna().any()])
        }
        rows.append({"group": dataset})
        for model in models:
            cells: list[Any] = [words(model)]
            for metric in metrics:
                cell = mean_and_sd(values[model, metric])
                if metric in best and cell != UNDEFINED:
                    cell["best"] = bool(values[model, metric].mean() == best[metric])
                cells.append(cell)
            rows.append({"cells": cells})
    headings = text_columns("Model") + number_columns(*(ABBREVIATIONS[metric] for metric in metrics))
    return table(caption, headings, rows, small=True)
