"""Studies as the configuration describes them: which run, what an archive can serve of them, how they are drawn.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.ensemble_names import ensemble_models
from flaredag.errors import InputError
from flaredag.store import ON_MAGNETOGRAMS

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
    """Kinds of curated files that the chosen studies take their tables, flares and magnetograms from."""
    return {kind for name in chosen_studies(config) for kind in config["study"][name]["source"].values()}


def studies_of_archive(config: Mapping[str, Any], files: ArchiveFiles) -> dict[str, dict[str, Any]]:
    """Chosen studies whose tables the archive of `files` has, by name, each as the archive can serve it.

    Raises InputError where it can serve none of them.
    """
    chosen = chosen_studies(config)
    served = {
        name: study_on_archive(
            config["study"][name], files, archive=config["archive"], with_cases=bool(config["mirror"])
        )
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
        "comparisons": [_with_all_pairs(family, study["datasets"]) for family in study["comparisons"]],
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
        return served
    gone = study["fits"].get(ON_MAGNETOGRAMS, {}).get("models", [])

    def remain(one: Mapping[str, str]) -> bool:
        return one["model"] not in gone and one["dataset"] in datasets

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
    comparisons = [
        dict(family) | {"pairs": [pair for pair in family["pairs"] if all(remain(one) for one in pair.values())]}
        for family in served["comparisons"]
    ]
    figures = [
        dict(figure) | {"series": [one for one in figure["series"] if remain(one)]} for figure in study["figures"]
    ]
    return served | {
        "source": {kind: name for kind, name in study["source"].items() if kind != "magnetograms"},
        "datasets": datasets,
        "fits": {kind: own for kind, own in study["fits"].items() if kind != ON_MAGNETOGRAMS},
        "ensembles": ensembles,
        "explanation": None,
        "comparisons": [family for family in comparisons if family["pairs"]],
        "figures": [figure for figure in figures if figure["series"]],
    }


def names_of_ensembles(ensembles: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names under which the forecasts of all ensembles go."""
    return [name for one in ensembles for name in ensemble_models(one["name"], one["criteria"])]


def stacked_datasets(study: Mapping[str, Any]) -> list[str]:
    """Data sets on which ensembles are made: all that have every model; none without an ensemble."""
    return [name for name, own in study["datasets"].items() if "models" not in own] if study["ensembles"] else []


def check_study(name: str, study: Mapping[str, Any]) -> None:
    """InputError where a study names a data set, model or instrument that it does not have.

    What one key may hold is in the schema; this is what keys say of each other.
    """
    fitted = [model for fit in study["fits"].values() for model in fit["models"]]
    models = [*fitted, *names_of_ensembles(study["ensembles"])]
    learners = [learner for ensemble in study["ensembles"] for learner in ensemble["learners"]]
    pairs = [one for family in study["comparisons"] for pair in family["pairs"] for one in pair.values()]
    series = [*pairs, *(one for figure in study["figures"] for one in figure["series"]), *_explaining(study)]
    instruments = [one for dataset in study["datasets"].values() for one in _instruments(dataset)]
    wanted = (
        ("data set", [one["dataset"] for one in series], list(study["datasets"])),
        ("model", [*(one["model"] for one in series), *_models_of_headline(study)], models),
        ("model", [*learners, *_models_of_datasets(study)], fitted),
        ("task", [own.get("task", "") for own in study["datasets"].values()], list(study["labels"].get("tasks", [""]))),
        ("instrument", instruments, study["instruments"]),
        ("instrument", study["instruments"], list(study["selection"]["quality_below"])),
    )
    for what, named, known in wanted:
        unknown = sorted(set(named) - set(known))
        if unknown:
            raise InputError(f"study {name}: no {what} {', '.join(unknown)}; it has {', '.join(known)}.")
    for one in series:
        own = study["datasets"][one["dataset"]].get("models", models)
        if one["model"] not in own:
            raise InputError(
                f"study {name}: {one['model']} is not fitted on the data set {one['dataset']}, which has "
                f"{', '.join(own)}. Add it to the `models` of the data set, or name another."
            )
    if study["explanation"] and "folds" not in study["datasets"][study["explanation"]["dataset"]]:
        raise InputError(
            f"study {name}: explanation.dataset {study['explanation']['dataset']} has no `folds`; wanted a data set in "
            "folds, one of which has not seen a region."
        )
    both = set(study["labels"]["positive"]) & set(study["labels"]["negative"])
    if both:
        raise InputError(f"study {name}: labels: {', '.join(sorted(both))} is positive and negative; wanted one.")


def settings_of_datasets(study: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Of each data set of a study: its `seeds`, its `task`, and how it is drawn (`flaredag.datasets.draw_dataset`)."""
    of_pixels = {"pixels_standardised_by": study["magnetograms"]["standardised_by"]} if _has_images(study) else {}
    return {
        name: {
            "seeds": list(range(own["folds"])) if "folds" in own else list(study["seeds"]),
            "task": own.get("task", ""),
            "draw": {key: value for key, value in own.items() if key not in ("task", "models")}
            | study["splits"]
            | of_pixels,
        }
        for name, own in study["datasets"].items()
    }


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


def _instruments(dataset: Mapping[str, Any]) -> list[str]:
    return [dataset["evaluated"], *dataset["added_to_training"]]


def _with_all_pairs(family: Mapping[str, Any], datasets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A family of comparisons with a pair for each pair of models and each data set that has every model."""
    pairs = [
        {side: {"dataset": dataset, "model": models[side]} for side in ("a", "b")}
        for models in family.get("on_every_dataset", [])
        for dataset, own in datasets.items()
        if "models" not in own
    ]
    return {key: value for key, value in family.items() if key != "on_every_dataset"} | {
        "pairs": [*family.get("pairs", []), *pairs]
    }


def _has_images(study: Mapping[str, Any]) -> bool:
    return "magnetograms" in study["source"]


def _explaining(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Data set and model of every network that explains."""
    explanation = study["explanation"]
    names = [explanation["dataset"], explanation["bipoles"]["dataset"]] if explanation else []
    return [{"dataset": name, "model": explanation["model"]} for name in names]


def _models_of_datasets(study: Mapping[str, Any]) -> list[str]:
    return [model for own in study["datasets"].values() for model in own.get("models", [])]


def _models_of_headline(study: Mapping[str, Any]) -> list[str]:
    return [study["headline"][role] for role in ("model", "baseline")]
