"""Section of the report on labels: the same forecasts held against other lists of flares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.report_cells import (
    UNDEFINED,
    Block,
    count,
    number_columns,
    ordered,
    paragraph,
    short,
    table,
    text_columns,
    with_interval,
    words,
)
from flaredag.report_inputs import rows_where
from flaredag.score_tables import VALIDATION_THRESHOLD

if TYPE_CHECKING:
    import pandas as pd

    from flaredag.report_inputs import Study

COLUMNS = {
    "TSS": (VALIDATION_THRESHOLD, "true_skill_statistic"),
    "AUC": ("", "area_under_roc_curve"),
    "BSS": ("", "brier_skill_score"),
}
SCALES = {"False": "as issued", "True": "0.7 removed"}


def labels(study: Study, relabelled: pd.DataFrame) -> list[Block]:
    """Tables of scores under each list of flares; `relabelled` as of relabel_predictions, `unscaled` as text."""
    if relabelled.empty:
        return []
    rows: list[dict[str, Any]] = []
    key = ["flare_list", "unscaled"]
    for dataset in ordered(relabelled["dataset"], study["datasets"]):
        of_dataset = rows_where(relabelled, dataset=dataset)
        for model in of_dataset["model"].unique():
            rows.append({"group": f"{dataset}, {words(model)}"})
            of_model = rows_where(of_dataset, model=model)
            for (flare_list, unscaled), of_labels in of_model.groupby(key, sort=False):
                figures = {(row["threshold"], row["metric"]): row for row in of_labels.to_dict("records")}
                numbers = next(iter(figures.values()))
                cells: list[Any] = [str(flare_list), SCALES[str(unscaled)]]
                cells += [count(numbers[name]) for name in ("n_samples", "n_events", "n_changed")]
                for column in COLUMNS.values():
                    row = figures.get(column)
                    cells.append(UNDEFINED if row is None else with_interval(row["value"], row["low"], row["high"]))
                rows.append({"cells": cells})
    headings = text_columns("Flares of", "GOES 8-15")
    headings += number_columns("windows", "events", "changed", *COLUMNS)
    caption = (
        "The same test forecasts under the labels of each flare list, and with the factor of 0.7 in the fluxes of GOES "
        "8 to 15 kept or removed; means over seeds, and the 95 % interval by bootstrap of regions."
    )
    return [paragraph(_in_words(relabelled)), table(caption, headings, rows, small=True)]


def _in_words(relabelled: pd.DataFrame) -> str:
    """How far the labels move the TSS, at most, for one model on one data set."""
    told = (
        "No label is the truth: lists differ in which flares they hold, where, and of which class, and SWPC's classes "
        "of GOES 8 to 15 are 0.7 of the flux that was measured. The models are those fitted with the study's labels."
    )
    threshold, metric = COLUMNS["TSS"]
    scored = rows_where(relabelled, threshold=threshold, metric=metric).dropna(subset="value")
    if scored.empty:
        return told
    spread = scored.groupby(["dataset", "model"], sort=False)["value"].agg(["min", "max"])
    least, greatest = spread.loc[(spread["max"] - spread["min"]).idxmax()]
    dataset, model = (spread["max"] - spread["min"]).idxmax()
    return (
        f"{told} The choice of labels moves the TSS most for {words(model)} on {dataset}: from {short(least)} to "
        f"{short(greatest)}."
    )
