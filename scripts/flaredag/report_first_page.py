"""First page of the report: what was run, and a study's answer to its question."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.calibration_names import is_calibrated
from flaredag.compared_series import Series, name_of
from flaredag.ensemble_names import ensemble_models
from flaredag.report_archive import held_in_words
from flaredag.report_cells import (
    ABBREVIATIONS,
    AT_THRESHOLD,
    Block,
    difference,
    number_columns,
    ordered,
    p_value,
    ranges,
    signed,
    styled,
    table,
    text_columns,
    with_interval,
    words,
)
from flaredag.report_inputs import Archive, ArchiveResults, Between, Results, Study, rows_where
from flaredag.report_published import VERDICT_WORDS
from flaredag.report_sections import CORRECTED_T, REGION_BLOCKS
from flaredag.score_tables import CATEGORICAL_METRICS, FIXED_THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Sequence


def facts(
    studies: Sequence[Study],
    results: Sequence[Results],
    archive: Archive,
    of_archive: ArchiveResults,
    *,
    effort: str,
) -> list[list[str]]:
    """Name what was run: archive, studies, effort; data sets, models, seeds; how many published figures agree."""
    scores = pd.concat([of_study.scores for of_study in results])
    ensembles = [one for study in studies for one in study["ensembles"]]
    combined = [name for one in ensembles for name in ensemble_models(one["name"], one["criteria"])]
    learners = [words(name) for name in scores["model"].unique() if name not in combined and not is_calibrated(name)]
    if ensembles:
        learners.append(f"combined in {', '.join(one['name'] for one in ensembles)}")
    # Folds are the seeds of data sets that climb the ladder alone; a study may have no others.
    drawn = scores[scores["dataset"].isin([name for study in studies for name in study["datasets"]])]
    drawn = drawn if len(drawn) else scores
    verdicts = pd.concat([of_study.papers for of_study in results])["agrees"]
    datasets = ordered(scores["dataset"], [name for study in studies for name in study["datasets"]])
    told = [
        ["Archive", f"{archive['name']}: {archive['title']}"],
        ["It holds", held_in_words(of_archive)],
        ["Studies", ", ".join(study["name"] for study in studies)],
        *([["Without data here", ", ".join(archive["not_served"])]] if archive["not_served"] else []),
        ["Effort", effort],
        ["Data sets", ", ".join(datasets)],
        ["Models", ", ".join(learners)],
        ["Seeds", ranges(sorted(set(drawn["seed"])))],
    ]
    if len(verdicts):
        counts = (f"{(verdicts == verdict).sum()} {plural}" for verdict, (_, plural, _) in VERDICT_WORDS.items())
        told.append(["Published figures", f"{len(verdicts)}: {', '.join(counts)}"])
    return told


def summary(study: Study, results: Results) -> list[Block]:
    """Answer to the question of the study's `headline`, in words and as a table, and the declared leaks."""
    headline = study["headline"]
    model, metric = headline["model"], headline["metric"]
    rivals, datasets = [headline["baseline"], *headline.get("rivals", [])], headline.get("datasets", study["datasets"])
    level = study["agreement"]["significance"]
    rows, differences, p_values = [], [], []
    threshold = headline.get("threshold", FIXED_THRESHOLD) if metric in CATEGORICAL_METRICS else ""
    at = {"threshold": headline["threshold"]} if "threshold" in headline else {}
    for dataset, rival in itertools.product(datasets, rivals):
        of_model, of_rival = (
            rows_where(results.intervals, dataset=dataset, model=name, metric=metric, threshold=threshold).iloc[0]
            for name in (model, rival)
        )
        a, b = (name_of(Series(dataset=dataset, model=name, **at)) for name in (model, rival))
        tests = rows_where(results.comparisons, metric=metric, a=a, b=b, test=REGION_BLOCKS).to_dict("records")
        nan = float("nan")
        test = tests[0] if tests else dict.fromkeys(("low", "high", "p", "p_holm"), nan)
        differences.append(float(of_model["value"] - of_rival["value"]))
        p_values.append(test["p_holm"])
        cells = [
            *([f"{dataset}, {words(rival)}"] if len(rivals) > 1 else [dataset]),
            *(with_interval(of["value"], of["low"], of["high"], sd=of["sd"]) for of in (of_model, of_rival)),
            difference(differences[-1], test["low"], test["high"]),
            p_value(test["p"]),
            styled(p_value(test["p_holm"]), "strong" if test["p_holm"] < level else "plain"),
        ]
        rows.append({"cells": cells})
    at_threshold = f" {AT_THRESHOLD[threshold]}" if threshold else ""
    n_above = sum(worth > 0 for worth in differences)
    n_seeds = results.scores.loc[results.scores["dataset"].isin(list(datasets)), "seed"].nunique()
    named = " and ".join(words(rival) for rival in rivals)
    counted = "data sets" if len(rivals) == 1 else f"comparisons on {len(datasets)} data sets"
    answer = (
        f"In {words(metric)} ({ABBREVIATIONS[metric]}){at_threshold}, mean over {n_seeds} seeds, {words(model)} is "
        f"above {named} on {n_above} of {len(rows)} {counted} (differences {signed(min(differences))} to "
        f"{signed(max(differences))})."
    )
    n_tested = int(np.sum(~np.isnan(p_values)))
    if n_tested:
        n_beyond_chance = sum(p_holm < level for p_holm in p_values)
        answer += (
            f" Resampling whole regions finds it better by more than chance on {n_beyond_chance or 'none'} of "
            f"{n_tested} (p < {level:g} after Holm's correction)."
        )
    against = words(rivals[0]) if len(rivals) == 1 else "rival"
    headings = text_columns("Data set") + number_columns(words(model), against, "difference", "p", "p (Holm)")
    blocks: list[Block] = [{"kind": "answer", "text": answer}, table("", headings, rows)]
    if "between" in headline:
        blocks = [*between_data_sets(headline["between"], results, level=level), *blocks]
    if study["declared_leaks"]:
        title = "Declared leaks: read every score with these in mind"
        blocks.append({"kind": "warning", "title": title, "items": list(study["declared_leaks"])})
    return blocks


