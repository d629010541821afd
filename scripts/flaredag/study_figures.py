"""Figures that a study's configuration describes: their kinds, and the series of forecasts that each is of.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.verification_settings import settings_of_profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Kinds of figures that are no figures of verification: losses by epoch, and scores by the number of training regions.
TRAINING_CURVES = "training_curves"
TRAINING_REGIONS = "training_regions"
TRAINING_KINDS = (TRAINING_CURVES, TRAINING_REGIONS)
TRAINING_CURVES_SHOWN = (
    "Losses and validation TSS by epoch, a line a seed, on {dataset}; marks: the epochs kept by {models} "
    "(Fig. 4 of Li et al. 2024, and its TSS besides). The training loss is the mean over the batches of an epoch, "
    "with dropout and while the weights change; the validation loss is that of the network after it, without dropout "
    "and without class weights, so that their levels differ."
)
TRAINING_REGIONS_SHOWN = (
    "Scores on the same test regions by the number of regions that train: mean and standard deviation over the splits "
    "(Fig. 5 of Li et al. 2024)."
)


def kind_of_figure(figure: Mapping[str, Any]) -> str:
    """Kind of a figure; all series over each other where it names none."""
    return figure.get("kind", "compared")


def series_of_figure(figure: Mapping[str, Any]) -> list[dict[str, str]]:
    """Data set and model of all forecasts that a figure is of."""
    kind = kind_of_figure(figure)
    if kind == TRAINING_CURVES:
        return [{"dataset": figure["dataset"], "model": model} for model in figure["models"]]
    if kind == TRAINING_REGIONS:
        models = [panel["model"] for panel in figure["panels"]]
        return [{"dataset": dataset, "model": model} for dataset in figure["datasets"] for model in models]
    return [dict(one) for one in figure["series"]]


def remaining_figure(figure: Mapping[str, Any], remains: Callable[[Mapping[str, str]], bool]) -> dict[str, Any]:
    """A figure with the series that remain; one of training regions with the data sets and panels that do.

    Of training regions none remain where one data set does: there is nothing to hold it against.
    """
    kind, rest = kind_of_figure(figure), [one for one in series_of_figure(figure) if remains(one)]
    if kind == TRAINING_CURVES:
        return dict(figure) | {"models": [one["model"] for one in rest]}
    if kind == TRAINING_REGIONS:
        there, models = ({one[key] for one in rest} for key in ("dataset", "model"))
        datasets = [name for name in figure["datasets"] if name in there]
        return dict(figure) | {
            "datasets": datasets if len(datasets) > 1 else [],
            "panels": [panel for panel in figure["panels"] if panel["model"] in models],
        }
    return dict(figure) | {"series": rest}


def shown_in_section(figure: Mapping[str, Any]) -> dict[str, Any]:
    """A figure as the report takes it: `name`, `title`, and under its kind what its caption or tables are made from."""
    kind, title = kind_of_figure(figure), figure["title"].rstrip(".")
    if kind == TRAINING_CURVES:
        models = " and ".join(model.replace("_", " ") for model in figure["models"])
        told = TRAINING_CURVES_SHOWN.format(dataset=figure["dataset"], models=models)
        own = {TRAINING_CURVES: {"dataset": figure["dataset"], "models": list(figure["models"])}}
        return {"name": figure["name"], "title": f"{title}. {told}"} | own
    if kind == TRAINING_REGIONS:
        own = {TRAINING_REGIONS: {"datasets": list(figure["datasets"]), "panels": list(figure["panels"])}}
        return {"name": figure["name"], "title": f"{title}. {TRAINING_REGIONS_SHOWN}"} | own
    return {"name": figure["name"], "title": figure["title"]} | settings_of_profiles(figure)


def training_curves_asked(study: Mapping[str, Any]) -> dict[str, list[str]]:
    """Models, by data set, of which a study's figures show training curves."""
    asked: dict[str, list[str]] = {}
    for figure in figures_of_kinds(study, [TRAINING_CURVES]):
        models = asked.setdefault(figure["dataset"], [])
        models += [model for model in figure["models"] if model not in models]
    return asked


def figures_of_kinds(study: Mapping[str, Any], kinds: Sequence[str]) -> list[Mapping[str, Any]]:
    """Figures of a study that are of some kinds, in its order."""
    return [figure for figure in study["figures"] if kind_of_figure(figure) in kinds]
