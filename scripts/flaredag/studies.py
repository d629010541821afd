"""Studies as the configuration describes them: which run, what an archive can serve of them, how they are drawn.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.archive_files import kinds_of_flare_lists
from flaredag.calibration_names import calibrated_name, raw_name
from flaredag.ensemble_names import ensemble_models
from flaredag.errors import InputError
from flaredag.feature_subsets import check_ranking
from flaredag.importance_settings import permuted_series
from flaredag.left_out import remaining_figures, remaining_pairs
from flaredag.store import ON_MAGNETOGRAMS

# Family of comparisons that tells what the declared leaks are worth.
DECLARED_LEAKS = "declared_leaks"
# Settings of a data set that say nothing of how it is drawn.
NOT_OF_DRAW = ("task", "models", "first_seeds")

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flaredag.archive_files import ArchiveFiles


def chosen_studies(config: Mapping[str, Any]) -> list[str]:
    """Studies to run: a list, or on the command line names joined by commas; InputError on one not described."""
    chosen = config["studies"]
    names = chosen.split(",") if isinstance(chosen, str) else list(chosen)
    unknown = [name for name in names if name not in config["study"]]
    if unknown:
        described = ", ".join(config["study"])
        raise InputError(f"studies: no study {', '.join(unknown)}; the configuration describes {described}.")
    return names


def kinds_used(config: Mapping[str, Any]) -> set[str]:
    """Kinds of curated files that the chosen studies take their tables, flares, magnetograms and flare lists from."""
    kinds: set[str] = set()
    for study in (config["study"][name] for name in chosen_studies(config)):
        kinds |= set(study["source"].values()) | set(
            kinds_of_flare_lists(_of_archive(study, config["archive"], "label_lists"))
        )
        kinds |= {_flares_of_disk(study, name, config["archive"]) for name in study.get("full_disk", {})}
    return kinds


def studies_of_archive(config: Mapping[str, Any], files: ArchiveFiles) -> dict[str, dict[str, Any]]:
    """Chosen studies whose tables the archive of `files` has, by name, each as the archive can serve it.

    Raises InputError where it can serve none of them.
    """
    chosen = chosen_studies(config)
    of_archive = {"solar_cycles": config["archives"][config["archive"]]["solar_cycles"]}
    served = {
        name: study_on_archive(
            config["study"][name], files, archive=config["archive"], with_cases=bool(config["mirror"])
        )
        | of_archive
        for name in chosen
        if config["study"][name]["source"]["tables"] in files.curated
    }
    if not served:
        raise InputError(
            f"studies: archive {config['archive']} has no data for {', '.join(chosen)}. Choose another archive or "
            "study."
        )
    return served


def study_on_archive(
    study: Mapping[str, Any], files: ArchiveFiles, *, archive: str, with_cases: bool
) -> dict[str, Any]:
    """The study as an archive can serve it: without magnetograms there is nothing that rests on them.

    Left out are the models on magnetograms, data sets that are drawn for them alone, tests and curves of them,
    ensembles of which less than two learners remain, and explanations. `explanation.regions` are those of the archive,
    and `explanation.cases` are there only `with_cases`.
    """
    served = dict(study) | {
        "ensembles": study.get("ensembles", []),
        "explanation": study.get("explanation"),
        "ranking": study.get("ranking"),
        "comparisons": [
            *(_with_all_pairs(family, study) for family in study["comparisons"]),
            *({"name": DECLARED_LEAKS, "title": leak["text"], **leak["priced"]} for leak in priced_leaks(study)),
        ],
        "full_disk": {
            name: dict(own) | {"flares": _flares_of_disk(study, name, archive)}
            for name, own in study.get("full_disk", {}).items()
        },
        "ladders": study.get("ladders", []),
        "label_lists": _of_archive(study, archive, "label_lists"),
    }
    if study["source"].get("magnetograms") in files.curated:
        if served["explanation"]:
            explanation = served["explanation"]
            if archive not in explanation["regions"]:
                raise InputError(
                    f"explanation.regions: none for the archive {archive}; there are some for "
                    f"{', '.join(explanation['regions'])}. Add those of {archive}, or 0."
                )
            cases = explanation["cases"] if with_cases else []
            served["explanation"] = dict(explanation) | {"regions": explanation["regions"][archive], "cases": cases}
        return served | {"comparisons": [_as_issued(family, served) for family in served["comparisons"]]}
    gone = study["fits"].get(ON_MAGNETOGRAMS, {}).get("models", [])

    def remain(one: Mapping[str, str]) -> bool:
        return one["model"] not in gone and one["dataset"] in (*datasets, *study.get("full_disk", {}))

    datasets = {
        name: own | {"models": [model for model in own["models"] if model not in gone]} if "models" in own else own
        for name, own in study["datasets"].items()
        if "models" not in own or set(own["models"]) - set(gone)
    }
    ensembles = [
        dict(ensemble) | {"learners": [name for name in ensemble["learners"] if name not in gone]}
        for ensemble in served["ensembles"]
    ]
    ensembles = [ensemble for ensemble in ensembles if len(ensemble["learners"]) > 1]
    gone = [*gone, *set(names_of_ensembles(served["ensembles"])) - set(names_of_ensembles(ensembles))]
    comparisons = [remaining_pairs(family, remain) for family in served["comparisons"]]
    left = served | {
        "source": {kind: name for kind, name in study["source"].items() if kind != "magnetograms"},
        "datasets": datasets,
        "fits": {kind: own for kind, own in study["fits"].items() if kind != ON_MAGNETOGRAMS},
        "ensembles": ensembles,
        "explanation": None,
        "figures": remaining_figures(study["figures"], remain),
    }
    if {study.get("overlapping_runs", {}).get(side) for side in "ab"} & set(gone):
        del left["overlapping_runs"]
    return left | {"comparisons": [_as_issued(family, left) for family in comparisons if family["pairs"]]}


def priced_leaks(study: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Declared leaks of a study whose worth is measured, as scores with them and without."""
    return [leak for leak in study.get("declared_leaks", []) if "priced" in leak]


