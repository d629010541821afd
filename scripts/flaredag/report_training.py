"""Section of the report on trainings: whether networks overfit, and whether there are regions enough to train on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.errors import InputError
from flaredag.report_cells import (
    ABBREVIATIONS,
    MINUS,
    UNDEFINED,
    Block,
    count,
    difference,
    mean_count,
    number,
    number_columns,
    paragraph,
    signed,
    table,
    text_columns,
    with_interval,
    words,
)
from flaredag.report_inputs import rows_where
from flaredag.report_sections import REGION_BLOCKS
from flaredag.score_tables import CATEGORICAL_METRICS, FIXED_THRESHOLD
from flaredag.study_figures import TRAINING_CURVES, TRAINING_REGIONS
from flaredag.training_curves import (
    EPOCHS_AVERAGED,
    TRAINING_LOSS,
    VALIDATION_LOSS,
    curves_of_training,
    overfitting,
)
from flaredag.training_regions import regions_that_train

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from flaredag.report_inputs import Results, Study
    from flaredag.training_curves import Overfitting

# Of an epoch: which, and its losses.
OF_EPOCH = ("epoch", "train", "valid")


def training(study: Study, results: Results) -> list[Block]:
    """What stands beside the figures of trainings: a text and a table of each; none without such a figure."""
    blocks = []
    for figure in study["figures"]:
        if TRAINING_CURVES in figure:
            blocks += _overfits(figure[TRAINING_CURVES], results.training_curves)
        elif TRAINING_REGIONS in figure:
            blocks += _regions(figure[TRAINING_REGIONS], results)
    return blocks


def _overfits(figure: Mapping[str, Any], curves: pd.DataFrame) -> list[Block]:
    """How many seeds overfit, and a table with a row a seed: epochs kept, that of least validation loss, what then."""
    models, dataset = figure["models"], figure["dataset"]
    of_seeds = curves_of_training(curves, dataset=dataset, models=models)
    turns = {
        seed: overfitting(own[TRAINING_LOSS].to_numpy(), own[VALIDATION_LOSS].to_numpy())
        for seed, own in of_seeds.items()
    }
    rows = [{"cells": _cells(seed, own, models, turns[seed])} for seed, own in of_seeds.items()]
    headings = text_columns("Seed") + number_columns(*OF_EPOCH * (len(models) + 1), "from", "train", "valid")
    spans = [("", 1), *((f"kept by {words(model)}", len(OF_EPOCH)) for model in models)]
    spans += [("least validation loss", len(OF_EPOCH)), ("change to the end", len(OF_EPOCH))]
    caption = (
        f"Epochs that are kept on {dataset} and that of the least validation loss, with the losses of each; and how "
        f"running means over {EPOCHS_AVERAGED} epochs change from the least one of the validation loss to the last."
    )
    return [
        paragraph(_told_of_overfitting(of_seeds, turns, models, dataset)),
        table(caption, headings, rows, spans=spans, small=True),
    ]


def _cells(seed: int, own: pd.DataFrame, models: Sequence[str], turn: Overfitting | None) -> list[Any]:
    cells = [str(seed)]
    for epoch in (*(_kept(own, model) for model in models), int(own[VALIDATION_LOSS].idxmin())):
        losses = own.loc[epoch, [TRAINING_LOSS, VALIDATION_LOSS]].to_numpy(dtype=np.float64)
        cells += [str(epoch), *(number(float(loss)) for loss in losses)]
    if turn is None:
        return [*cells, *[UNDEFINED] * len(OF_EPOCH)]
    return [*cells, str(turn.turned_epoch), signed(turn.training_change), signed(turn.validation_change)]


def _kept(own: pd.DataFrame, model: str) -> int:
    """The epoch of a seed that a model keeps."""
    return int(own.index[[model in kept_by for kept_by in own["kept_by"]]][0])


def _told_of_overfitting(
    of_seeds: Mapping[int, pd.DataFrame], turns: Mapping[int, Overfitting | None], models: Sequence[str], dataset: str
) -> str:
    """In how many seeds the validation loss rises while the training loss falls, and where the kept epochs lie."""
    over = [seed for seed, turn in turns.items() if turn is not None and turn.is_there]
    told = (
        f"Does {words(models[0])} on {dataset} overfit? In {len(over) or 'none'} of {len(turns)} seeds the validation "
        f"loss rises again, by running means over {EPOCHS_AVERAGED} epochs, while the training loss falls"
    )
    if over:
        starts = sorted(turn.turned_epoch for seed in over if (turn := turns[seed]) is not None)
        told += f", after epoch {starts[0]} at the earliest and {starts[-1]} at the latest"
    told += "."
    for model in models:
        kept = {seed: _kept(own, model) for seed, own in of_seeds.items()}
        late = [seed for seed in over if (turn := turns[seed]) is not None and kept[seed] > turn.turned_epoch]
        excess = [
            float(own.loc[kept[seed], VALIDATION_LOSS] - own[VALIDATION_LOSS].min()) for seed, own in of_seeds.items()
        ]
        mean, most = number(float(np.mean(excess))), number(max(excess))
        told += (
            f" The epoch kept by {words(model)} lies after that in {len(late) or 'none'} of them; its validation loss "
            f"is {mean} above the least of its training in the mean, {most} at most."
        )
    return f"{told} An epoch chosen by a score of few validation regions need not be one of low loss."


def _regions(figure: Mapping[str, Any], results: Results) -> list[Block]:
    """Scores by the number of regions that train, and what the data set of the most gains over the others."""
    regions = {name: regions_that_train(results.index, name) for name in figure["datasets"]}
    datasets = sorted(regions, key=lambda name: -float(np.mean(regions[name])))
    rows = []
    for name in datasets:
        cells: list[Any] = [name, mean_count(regions[name])]
        for panel in figure["panels"]:
            cells += [_score(results.intervals, name, panel), _gain(results.comparisons, datasets[0], name, panel)]
        rows.append({"cells": cells})
    scores = [ABBREVIATIONS[panel["metric"]] for panel in figure["panels"]]
    headings = text_columns("Data set")
    headings += number_columns("regions", *(title for each in scores for title in (each, f"all {MINUS} these")))
    spans = [("", 2), *((words(panel["model"]), 2) for panel in figure["panels"])]
    caption = (
        "Scores by the number of regions that train, the regions tested being the same: mean ± standard deviation over "
        "seeds, and beneath it the 95 % interval by resampled test regions; what all regions gain over fewer, paired, "
        "with its interval, where the study compares them. What hangs on which regions train, only the seeds tell."
    )
    least, most = (count(float(np.mean(regions[name]))) for name in (datasets[-1], datasets[0]))
    told = [_told_of_gain(results.comparisons, datasets, panel) for panel in figure["panels"]]
    text = f"Would more regions help? From {least} to {most} regions that train: {'; '.join(told)}."
    return [paragraph(text), table(caption, headings, rows, spans=spans, small=True)]


def _score(intervals: pd.DataFrame, dataset: str, panel: Mapping[str, str]) -> Any:
    at = FIXED_THRESHOLD if panel["metric"] in CATEGORICAL_METRICS else ""
    found = rows_where(intervals, dataset=dataset, model=panel["model"], metric=panel["metric"], threshold=at)
    if found.empty:
        raise InputError(
            f"intervals hold no {panel['metric']} of {dataset} {panel['model']}, which a figure of training regions "
            "wants. Verify the study again."
        )
    row = found.iloc[0]
    return with_interval(row["value"], row["low"], row["high"], sd=row["sd"])


def _compared(comparisons: pd.DataFrame, a: str, b: str, panel: Mapping[str, str]) -> pd.DataFrame:
    """The comparison by resampled regions of one model on two data sets; no row where the study makes none."""
    names = {side: f"{dataset} {panel['model']}" for side, dataset in (("a", a), ("b", b))}
    return rows_where(comparisons, metric=panel["metric"], test=REGION_BLOCKS, **names)


def _gain(comparisons: pd.DataFrame, most: str, dataset: str, panel: Mapping[str, str]) -> Any:
    found = _compared(comparisons, most, dataset, panel)
    if found.empty:
        return UNDEFINED
    row = found.iloc[0]
    return difference(row["difference"], row["low"], row["high"])


def _told_of_gain(comparisons: pd.DataFrame, datasets: Sequence[str], panel: Mapping[str, str]) -> str:
    """What all regions gain over the fewest, and whether the interval leaves out 0."""
    found = _compared(comparisons, datasets[0], datasets[-1], panel)
    name = f"the {ABBREVIATIONS[panel['metric']]} of {words(panel['model'])}"
    if found.empty or np.isnan(found.iloc[0][["difference", "low", "high"]].to_numpy(dtype=np.float64)).any():
        return f"{name} is not compared"
    row = found.iloc[0]
    within = "more than chance" if row["low"] > 0 or row["high"] < 0 else "no more than chance"
    return (
        f"{name} changes by {signed(row['difference'])} (95 % interval {signed(row['low'])} to {signed(row['high'])}), "
        f"{within}"
    )
