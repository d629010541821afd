"""What a study asks of hyperparameter searches: where their trials lie, what they must name, what an optimum changes.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.errors import InputError
from flaredag.search_space import check_dimension, extremes, holds, in_words, values_in, with_values
from flaredag.store import StoredFit, digests_of, settings_on_dataset

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KIND = "searches"
CAPTION = (
    "Trials of {model} on {dataset}: mean {metric} over the validation splits that were scored, and the best so far of "
    "those scored on all. The first trial is the configured settings."
)


def asked_search(study: Mapping[str, Any]) -> dict[str, Any] | None:
    """The `search` of a study, as it stands in the configuration; None where it has none or skips it."""
    search = study.get("search") or {}
    return search if search.get("searches") and not search.get("skipped") else None


def searches_of(study: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Data set, model and metric of each search of a study, by the name of the search."""
    return dict((study["search"] or {}).get("searches", {}))


def figures_of_searches(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Name and caption of the figure of each search of a study."""
    found = []
    for name, own in searches_of(study).items():
        spelled = {key: own[key].replace("_", " ") for key in ("model", "metric")}
        found.append({"name": f"search_{name}", "title": CAPTION.format(dataset=own["dataset"], **spelled)})
    return found


def stored_searches(
    study: Mapping[str, Any],
    index: Mapping[str, Any],
    *,
    models: Mapping[str, Mapping[str, Any]],
    code: str,
    environment: str,
    store: str,
) -> dict[str, StoredFit]:
    """Where the trials of each search of a study lie in the store, and what they are made from, by its name.

    `index`: what draw_datasets wrote; `models`: settings of every model; `code` and `environment`: digest of the script
    and of its environment.
    """
    search, found = study["search"], {}
    for name, own in searches_of(study).items():
        entries = index["datasets"][own["dataset"]]["seeds"]
        made_from: dict[str, Any] = {
            "seeds": list(search["seeds"]),
            "models": {own["model"]: settings_on_dataset(models, study["datasets"][own["dataset"]], own["model"])},
            "datasets": {str(seed): entries[str(seed)]["digest"] for seed in search["seeds"]},
            "metric": own["metric"],
            "space": dict(search["space"]),
            "n_trials": search["n_trials"],
            "seed": search["seed"],
            "code": code,
            "environment": environment,
        }
        dataset_digest, search_digest = digests_of(made_from)
        folder = f"{store}/{KIND}/{dataset_digest}/{search_digest}"
        found[name] = StoredFit(own["dataset"], KIND, dataset_digest, search_digest, folder, made_from)
    return found


def check_search(
    name: str,
    study: Mapping[str, Any],
    *,
    seeds: Mapping[str, Sequence[int]],
    on_keywords: Sequence[str],
    models: Mapping[str, Mapping[str, Any]],
) -> None:
    """InputError where the searches of study `name` name a data set, seed, model or setting that is not there.

    So too where a dimension of the space is none, or does not hold the configured setting, which is the first that is
    tried; and where two searches are of one model on one data set, whose settings can be but one. `seeds`: of each of
    the study's data sets; `on_keywords`: models on keywords that it fits; `models`: settings of every model.
    """
    search, where = study["search"], f"study {name}: search"
    if search is None:
        return
    for dimension in search["space"].items():
        _told(check_dimension, *dimension, where=where)
    searched: dict[tuple[str, str], str] = {}
    for one, own in searches_of(study).items():
        dataset, model = own["dataset"], own["model"]
        _check_named("data set", [dataset], list(seeds), where=f"{where} {one}")
        fitted = [known for known in on_keywords if known in study["datasets"][dataset].get("models", on_keywords)]
        _check_named(f"model on keywords on the data set {dataset}", [model], fitted, where=f"{where} {one}")
        drawn = list(map(str, seeds[dataset]))
        _check_named(f"seed of data set {dataset}", list(map(str, search["seeds"])), drawn, where=f"{where} {one}")
        if (dataset, model) in searched:
            raise InputError(
                f"{where}: {searched[dataset, model]} and {one} are both of {model} on {dataset}; wanted one search of "
                "a model on a data set, which has one optimum. Take one out."
            )
        searched[dataset, model] = one
        settings = settings_on_dataset(models, study["datasets"][dataset], model)
        for key, value in _told(values_in, settings, search["space"], where=f"{where} {one}: {model}").items():
            if not holds(search["space"][key], value):
                raise InputError(
                    f"{where} {one}: {key} of {model} on {dataset} is {value}, and the space has "
                    f"{in_words(search['space'][key])}; wanted it in the space, as the configured settings are tried "
                    "first. Widen `search.space`."
                )


def space_in_words(search: StoredFit) -> dict[str, str]:
    """What each setting of a search may be, as a reader wants it."""
    return {key: in_words(dimension) for key, dimension in search.made_from["space"].items()}


def settings_at_ends(
    study: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, dict[str, Any]]]:
    """Model and settings at the ends of the space of every search of a study: all must be settings of the model."""
    found = []
    for own in searches_of(study).values():
        settings = settings_on_dataset(models, study["datasets"][own["dataset"]], own["model"])
        found += [(own["model"], with_values(settings, values)) for values in extremes(study["search"]["space"])]
    return found


def models_of_searches(
    study: Mapping[str, Any], *, on_keywords: Sequence[str], models: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Of each search its `dataset`, the `settings` of the model searched, and `models`: all that its optimum is for.

    Those that differ from the model searched in `kept_epoch` alone and have no search of their own on the data set, as
    one training serves them all.
    """
    own_search = {(own["dataset"], own["model"]) for own in searches_of(study).values()}
    found = {}
    for name, own in searches_of(study).items():
        dataset, model = own["dataset"], own["model"]
        settings = {one: settings_on_dataset(models, study["datasets"][dataset], one) for one in on_keywords}
        training = {**settings[model], "kept_epoch": ""}
        alike = [one for one in on_keywords if {**settings[one], "kept_epoch": ""} == training]
        served = [one for one in alike if one == model or (dataset, one) not in own_search]
        found[name] = {"dataset": dataset, "settings": settings[model], "models": served}
    return found


def overlay_of_optima(
    name: str, searches: Mapping[str, Mapping[str, Any]], optima: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The configuration that lays optima over the study `name`, and has nothing searched again.

    `searches`: as `models_of_searches`; `optima`: settings at the optimum of each, by their keys in the space.
    """
    datasets: dict[str, Any] = {}
    for search, own in searches.items():
        changed = with_values(own["settings"], optima[search])
        names = dict.fromkeys(key.partition(".")[0] for key in optima[search])
        below = datasets.setdefault(own["dataset"], {"model_settings": {}})
        below["model_settings"] |= {model: {one: changed[one] for one in names} for model in own["models"]}
    return {"study": {name: {"search": {"skipped": True}, "datasets": datasets}}}


def _check_named(what: str, named: Sequence[str], known: Sequence[str], *, where: str) -> None:
    unknown = [one for one in named if one not in known]
    if unknown:
        raise InputError(f"{where}: no {what}: {', '.join(unknown)}; it has {', '.join(known)}. Mend `search`.")


def _told(check: Any, *arguments: Any, where: str) -> Any:
    """What `check` gives; its InputError with `where` before it."""
    try:
        return check(*arguments)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