def calibrated_datasets(study: Mapping[str, Any]) -> list[str]:
    """Data sets of the ladders whose test split has its natural event rate: their forecasts are calibrated."""
    rungs = [name for ladder in study["ladders"] for name in ladder["rungs"].values()]
    return [name for name in dict.fromkeys(rungs) if name in study["datasets"] and _is_natural(study, name)]


def operational_datasets(study: Mapping[str, Any]) -> list[str]:
    """Data sets on which skill is held against strata and flare lists: nothing left out for what happened later.

    Those of the ladders' rung `all_samples`; without a ladder those whose test split has its natural event rate, and
    if there is none, all that have every model.
    """
    rungs = [ladder["rungs"]["all_samples"] for ladder in study["ladders"] if "all_samples" in ladder["rungs"]]
    whole = exported_datasets(study)
    natural = [name for name in whole if _is_natural(study, name)]
    return list(dict.fromkeys(rungs)) or natural or whole


def exported_datasets(study: Mapping[str, Any]) -> list[str]:
    """Data sets whose predictions every run leaves as CSV: those that have every model."""
    return [name for name, own in study["datasets"].items() if "models" not in own]


def datasets_in_training_folds(study: Mapping[str, Any]) -> list[str]:
    """Data sets whose seeds are the training folds that are left out."""
    return [name for name, own in study["datasets"].items() if "training_folds" in own]


def models_of_ladders(study: Mapping[str, Any]) -> list[str]:
    """Models that climb the ladders: those fitted on some rung above the first."""
    rungs = [name for ladder in study["ladders"] for name in list(ladder["rungs"].values())[1:]]
    fitted = [model for fit in study["fits"].values() for model in fit["models"]]
    own = [set(study["datasets"][name].get("models", fitted)) for name in rungs if name in study["datasets"]]
    return [model for model in fitted if any(model in models for models in own)]


def issued_series(study: Mapping[str, Any], datasets: Sequence[str], models: Sequence[str]) -> list[dict[str, str]]:
    """Forecasts of `models` on `datasets` as they would be issued: moved to the natural event rate where they are."""
    calibrated = calibrated_datasets(study)
    return [
        {"dataset": dataset, "model": calibrated_name(model, "prior_shift") if dataset in calibrated else model}
        for dataset in dict.fromkeys(datasets)
        for model in models
    ]


