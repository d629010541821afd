"""Section of the report on strata: scores part by part, and all-clear forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.all_clear import (
    ALL_CLEAR_METRICS,
    ALL_CLEAR_THRESHOLD,
    CLEAR_GIVEN_ALL_CLEAR,
    CLEAR_RATE,
    MISSED_EVENTS,
    SHARE_ALL_CLEAR,
)
from flaredag.report_cells import (
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
from flaredag.score_tables import FIXED_THRESHOLD, VALIDATION_THRESHOLD
from flaredag.strata import EVERYTHING, FEWEST_OF_EACH, NOT_GIVEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from flaredag.report_inputs import Study

STRATUM_TITLES = {
    EVERYTHING: "All windows",
    "first_flare": "First strong flare of the region",
    "position": "Distance from the central meridian",
    "cycle": "Solar cycle",
    "cycle_phase": "Phase of the solar cycle",
    "mcintosh": "Zurich class of the largest group",
    "activity_before": "Flares in the observation period",
}
PART_TITLES = {
    ("position", "centre"): "centre, below 30°",
    ("position", "middle"): "30° to 50°",
    ("position", "limb"): "limb, from 50°",
    ("first_flare", "before_first_flare"): "none before",
    ("first_flare", "after_first_flare"): "after the first",
    ("mcintosh", "not_listed"): "no numbered region",
}
COLUMNS = {
    "TSS at 0.5": (FIXED_THRESHOLD, "true_skill_statistic"),
    "TSS": (VALIDATION_THRESHOLD, "true_skill_statistic"),
    "AUC": ("", "area_under_roc_curve"),
    "BSS": ("", "brier_skill_score"),
}
ALL_CLEAR_TITLES = {
    SHARE_ALL_CLEAR: "all-clears",
    MISSED_EVENTS: "events missed",
    CLEAR_GIVEN_ALL_CLEAR: "clear if all-clear",
    CLEAR_RATE: "clear anyway",
}
# Strata in which an all-clear is verified apart; the others are in strata.csv.
ALL_CLEAR_STRATA = (EVERYTHING, "first_flare")


def strata(study: Study, verified: pd.DataFrame) -> list[Block]:
    """Tables of scores within the parts of each stratum, and of all-clears; `verified` as of verify_strata."""
    if verified.empty:
        return []
    numbers = rows_where(verified, metric="brier_skill_score")
    n_few = int(numbers["value"].isna().sum())
    told = (
        "The same test forecasts, part by part: what holds for all need not hold for the first flare of a region, near "
        "the limb, or at solar minimum. Thresholds are those of the whole data set; the reference of a part's BSS is "
        "its own event rate, so a score of a part says what the forecast adds to knowing the part. Means over seeds; "
        "in brackets the 95 % interval by bootstrap of regions. "
    )
    told += (
        f"Where a part has fewer than {FEWEST_OF_EACH} events, or fewer windows without, in a seed on the mean, its "
        f"numbers are told and its scores are not ({n_few} of {len(numbers)}, counted by model)."
    )
    is_known = verified["part"] != NOT_GIVEN
    unknown = [name for name in STRATUM_TITLES if name in set(verified["stratum"]) - set(verified[is_known]["stratum"])]
    if unknown:
        told += f" Not given by the archive: {', '.join(words(name) for name in unknown)}."
    verified = verified.loc[~verified["stratum"].isin(unknown), :]
    blocks = [paragraph(told)]
    for dataset in ordered(verified["dataset"], study["datasets"]):
        of_dataset = rows_where(verified, dataset=dataset)
        models = list(of_dataset["model"].unique())
        blocks += [_of_model(dataset, model, rows_where(of_dataset, model=model)) for model in models]
    return [*blocks, *_all_clear(study, verified)]


def _of_model(dataset: str, model: str, verified: pd.DataFrame) -> Block:
    rows: list[dict[str, Any]] = []
    for stratum in ordered(verified["stratum"], list(STRATUM_TITLES)):
        of_stratum = rows_where(verified, stratum=stratum)
        rows.append({"group": STRATUM_TITLES.get(stratum, words(stratum))})
        for part in of_stratum["part"].unique():
            figures = _figures(rows_where(of_stratum, part=part))
            numbers = next(iter(figures.values()))
            cells: list[Any] = [PART_TITLES.get((stratum, part), words(part))]
            cells += [count(numbers[name]) for name in ("n_samples", "n_events", "n_regions")]
            rows.append({"cells": [*cells, *_cells(figures, list(COLUMNS.values()))]})
    headings = text_columns("Part") + number_columns("windows", "events", "regions", *COLUMNS)
    caption = f"Scores of {words(model)} on {dataset} within the parts of each stratum."
    return table(caption, headings, rows, small=True)


def _all_clear(study: Study, verified: pd.DataFrame) -> list[Block]:
    of_all_clear = rows_where(verified, threshold=ALL_CLEAR_THRESHOLD)
    of_all_clear = of_all_clear.loc[of_all_clear["stratum"].isin(ALL_CLEAR_STRATA), :]
    if of_all_clear.empty:
        return []
    rows: list[dict[str, Any]] = []
    for dataset in ordered(of_all_clear["dataset"], study["datasets"]):
        of_dataset = rows_where(of_all_clear, dataset=dataset)
        for model in of_dataset["model"].unique():
            rows.append({"group": f"{dataset}, {words(model)}"})
            of_model = rows_where(of_dataset, model=model)
            for stratum, part in of_model[["stratum", "part"]].drop_duplicates().itertuples(index=False):
                figures = _figures(rows_where(of_model, stratum=stratum, part=part))
                name = STRATUM_TITLES[EVERYTHING].lower() if stratum == EVERYTHING else PART_TITLES[stratum, part]
                keys = [(ALL_CLEAR_THRESHOLD, metric) for metric in ALL_CLEAR_METRICS]
                rows.append({"cells": [name, *_cells(figures, keys)]})
    headings = text_columns("Windows") + number_columns(*(ALL_CLEAR_TITLES[metric] for metric in ALL_CLEAR_METRICS))
    caption = (
        "All-clear forecasts: share of windows that get one, share of the events it misses, and how often no event "
        "follows it, against how often none does anyway. Before the first flare of a region is when it is asked for."
    )
    told = (
        "An all-clear is issued where the probability is so low that at most the tolerated share of the validation "
        f"split's events had none greater.{_in_words(of_all_clear)}"
    )
    return [paragraph(told), table(caption, headings, rows, small=True)]


def _in_words(of_all_clear: pd.DataFrame) -> str:
    """How many events the all-clears miss on the test split, at least and at most over models and data sets."""
    missed = rows_where(of_all_clear, metric=MISSED_EVENTS, stratum=EVERYTHING)["value"].dropna()
    if missed.empty:
        return ""
    least, greatest = short(missed.min()), short(missed.max())
    share = least if least == greatest else f"{least} to {greatest}"
    return f" On the test split it misses {share} of the events."


def _figures(rows: pd.DataFrame) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(row["threshold"], row["metric"]): row for row in rows.to_dict("records")}


def _cells(figures: Mapping[tuple[str, str], Mapping[str, Any]], keys: Sequence[tuple[str, str]]) -> list[Any]:
    undefined = dict.fromkeys(("value", "low", "high"), np.nan)
    rows = [figures.get(key, undefined) for key in keys]
    return [with_interval(row["value"], row["low"], row["high"]) for row in rows]
