"""What the keys of a study's configuration must say of each other; what one key may hold is in the schema.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from flaredag.calibration_names import raw_name
from flaredag.errors import InputError
from flaredag.importance_settings import permuted_series
from flaredag.ranking_settings import check_ranking
from flaredag.store import ON_MAGNETOGRAMS
from flaredag.studies import labels_of_task, settings_of_datasets
from flaredag.study_figures import series_of_figure
from flaredag.study_series import ensembles_on, names_of_ensembles, series_of_headline
from flaredag.verification_settings import score_tables

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_study(name: str, study: Mapping[str, Any]) -> None:
    """InputError where a study names a data set, model or instrument that it does not have, or contradicts itself.

    What one key may hold is in the schema; this is what keys say of each other.
    """
    _check_names(name, study)
    _check_fits(name, study)
    _check_labels(name, study)
    _check_folds(name, study)
    if study["ranking"]:
        seeds = {dataset: own["seeds"] for dataset, own in settings_of_datasets(study).items()}
        check_ranking(name, study["ranking"], seeds=seeds, models=_fitted(study))


def models_on_keywords(study: Mapping[str, Any]) -> list[str]:
    """Models that a study fits, but those on magnetograms."""
    return [model for kind, fit in study["fits"].items() if kind != ON_MAGNETOGRAMS for model in fit["models"]]


def _check_names(name: str, study: Mapping[str, Any]) -> None:
    """Every data set, model, task and instrument named somewhere is one that the study has."""
    models = [*_fitted(study), *names_of_ensembles(study["ensembles"])]
    learners = [learner for ensemble in study["ensembles"] for learner in ensemble["learners"]]
    of_datasets = [
        model
        for own in study["datasets"].values()
        for model in (*own.get("models", []), *own.get("model_settings", {}))
    ]
    series = _series(study)
    instruments = [one for own in study["datasets"].values() for one in (own["evaluated"], *own["added_to_training"])]
    rungs = [dataset for ladder in study["ladders"] for dataset in ladder["rungs"].values()]
    stacked = [dataset for ensemble in study["ensembles"] for dataset in ensemble.get("datasets", [])]
    made_from = [disk["made_from"] for disk in study["full_disk"].values()]
    wanted = (
        ("data set", rungs, [*study["datasets"], *study["full_disk"]]),
        ("data set", [one["dataset"] for one in series] + made_from + stacked, list(study["datasets"])),
        ("model", [one["model"] for one in series], models),
        ("model", [*learners, *of_datasets], _fitted(study)),
        ("model on keywords", [one["model"] for one in permuted_series(study)], models_on_keywords(study)),
        ("task", [own.get("task", "") for own in study["datasets"].values()], list(study["labels"].get("tasks", [""]))),
        ("instrument", instruments, study["instruments"]),
        ("instrument", study["instruments"], list(study["selection"]["quality_below"])),
    )
    for what, named, known in wanted:
        unknown = sorted(set(named) - set(known))
        if unknown:
            raise InputError(f"study {name}: no {what} {', '.join(unknown)}; it has {', '.join(known)}.")


def _check_fits(name: str, study: Mapping[str, Any]) -> None:
    """Every model is fitted on the data sets on which it is asked for."""
    fitted = _fitted(study)
    for dataset, own in study["datasets"].items():
        learners = [learner for ensemble in ensembles_on(study, dataset) for learner in ensemble["learners"]]
        absent = [learner for learner in dict.fromkeys(learners) if learner not in own.get("models", fitted)]
        if absent:
            raise InputError(
                f"study {name}: an ensemble on the data set {dataset} wants {', '.join(absent)}, which it does not "
                "fit. Add it to the `models` of the data set, or take it out of the ensemble."
            )
    for one in _series(study):
        of_dataset = study["datasets"][one["dataset"]].get("models", fitted)
        models = [*of_dataset, *names_of_ensembles(ensembles_on(study, one["dataset"]))]
        if one["model"] not in models:
            raise InputError(
                f"study {name}: {one['model']} is not fitted on the data set {one['dataset']}, which has "
                f"{', '.join(models)}. Add it to the `models` of the data set, or name another."
            )


def _check_labels(name: str, study: Mapping[str, Any]) -> None:
    """No flare class is positive and negative at once."""
    for task in study["labels"].get("tasks", [""]):
        labels = labels_of_task(study, task)
        both = set(labels["positive"]) & set(labels["negative"])
        if both:
            raise InputError(
                f"study {name}: labels {task}: {', '.join(sorted(both))} is positive and negative; wanted one."
            )


def _check_folds(name: str, study: Mapping[str, Any]) -> None:
    """Data sets in folds, split by cycle or in training folds are described so that they can be drawn and used."""
    if study["explanation"] and "folds" not in study["datasets"][study["explanation"]["dataset"]]:
        raise InputError(
            f"study {name}: explanation.dataset {study['explanation']['dataset']} has no `folds`; wanted a data set in "
            "folds, one of which has not seen a region."
        )
    for dataset, own in study["datasets"].items():
        if (own.get("split_by") == "cycle") != ("tested_cycle" in own):
            raise InputError(
                f"study {name}: data set {dataset} has split_by {own.get('split_by', 'region')} and tested_cycle "
                f"{own.get('tested_cycle', 'none')}; wanted `split_by: cycle` and `tested_cycle` together, or neither."
            )
        if "training_folds" in own and (own.get("split_by") != "time" or {"folds", "first_seeds"} & own.keys()):
            raise InputError(
                f"study {name}: data set {dataset} has training_folds, and split_by {own.get('split_by', 'region')}, "
                f"folds {own.get('folds', 'none')}, first_seeds {own.get('first_seeds', 'none')}; wanted `split_by: "
                "time` and neither of the others: its seeds are the training folds, and no other draw may hang on them."
            )
    for one in _in_runs(study):
        if "training_folds" not in study["datasets"][one["dataset"]]:
            raise InputError(
                f"study {name}: overlapping_runs: data set {one['dataset']} has no `training_folds`; wanted data sets "
                "whose fits lack one training fold each."
            )


def _fitted(study: Mapping[str, Any]) -> list[str]:
    return [model for fit in study["fits"].values() for model in fit["models"]]


def _series(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Data set and model of all forecasts that a study asks for, as they were fitted."""
    pairs = [one for family in study["comparisons"] for pair in family["pairs"] for one in pair.values()]
    return [
        *(_as_fitted(study, one) for one in pairs),
        *(one for figure in study["figures"] for one in series_of_figure(figure)),
        *_in_score_tables(study),
        *_explaining(study),
        *series_of_headline(study),
        *permuted_series(study),
        *_in_runs(study),
    ]


