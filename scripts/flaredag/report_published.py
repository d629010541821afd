"""Section of the report that sets published figures beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.published_figures import NO, NOT_RUN, VERDICTS, YES
from flaredag.report_cells import (
    ABBREVIATIONS,
    UNDEFINED,
    Block,
    count,
    figure,
    interval,
    letter,
    number,
    number_columns,
    p_value,
    paragraph,
    styled,
    table,
    text_columns,
    words,
)
from flaredag.report_inputs import Results, Study, intervals_over_seeds, rows_where
from flaredag.score_tables import TEST_THRESHOLD, VALIDATION_THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

# Verdict -> words for one figure, for several, and their look.
VERDICT_WORDS = {
    YES: ("agrees", "agree", "good"),
    NO: ("differs", "differ", "bad"),
    NOT_RUN: ("not run", "not run", "muted"),
}
# What stands behind a score that is held against ours at another threshold than 0.5.
AT_THRESHOLD = {VALIDATION_THRESHOLD: " (validation)", TEST_THRESHOLD: " (best on test)"}
# Of figures that were published as a mean and spread over overlapping runs.
OF_RUNS = (
    " What stands beside a mean over runs that overlap is their spread, no error of generalisation: such a figure is "
    "held against ours as if it were published without."
)
# Published whole numbers below it may be scores, such as 1; from it on they are counts.
SMALLEST_COUNT = 10


def published_against_ours(study: Study, results: Results) -> list[Block]:
    """Set published figures beside ours: the rule, how many agree, why others do not, a table a published table."""
    if results.papers.empty:
        return []
    rule = study["agreement"]
    reasons = list(dict.fromkeys(why for why in results.papers["why"] if why))
    letters = {why: letter(i) for i, why in enumerate(reasons)} | {"": ""}
    rows, tables = [], []
    for name in results.papers["table"].unique():
        published = rows_where(results.papers, table=name)
        title = study["published_tables"].get(name, "")
        verdicts = published["agrees"].tolist()
        counts = [verdicts.count(verdict) for verdict in VERDICTS]
        whys = ", ".join(dict.fromkeys(letters[why] for why in published["why"] if why))
        rows.append({"cells": [f"Table {name}", title, *map(str, counts), whys]})
        if set(verdicts) != {NOT_RUN}:
            caption = f"Table {name} of the paper{': ' if title else ''}{title}."
            tables.append(_published(caption, published, letters, results))
    headings = text_columns("Published", "What")
    headings += number_columns(*(plural for _, plural, _ in VERDICT_WORDS.values())) + text_columns("why")
    blocks = [
        paragraph(
            f"Published: {study['paper']}. A figure agrees if it lies within {rule['standard_deviations']:g} published "
            f"standard deviations, or, published without one, within {100 * rule['relative_difference']:g} %; a test "
            f"agrees if its p lies on the same side of {rule['significance']:g} (t goes with p). Ours are means "
            "over seeds, in brackets the 95 % interval of a score by bootstrap of regions; thresholds are 0.5 where no "
            "other is named, `best on test` is the one with the best TSS on the test split itself. Letters point to "
            "reasons below. A table of which nothing was run is only counted here; papers.csv has all its figures."
            + (OF_RUNS if results.papers["dataset"].isin(results.runs["dataset"]).any() else "")
        ),
        table("Published figures and this run.", headings, rows),
    ]
    if reasons:
        blocks.append({"kind": "reasons", "title": "Reasons", "items": [[letters[why], why] for why in reasons]})
    return blocks + tables


def _published(caption: str, published: pd.DataFrame, letters: Mapping[str, str], results: Results) -> Block:
    key = ["dataset", "model", "metric", "threshold"]
    bounds = intervals_over_seeds(results).set_index(key)[["low", "high"]].T.to_dict("list")
    over_seeds = bool(published["n"].notna().any())
    counted = "runs" if published["dataset"].isin(results.runs["dataset"]).all() else "seeds"
    rows: list[dict[str, Any]] = []
    for dataset, model in dict.fromkeys(zip(published["dataset"], published["model"], strict=True)):
        rows.append({"group": words(f"{dataset} {model}".strip())})
        for one in rows_where(published, dataset=dataset, model=model).to_dict("records"):
            verdict, _, look = VERDICT_WORDS[one["agrees"]]
            ours = _paper_figure(one["got"], one["got_sd"], one)
            if (place := (dataset, model, one["metric"], one["threshold"])) in bounds and ours != UNDEFINED:
                ours = ours | {"interval": interval(*bounds[place])}
            named = _paper_metric(one["metric"]) + AT_THRESHOLD.get(one["threshold"], "")
            cells = [named, _paper_figure(one["paper"], one["paper_sd"], one), ours]
            if over_seeds:
                cells.append("" if np.isnan(one["n"]) else str(int(one["n"])))
            rows.append({"cells": [*cells, styled(verdict, look), letters[one["why"]]]})
    headings = text_columns("Figure") + number_columns("published", "this run", *([counted] if over_seeds else []))
    return table(caption, headings + text_columns("verdict", "why"), rows, small=True)


def _paper_figure(value: float, sd: float, one: Mapping[str, Any]) -> Any:
    """Cell of a published figure or of ours, in as many digits as its kind is published with."""
    if np.isnan(value):
        return UNDEFINED
    if float(one["paper"]).is_integer() and abs(one["paper"]) >= SMALLEST_COUNT:
        return figure(count(value), "" if np.isnan(sd) else count(sd))
    if one["metric"].endswith(" p"):
        return figure(p_value(value))
    if one["metric"].endswith(" t"):
        return figure(number(value, 2))
    if one["metric"] == "event_rate":
        return figure(number(value, 4))
    return figure(number(value), "" if np.isnan(sd) else number(sd))


def _paper_metric(metric: str) -> str:
    """Short name of a published figure: TSS, or "TSS t" of a test, or the evolution type of windows."""
    name, _, what = metric.partition(" ")
    return f"{ABBREVIATIONS[name]} {what}".strip() if name in ABBREVIATIONS else words(metric.removeprefix("windows "))
