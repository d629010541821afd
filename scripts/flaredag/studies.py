"""Studies as the configuration describes them: which run, what an archive can serve of them, how they are drawn.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.archive_files import kinds_of_flare_lists
from flaredag.errors import InputError
from flaredag.left_out import remaining_figures, remaining_pairs, remaining_score_tables
from flaredag.search_settings import asked_search
from flaredag.store import ON_MAGNETOGRAMS
from flaredag.study_series import issued_series, names_of_ensembles

# Family of comparisons that tells what the declared leaks are worth.
DECLARED_LEAKS = "declared_leaks"
# Settings of a data set that say nothing of how it is drawn.
NOT_OF_DRAW = ("task", "models", "model_settings", "first_seeds")

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
        "search": asked_search(study),
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
    if "verification" in study:
        left["verification"] = remaining_score_tables(study["verification"], remain)
    if {study.get("overlapping_runs", {}).get(side) for side in "ab"} & set(gone):
        del left["overlapping_runs"]
    return left | {"comparisons": [_as_issued(family, left) for family in comparisons if family["pairs"]]}


def priced_leaks(study: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Declared leaks of a study whose worth is measured, as scores with them and without."""
    return [leak for leak in study.get("declared_leaks", []) if "priced" in leak]


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


def features_of_dataset(study: Mapping[str, Any], dataset: str) -> list[str]:
    """Features that the models of a data set see, in the order of the study's."""
    own = study["datasets"][dataset].get("features", study["features"])
    return [name for name in study["features"] if name in own]


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