def diagnosed_series(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Forecasts of the headline's models and the climatology, as they would be issued, on the latest rungs in time."""
    ladders = [ladder["rungs"] for ladder in study["ladders"]]
    rungs = [ladder[rung] for ladder in ladders for rung in ("by_time", "full_disk") if rung in ladder]
    fitted = [model for fit in study["fits"].values() for model in fit["models"]]
    models = [*models_of_headline(study), *(model for model in fitted if model == "climatology")]
    return issued_series(study, rungs or operational_datasets(study), models)


def strata_series(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Forecasts of the headline's models, as they would be issued, that are verified in every stratum."""
    return issued_series(study, operational_datasets(study), models_of_headline(study))


def settings_of_disk(study: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What the daily forecasts `name` are made from: data set, its task, kind of the flares; and how (`settings`)."""
    own = study["full_disk"][name]
    task = study["datasets"][own["made_from"]].get("task", "")
    labels = labels_of_task(study, task)
    return {
        "made_from": own["made_from"],
        "task": task,
        "flares": own["flares"],
        "settings": {
            "issue_hour": own["issue_hour"],
            "max_age_hours": own["max_age_hours"],
            "cadence_minutes": study["windows"]["cadence_minutes"],
            "horizon_hours": labels["horizon_hours"],
            "strong_class": labels["strong_class"],
        },
    }


def labels_of_task(study: Mapping[str, Any], task: str) -> dict[str, Any]:
    """Settings of the labels of a task: the common ones with its own over them."""
    return study["labels"] | study["labels"].get("tasks", {}).get(task, {})


def class_weighted(study: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Models whose class weights make their probabilities those of equal classes; `models`: settings of each.

    Not the support vector machine: its probabilities are made on the validation split, as that is.
    """
    fitted = [name for fit in study["fits"].values() for name in fit["models"]]
    return [
        name for name in fitted if models[name].get("class_weights") == "balanced" and name != "support_vector_machine"
    ]


def models_of_headline(study: Mapping[str, Any]) -> list[str]:
    """The models that the headline compares, the study's own first."""
    return [study["headline"][role] for role in ("model", "baseline")]


def series_of_headline(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Data set and model of every series that the headline needs."""
    headline = study["headline"]
    models = [*models_of_headline(study), *headline.get("rivals", [])]
    datasets = headline.get("datasets", exported_datasets(study))
    return [{"dataset": dataset, "model": model} for dataset in datasets for model in models]


def names_of_ensembles(ensembles: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names under which the forecasts of all ensembles go."""
    return [name for one in ensembles for name in ensemble_models(one["name"], one["criteria"])]


def ensembles_on(study: Mapping[str, Any], dataset: str) -> list[Mapping[str, Any]]:
    """Ensembles that are made on a data set: those that name it, and those that name none if it has every model."""
    whole = "models" not in study["datasets"][dataset]
    return [one for one in study["ensembles"] if (dataset in one["datasets"] if "datasets" in one else whole)]


def stacked_datasets(study: Mapping[str, Any], ensemble: str | None = None) -> list[str]:
    """Data sets on which ensembles are made, or the one called `ensemble`."""
    return [
        name for name in study["datasets"] if any(ensemble in (None, one["name"]) for one in ensembles_on(study, name))
    ]


def check_study(name: str, study: Mapping[str, Any]) -> None:
    """InputError where a study names a data set, model or instrument that it does not have.

    What one key may hold is in the schema; this is what keys say of each other.
    """
    fitted = [model for fit in study["fits"].values() for model in fit["models"]]
    models = [*fitted, *names_of_ensembles(study["ensembles"])]
    learners = [learner for ensemble in study["ensembles"] for learner in ensemble["learners"]]
    pairs = [one for family in study["comparisons"] for pair in family["pairs"] for one in pair.values()]
    pairs = [_as_fitted(study, one) for one in pairs]
    series = [*pairs, *(one for figure in study["figures"] for one in figure["series"]), *_explaining(study)]
    series += [*series_of_headline(study), *permuted_series(study), *_in_runs(study)]
    instruments = [one for dataset in study["datasets"].values() for one in _instruments(dataset)]
    rungs = [name for ladder in study["ladders"] for name in ladder["rungs"].values()]
    stacked = [name for ensemble in study["ensembles"] for name in ensemble.get("datasets", [])]
    made_from = [disk["made_from"] for disk in study["full_disk"].values()]
    wanted = (
        ("data set", rungs, [*study["datasets"], *study["full_disk"]]),
        ("data set", [one["dataset"] for one in series] + made_from + stacked, list(study["datasets"])),
        ("model", [one["model"] for one in series], models),
        ("model", [*learners, *_models_of_datasets(study)], fitted),
        ("model on keywords", [one["model"] for one in permuted_series(study)], _on_keywords(study)),
        ("task", [own.get("task", "") for own in study["datasets"].values()], list(study["labels"].get("tasks", [""]))),
        ("instrument", instruments, study["instruments"]),
        ("instrument", study["instruments"], list(study["selection"]["quality_below"])),
    )
    for what, named, known in wanted:
        unknown = sorted(set(named) - set(known))
        if unknown:
            raise InputError(f"study {name}: no {what} {', '.join(unknown)}; it has {', '.join(known)}.")
    for dataset, own in study["datasets"].items():
        learners = [name for ensemble in ensembles_on(study, dataset) for name in ensemble["learners"]]
        absent = [name for name in dict.fromkeys(learners) if name not in own.get("models", fitted)]
        if absent:
            raise InputError(
                f"study {name}: an ensemble on the data set {dataset} wants {', '.join(absent)}, which it does not "
                "fit. Add it to the `models` of the data set, or take it out of the ensemble."
            )
    for one in series:
        own = [
            *study["datasets"][one["dataset"]].get("models", fitted),
            *names_of_ensembles(ensembles_on(study, one["dataset"])),
        ]
        if one["model"] not in own:
            raise InputError(
                f"study {name}: {one['model']} is not fitted on the data set {one['dataset']}, which has "
                f"{', '.join(own)}. Add it to the `models` of the data set, or name another."
            )
    if study["ranking"]:
        seeds = {dataset: own["seeds"] for dataset, own in settings_of_datasets(study).items()}
        check_ranking(name, study["ranking"], seeds=seeds, models=fitted)
    if study["explanation"] and "folds" not in study["datasets"][study["explanation"]["dataset"]]:
        raise InputError(
            f"study {name}: explanation.dataset {study['explanation']['dataset']} has no `folds`; wanted a data set in "
            "folds, one of which has not seen a region."
        )
    for task, own in study["labels"].get("tasks", {"": {}}).items():
        labels = study["labels"] | own
        both = set(labels["positive"]) & set(labels["negative"])
        if both:
            raise InputError(
                f"study {name}: labels {task}: {', '.join(sorted(both))} is positive and negative; wanted one."
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


def settings_of_datasets(study: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Of each data set of a study: its `seeds`, its `task`, and how it is drawn (`flaredag.datasets.draw_dataset`).

    Of a data set in folds the seeds are the numbers of the folds.
    """
    of_pixels = {"pixels_standardised_by": study["magnetograms"]["standardised_by"]} if _has_images(study) else {}
    settings = {}
    for name, own in study["datasets"].items():
        draw = {key: value for key, value in (study["splits"] | own).items() if key not in NOT_OF_DRAW}
        if own.get("split_by", "region") != "region":
            draw["purge_gap_hours"] = purge_gap_hours(study, own.get("task", ""))
        if "tested_cycle" in own:
            draw["tested_cycle"] = _days_of_cycle(study["solar_cycles"], own["tested_cycle"])
        settings[name] = {
            "seeds": _seeds(study, own),
            "task": own.get("task", ""),
            "draw": draw | of_pixels,
        }
    return settings


def purge_gap_hours(study: Mapping[str, Any], task: str) -> float:
    """Hours between splits in time: no window of one, and no forecast, may reach into a window of the other."""
    labels, windows = labels_of_task(study, task), study["windows"]
    observed = labels.get("observation_hours", windows["cadence_minutes"] * (windows["n_steps"] - 1) / 60)
    return float(observed + labels["horizon_hours"])


def explained(study: Mapping[str, Any]) -> dict[str, Any] | None:
    """What choosing the regions to be explained hangs on; None in a study without explanation."""
    explanation = study["explanation"]
    if not explanation:
        return None
    dataset = study["datasets"][explanation["dataset"]]
    return {
        "regions": explanation["regions"],
        "task": dataset.get("task", ""),
        "instrument": dataset["evaluated"],
        "folds": dataset["folds"],
        "validation_fraction": study["splits"]["validation_fraction"],
    }


def _as_fitted(study: Mapping[str, Any], one: Mapping[str, str]) -> dict[str, str]:
    """The series whose forecasts one was made from: of the regions behind a disk, before any calibration."""
    disk = study["full_disk"].get(one["dataset"])
    return {"dataset": disk["made_from"] if disk else one["dataset"], "model": raw_name(one["model"])}


def _is_natural(study: Mapping[str, Any], dataset: str) -> bool:
    """Whether the test split of a data set has its natural event rate."""
    return "test" not in (study["splits"] | study["datasets"][dataset]).get("undersampled", [])


def _of_archive(study: Mapping[str, Any], archive: str, key: str) -> Sequence[str]:
    """What a study has under `key` for an archive; nothing where it says nothing of it."""
    return study.get(key, {}).get(archive, [])


def _flares_of_disk(study: Mapping[str, Any], name: str, archive: str) -> str:
    """Kind of the flares that tell the outcome of the daily forecasts `name`."""
    return study["full_disk"][name].get("flares", {}).get(archive, study["source"]["flares"])


def _days_of_cycle(cycles: Sequence[Mapping[str, Any]], number: int) -> list[str]:
    """First day of a solar cycle and the day after its last; InputError if the archive tells of no such cycle."""
    for cycle in cycles:
        if cycle["number"] == number:
            return [cycle["begin"], cycle["end"]]
    told = ", ".join(str(cycle["number"]) for cycle in cycles)
    raise InputError(f"tested_cycle {number}: the archive's solar_cycles are {told}. Name one of them, or add it.")


def _seeds(study: Mapping[str, Any], dataset: Mapping[str, Any]) -> list[int]:
    n_folds = dataset.get("folds", dataset.get("training_folds"))
    return list(study["seeds"])[: dataset.get("first_seeds")] if n_folds is None else list(range(n_folds))


def _instruments(dataset: Mapping[str, Any]) -> list[str]:
    return [dataset["evaluated"], *dataset["added_to_training"]]


def _with_all_pairs(family: Mapping[str, Any], study: Mapping[str, Any]) -> dict[str, Any]:
    """A family of comparisons with a pair for each pair of models and each data set, or rung, that has every model."""
    whole = [name for name, own in study["datasets"].items() if "models" not in own]
    rungs = dict.fromkeys(name for ladder in study.get("ladders", []) for name in ladder["rungs"].values())
    pairs = [
        {side: {"dataset": dataset, "model": models[side]} for side in ("a", "b")}
        for key, datasets in (("on_every_dataset", whole), ("on_every_rung", rungs))
        for models in family.get(key, [])
        for dataset in datasets
    ]
    # A rung may be a data set with every model.
    pairs = [pair for i, pair in enumerate(pairs) if pair not in pairs[:i]]
    at = {"threshold": family["threshold"]} if "threshold" in family else {}
    return {
        key: value for key, value in family.items() if key not in ("on_every_dataset", "on_every_rung", "threshold")
    } | {"pairs": [*family.get("pairs", []), *({side: one | at for side, one in pair.items()} for pair in pairs)]}


def _as_issued(family: Mapping[str, Any], study: Mapping[str, Any]) -> dict[str, Any]:
    """A family whose series are moved to the natural event rate, where they are, if it asks for it."""
    rest = {key: value for key, value in family.items() if key != "as_issued"}
    if not family.get("as_issued"):
        return rest
    return rest | {
        "pairs": [
            {side: one | issued_series(study, [one["dataset"]], [one["model"]])[0] for side, one in pair.items()}
            for pair in family["pairs"]
        ]
    }


def _has_images(study: Mapping[str, Any]) -> bool:
    return "magnetograms" in study["source"]


def _explaining(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Data set and model of every network that explains."""
    explanation = study["explanation"]
    names = [explanation["dataset"], explanation["bipoles"]["dataset"]] if explanation else []
    return [{"dataset": name, "model": explanation["model"]} for name in names]


def _on_keywords(study: Mapping[str, Any]) -> list[str]:
    return [model for kind, fit in study["fits"].items() if kind != ON_MAGNETOGRAMS for model in fit["models"]]


def _in_runs(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Data set and model of all forecasts that overlapping runs are made of."""
    asked = study.get("overlapping_runs", {})
    return [{"dataset": name, "model": asked[side]} for name in asked.get("datasets", []) for side in "ab"]


def _models_of_datasets(study: Mapping[str, Any]) -> list[str]:
    return [model for own in study["datasets"].values() for model in own.get("models", [])]
