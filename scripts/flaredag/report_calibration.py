"""Section of the report on calibration: scores of probabilities before and after it, and conformal label sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.calibration_names import METHODS, calibrated_name, is_calibrated, raw_name
from flaredag.report_cells import (
    ABBREVIATIONS,
    MINUS,
    UNDEFINED,
    Block,
    count,
    number,
    number_columns,
    ordered,
    paragraph,
    table,
    text_columns,
    with_interval,
    words,
)
from flaredag.report_inputs import rows_where

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from flaredag.report_inputs import Study

SHOWN = ("brier_skill_score", "reliability", "area_under_roc_curve")
DECOMPOSED = {"miscalibration": "MCB", "discrimination": "DSC"}
LABELS = {"all": "all windows", "event": "events", "no_event": "no events"}
SETS = {"only_event": "event", "only_no_event": "no event", "both": "both", "empty": "neither"}


def calibration(
    study: Study, intervals: pd.DataFrame, decomposition: pd.DataFrame, conformal: pd.DataFrame
) -> list[Block]:
    """Tables of scores before and after each method, and of conformal sets: those that there are.

    `intervals`, `decomposition` and `conformal` as of bound_scores, diagnose_forecasts and calibrate_predictions.
    """
    blocks: list[Block] = []
    calibrated = intervals.loc[intervals["model"].map(is_calibrated).astype(bool), :]
    if not calibrated.empty:
        blocks += [paragraph(_in_words()), _before_and_after(study, intervals, calibrated, decomposition)]
    if not conformal.empty:
        blocks += [paragraph(_sets_in_words()), _conformal(study, conformal)]
    return blocks


def _in_words() -> str:
    return (
        "A model fitted on as many events as others gives probabilities for such a Sun. Where the test split has its "
        "natural event rate they are mapped to it: by the analytic prior shift (Elkan 2001), which needs only the two "
        "event rates, and by Platt's logistic map, the beta map (Kull et al. 2017) and isotonic regression, fitted on "
        "the validation split. BSS: Brier skill score against the event rate of the test set, below 0 where that "
        "rate is the better forecast; REL: reliability "
        f"over ten bins; CORP decomposition (Dimitriadis et al. 2021): Brier score = MCB {MINUS} DSC + UNC, MCB the "
        "miscalibration, 0 at best, DSC the discrimination. In brackets the 95 % interval by bootstrap of regions."
    )


def _before_and_after(
    study: Study, intervals: pd.DataFrame, calibrated: pd.DataFrame, decomposition: pd.DataFrame
) -> Block:
    without_threshold = rows_where(intervals, threshold="").to_dict("records")
    figures = {(row["dataset"], row["model"], row["metric"]): row for row in without_threshold}
    decomposed = {(row["dataset"], row["model"]): row for row in decomposition.to_dict("records")}
    rows: list[dict[str, Any]] = []
    for dataset in ordered(calibrated["dataset"], study["datasets"]):
        names = rows_where(calibrated, dataset=dataset)["model"].unique()
        for model in dict.fromkeys(raw_name(name) for name in names):
            rows.append({"group": f"{dataset}, {words(model)}"})
            for method in ("", *METHODS):
                name = calibrated_name(model, method) if method else model
                if (dataset, name, SHOWN[0]) not in figures:
                    continue
                cells = [words(method) or "as the model gives them"]
                cells += [_cell(figures.get((dataset, name, metric), {}), "value", "low", "high") for metric in SHOWN]
                of_name = decomposed.get((dataset, name), {})
                cells += [_cell(of_name, part, f"low_{part}", f"high_{part}") for part in DECOMPOSED]
                rows.append({"cells": cells})
    headings = text_columns("Probabilities")
    headings += number_columns(*(ABBREVIATIONS[metric] for metric in SHOWN), *DECOMPOSED.values())
    caption = "Probabilities before and after calibration, on the test split; means over seeds."
    return table(caption, headings, rows, small=True)


def _sets_in_words() -> str:
    return (
        "A conformal set holds the labels that a forecast cannot rule out: its coverage is to be the target for a "
        "region not seen before, for events and others apart, whatever the model. The better the model, the more sets "
        "hold one label. A set of both says that the model does not know; one of neither, that no such window was seen."
    )


def _conformal(study: Study, conformal: pd.DataFrame) -> Block:
    rows: list[dict[str, Any]] = []
    for dataset in ordered(conformal["dataset"], study["datasets"]):
        of_dataset = rows_where(conformal, dataset=dataset)
        for model in of_dataset["model"].unique():
            rows.append({"group": f"{dataset}, {words(model)}"})
            for row in rows_where(of_dataset, model=model).to_dict("records"):
                cells: list[Any] = [LABELS.get(row["label"], words(row["label"])), number(row["target"], 2)]
                cells.append(_cell(row, "coverage", "low", "high"))
                cells += [number(row[name]) for name in SETS]
                rows.append({"cells": [*cells, *(count(row[name]) for name in ("n_samples", "n_regions"))]})
    headings = text_columns("Windows") + number_columns("target", "coverage", *SETS.values(), "windows", "regions")
    spans = [("", 3), ("share of sets of", len(SETS)), ("", 2)]
    caption = (
        "Conformal sets of labels: share that holds the label that came true, with the 95 % interval by bootstrap of "
        "regions, and share of the sets of each kind; means over seeds."
    )
    return table(caption, headings, rows, spans=spans, small=True)


def _cell(row: Mapping[str, Any], value: str, low: str, high: str) -> Any:
    """Cell of a figure with its interval, four digits where it may be small; UNDEFINED where the row has none."""
    if value not in row or np.isnan(row[value]):
        return UNDEFINED
    return with_interval(row[value], row[low], row[high])