def _as_fitted(study: Mapping[str, Any], one: Mapping[str, str]) -> dict[str, str]:
    """The series whose forecasts one was made from: of the regions behind a disk, before any calibration."""
    disk = study["full_disk"].get(one["dataset"])
    return {"dataset": disk["made_from"] if disk else one["dataset"], "model": raw_name(one["model"])}


def _explaining(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Data set and model of every network that explains."""
    explanation = study["explanation"]
    names = [explanation["dataset"], explanation["bipoles"]["dataset"]] if explanation else []
    return [{"dataset": name, "model": explanation["model"]} for name in names]


def _in_score_tables(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Data set and model of what tables of scores name: not every model need be fitted on every data set.

    One that is fitted on none stands with the first data set, and a data set that fits none with the first model.
    """
    found = []
    for asked in score_tables(study):
        datasets, models = asked.get("datasets", []), asked.get("models", [])
        pairs = list(itertools.product(datasets, models))
        there = [
            (name, model)
            for name, model in pairs
            if model in study["datasets"].get(name, {}).get("models", _fitted(study))
        ]
        named = [{name for name, _ in there}, {model for _, model in there}]
        found += there + [pair for pair in pairs if any(one not in own for one, own in zip(pair, named, strict=True))]
    return [{"dataset": name, "model": model} for name, model in found]


def _in_runs(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Data set and model of all forecasts that overlapping runs are made of."""
    asked = study.get("overlapping_runs", {})
    return [{"dataset": name, "model": asked[side]} for name in asked.get("datasets", []) for side in "ab"]
