"""Sections of the report on the samples, scores, comparisons and fits of a study: blocks of flaredag.report_cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.calibration_names import is_calibrated
from flaredag.ensemble_names import ensemble_models
from flaredag.report_cells import (
    ABBREVIATIONS,
    AT_THRESHOLD,
    MINUS,
    UNDEFINED,
    Block,
    count,
    counts_table,
    difference,
    mean_count,
    number,
    number_columns,
    ordered,
    p_value,
    paragraph,
    ranges,
    styled,
    table,
    text_columns,
    wide_column,
    with_interval,
    words,
)
from flaredag.report_inputs import Results, Study, rows_where
from flaredag.score_tables import FIXED_THRESHOLD, VALIDATION_THRESHOLD
from flaredag.studies import DECLARED_LEAKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    "balanced_accuracy": max,
    "area_under_roc_curve": max,
    "brier_skill_score": max,
    "brier_skill_score_training_climatology": max,
    "brier_score": min,
}
# Tests of a pair in the order of their columns, and what stands above them.
REGION_BLOCKS, ROTATION_BLOCKS = "region_block_bootstrap", "rotation_block_bootstrap"
CORRECTED_T = "corrected_resampled_t_one_sided"
TESTS = {
    "paired_t_one_sided": "t",
    CORRECTED_T: "corrected t",
    REGION_BLOCKS: "regions",
    ROTATION_BLOCKS: "rotations",
    "diebold_mariano": "DM",
}
# Counts of what was left out and kept of records and windows, in the order of reading; others follow them.
COUNTS = {
    "records": "records",
    "records_beyond_longitude": "left out: beyond the longitude limit",
    "records_of_bad_quality": "left out: bad QUALITY",
    "records_between_times": "left out: between the times that the study takes",
    "records_outside_period": "left out: outside the period of the study",
    "records_kept": "records kept",
    "records_with_missing_keywords": "of these, without one of the keywords used",
    "regions_without_keywords": "regions of which no record has them all",
    "records_without_quality": "records whose QUALITY the source does not give",
    "records_without_longitude": "records whose longitudes the source does not give",
    "windows_possible": "windows possible",
    "windows_with_last_record_bad": "left out: last record bad or absent",
    "windows_with_too_many_bad_records": "left out: too many records bad or absent",
    "regions_with_flare": "regions with a flare",
    "regions_without_recent_record": "left out: no record in the day before it",
    "regions_with_few_records": "left out: too few records in that day",
    "regions_kept": "regions kept",
    "windows_kept": "windows kept",
    "windows_with_filled_records": "of these, with a bad or absent record filled",
    "windows_padded": "of these, with steps of zeros for bad or absent records",
    "steps_padded": "steps of zeros in them",
}
GROUPS = {"all": "Windows of all instruments."}
ACTIVITY = ("QUIET", "WEAK", "STRONG")
SPLITS = ("train", "validation", "test")
DIGEST_DIGITS_SHOWN = 12


def samples(study: Study, results: Results) -> list[Block]:
    """Tables of records and what became of them, of evolution types, of samples and of splits: those that there are."""
    blocks = []
    records, evolution = (results.samples.get(name, {}) for name in ("records", "evolution"))
    instruments = [
        name for name in records if any(group == name or group.startswith(f"{name} ") for group in evolution)
    ]
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
    # Two groups a table: more are wider than a page.
    for groups in (list(evolution)[i : i + 2] for i in range(0, len(evolution), 2)):
        rows = []
        for before in ACTIVITY:
            cells = [count(evolution[name].get(f"{before}->{after}", 0)) for name in groups for after in ACTIVITY]
            rows.append({"cells": [before, *cells]})
        headings = text_columns("Observation") + number_columns(*ACTIVITY * len(groups))
        spans = [("", 1), *((_of_task(name), len(ACTIVITY)) for name in groups)]
        caption = "Windows by flare activity in the observation period (rows) and in the prediction period (columns)."
        blocks.append(table(caption, headings, rows, spans=spans))
    of_instruments = results.samples.get("samples", {})
    if of_instruments:
        rows = [
            {"cells": [_of_task(name), count(of["positive"]), count(of["negative"]), number(of["event_rate"], 4)]}
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
        caption = "Samples and regions of each split, mean ± standard deviation over seeds, or over folds."
        blocks.append(table(caption, headings, rows, spans=spans, small=True))
    return blocks


def scores(study: Study, intervals: pd.DataFrame) -> list[Block]:
    """Tables of scores, mean over seeds, with intervals: at 0.5, at the chosen threshold, and without one.

    `intervals` as of bound_scores. Ensembles stand in the section on stacking, calibrated forecasts in that on
    calibration.
    """
    legend = (
        "Mean ± standard deviation over seeds, on the test split, and beneath them the 95 % interval of this mean by "
        "bootstrap of whole regions. TSS true skill statistic, HSS Heidke skill score, "
        "ACC accuracy, POD probability of detection, FAR false alarm ratio, POFD probability of false detection; AUC "
        "area under the ROC curve, BSS Brier skill score against the event rate of the test set, BSS train against "
        f"that of the training set, BS Brier score = REL {MINUS} RES + UNC (reliability, resolution, uncertainty). "
        "Bold: the best mean of a data set, in scores that no trivial forecast can win. "
        f"{UNDEFINED}: undefined for every seed. A small raised number: the seeds for which a figure is defined, where "
        "not for all."
    )
    combined = [name for one in study["ensembles"] for name in ensemble_models(one["name"], one["criteria"])]
    model = intervals["model"]
    of_models = intervals.loc[~model.isin(combined) & ~model.map(is_calibrated).astype(bool), :]
    at_chosen = f"Scores {AT_THRESHOLD[VALIDATION_THRESHOLD]}."
    return [
        paragraph(legend),
        _scores(study, of_models, "Scores at the threshold 0.5.", CATEGORICAL, FIXED_THRESHOLD),
        _scores(study, of_models, at_chosen, (*CATEGORICAL, "threshold"), VALIDATION_THRESHOLD),
        _scores(study, of_models, "Scores of the probabilities.", PROBABILISTIC, ""),
    ]


def comparisons(study: Study, results: Results) -> list[Block]:
    """Tables of tests, one a family, a row a pair and metric; bold where the adjusted p is below the study's level.

    The leaks' family is not among them: the section on the audit shows what each is worth.
    """
    tested = results.comparisons.loc[results.comparisons["family"] != DECLARED_LEAKS, :]
    if tested.empty:
        return []
    level = study["agreement"]["significance"]
    titles = {family["name"]: family["title"] for family in study["comparisons"]}
    shown = [test for test in TESTS if (tested["test"] == test).any()]
    blocks = [
        paragraph(
            f"Is a greater than b? Thresholds are at 0.5 where no other is named. a {MINUS} b is the difference of "
            "means over seeds, beneath it its 95 % interval by bootstrap of whole regions (for the whole disk of solar "
            "rotations). One-sided p, each adjusted by Holm for all tests of its kind in a table: of the paired t-test "
            "over seeds, as the papers do it, too small because seeds draw their splits from the same regions; of the "
            "same test corrected for that (Nadeau & Bengio 2003), where seeds test different regions; of the bootstrap "
            "of regions and of rotations; and, day by day, of Diebold & Mariano (DM). "
            f"Bold: p < {level:g}. Detectable: the least difference that the bootstrap would have found in four cases "
            f"of five. {UNDEFINED}: undefined, or not made."
        )
    ]
    headings = wide_column("a") + wide_column("b")
    headings += number_columns(f"a {MINUS} b", *(TESTS[test] for test in shown), "detectable")
    for family in tested["family"].unique():
        rows: list[dict[str, Any]] = []
        for metric in rows_where(tested, family=family)["metric"].unique():
            rows.append({"group": ABBREVIATIONS.get(metric, words(metric))})
            of_metric = rows_where(tested, family=family, metric=metric)
            for a, b in of_metric[["a", "b"]].drop_duplicates().itertuples(index=False):
                tests = {test["test"]: test for test in rows_where(of_metric, a=a, b=b).to_dict("records")}
                rows.append({"cells": _compared(a, b, tests, shown, level)})
        spans = [("", 3), ("p (Holm)", len(shown)), ("", 1)]
        answer = _beyond_chance(rows_where(tested, family=family, test=REGION_BLOCKS), level)
        blocks += [paragraph(f"{titles.get(family, words(family))} {answer}")] if answer else []
        blocks.append(table(titles.get(family, words(family)), headings, rows, spans=spans, small=True))
    return blocks


def _beyond_chance(tests: pd.DataFrame, level: float) -> str:
    """How many differences of a family are above 0 by more than chance, and which, and how many lie below it."""
    decided = tests[tests["p_holm"].notna()]
    if decided.empty:
        return ""
    better = decided[decided["p_holm"] < level]
    named = "; ".join(
        f"{words(test['a'])} in {ABBREVIATIONS.get(test['metric'], words(test['metric']))}"
        for test in better.to_dict("records")
    )
    n_worse = int((decided["high"] < 0).sum())
    return (
        f"By resampled regions a is better than b by more than chance in {len(better) or 'none'} of {len(decided)} "
        f"comparisons (p < {level:g} after Holm's correction){f': {named}' if named else ''}. "
        f"In {n_worse or 'none'} the 95 % interval lies below 0."
    )


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


def _of_task(name: str) -> str:
    """Name of an instrument, and of the task where there are several."""
    instrument, _, task = name.partition(" ")
    return f"{instrument.upper()}, {words(task)}" if task else instrument.upper()


def _scores(study: Study, intervals: pd.DataFrame, caption: str, metrics: Sequence[str], threshold: str) -> Block:
    at_threshold = rows_where(intervals, threshold=threshold)
    rows: list[dict[str, Any]] = []
    for dataset in ordered(at_threshold["dataset"], study["datasets"]):
        of_dataset = rows_where(at_threshold, dataset=dataset)
        models = list(of_dataset["model"].unique())
        n_seeds = of_dataset["n_seeds"].max()
        figures = {(row["model"], row["metric"]): row for row in of_dataset.to_dict("records")}
        best = {
            metric: BEST[metric](defined)
            for metric in metrics
            if metric in BEST
            and len(models) > 1
            and (
                defined := [
                    figures[model, metric]["value"]
                    for model in models
                    if (model, metric) in figures and not np.isnan(figures[model, metric]["value"])
                ]
            )
        }
        rows.append({"group": dataset})
        for model in models:
            cells: list[Any] = [words(model)]
            for metric in metrics:
                row = figures.get((model, metric))
                if row is None or np.isnan(row["value"]):
                    cells.append(UNDEFINED)
                    continue
                n = "" if row["n_seeds"] == n_seeds else count(row["n_seeds"])
                cell = with_interval(row["value"], row["low"], row["high"], sd=row["sd"], n=n)
                cells.append(cell | {"best": metric in best and row["value"] == best[metric]})
            rows.append({"cells": cells})
    headings = text_columns("Model") + number_columns(*(ABBREVIATIONS[metric] for metric in metrics))
    return table(caption, headings, rows, small=True)


def _compared(a: str, b: str, tests: Mapping[str, Mapping[str, Any]], shown: Sequence[str], level: float) -> list[Any]:
    """Cells of a pair in one metric; the difference is that of regions, else of rotations, else of the first test."""
    shown_first = next((tests[name] for name in (REGION_BLOCKS, ROTATION_BLOCKS) if name in tests), None)
    of_blocks = shown_first or next(iter(tests.values()))
    worth = difference(of_blocks["difference"], of_blocks["low"], of_blocks["high"])
    cells: list[Any] = [words(a), words(b), worth]
    for name in shown:
        p = tests[name]["p_holm"] if name in tests else np.nan
        cells.append(styled(p_value(p), "strong" if p < level else "plain"))
    return [*cells, number(of_blocks["detectable_difference"])]
