"""What a study asks of its hyperparameter searches: where their trials lie, what they must name, what an optimum changes.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.errors import InputError
from flaredag.search_space import check_dimension, holds, in_words, values_in, with_values
from flaredag.store import StoredFit, digests_of, settings_on_dataset

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KIND = "searches"


def asked_search(study: Mapping[str, Any]) -> dict[str, Any] | None:
    """The `search` of a study, as it stands in the configuration; None where it has none or skips it."""
    search = study.get("search") or {}
    return search if search.get("searches") and not search.get("skipped") else None


def searches_of(study: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Data set, model and metric of each search of a study, by the name of the search."""
    return dict((study["search"] or {}).get("searches", {}))


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
                f"{where}: {searched[dataset, model]} and {one} are both of {model} on {dataset}; wanted one search of a "
                "model on a data set, which has one optimum. Take one out."
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


def overlay_of_optima(
    name: str,
    study: Mapping[str, Any],
    found: Mapping[str, Mapping[str, Any]],
    *,
    models: Mapping[str, Mapping[str, Any]],
    fitted: Sequence[str],
) -> dict[str, Any]:
    """The configuration that lays optima over the study `name`: settings of its models on the data sets searched.

    `found`: settings at the optimum of each search, by their keys in the space. They are those of all `fitted` models
    that differ from the searched one in `kept_epoch` alone and have no search of their own, as one training serves them
    all. Nothing is searched again.
    """
    searched = {(own["dataset"], own["model"]) for own in searches_of(study).values()}
    datasets: dict[str, Any] = {}
    for search, own in searches_of(study).items():
        dataset = study["datasets"][own["dataset"]]
        settings = {model: settings_on_dataset(models, dataset, model) for model in fitted}
        training = {**settings[own["model"]], "kept_epoch": ""}
        changed = with_values(settings[own["model"]], found[search])
        keys = {key.partition(".")[0] for key in found[search]}
        for model in fitted:
            other = model != own["model"] and (own["dataset"], model) in searched
            if {**settings[model], "kept_epoch": ""} == training and not other:
                below = datasets.setdefault(own["dataset"], {"model_settings": {}})
                below["model_settings"][model] = {key: changed[key] for key in changed if key in keys}
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