def between_data_sets(between: Between, results: Results, *, level: float) -> list[Block]:
    """Whether the models of `between` are better on its data set a than on b, in words and as a table.

    Differences of the means over seeds; intervals and p by the bootstrap of regions, which both share, and p by the
    t test over seeds that is corrected for their overlap (Nadeau & Bengio 2003).
    """
    a, b = between["a"], between["b"]
    answers, rows = [], []
    for metric, models in between["models"].items():
        threshold = FIXED_THRESHOLD if metric in CATEGORICAL_METRICS else ""
        tests = []
        for model in models:
            of_a, of_b = (
                rows_where(results.intervals, dataset=name, model=model, metric=metric, threshold=threshold).iloc[0]
                for name in (a, b)
            )
            names = dict(zip("ab", (name_of(Series(dataset=name, model=model)) for name in (a, b)), strict=True))
            by_regions, over_seeds = (
                rows_where(results.comparisons, metric=metric, test=test, **names).iloc[0]
                for test in (REGION_BLOCKS, CORRECTED_T)
            )
            tests.append(by_regions)
            cells = [
                f"{words(model)}, {ABBREVIATIONS[metric]}",
                *(with_interval(of["value"], of["low"], of["high"], sd=of["sd"]) for of in (of_a, of_b)),
                difference(by_regions["difference"], by_regions["low"], by_regions["high"]),
                styled(p_value(by_regions["p_holm"]), "strong" if by_regions["p_holm"] < level else "plain"),
                p_value(over_seeds["p_holm"]),
            ]
            rows.append({"cells": cells})
        n_above = sum(test["difference"] > 0 for test in tests)
        n_beyond_chance = sum(test["p_holm"] < level for test in tests)
        gains = [float(test["difference"]) for test in tests]
        detectable = [float(test["detectable_difference"]) for test in tests]
        answers.append(
            f"In {words(metric)} ({ABBREVIATIONS[metric]}) {n_above} of {len(tests)} models are better on {a} than on "
            f"{b}, {n_beyond_chance or 'none'} by more than chance (p < {level:g} after Holm's correction, resampling "
            f"whole regions); differences {signed(min(gains))} to {signed(max(gains))}. A difference of "
            f"{min(detectable):.2f} to {max(detectable):.2f} would have been seen in four cases of five."
        )
    n_regions = int(rows_where(results.intervals, dataset=a)["n_regions"].max())
    answers.append(f"All {n_regions} regions that some seed tests have their say, the same on both data sets.")
    headings = text_columns("Model and score") + number_columns(a, b, "difference", "p (Holm)", "corrected t, p (Holm)")
    return [{"kind": "answer", "text": " ".join(answers)}, table("", headings, rows)]
