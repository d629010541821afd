"""A study without some of its data sets or models: what names them goes with them.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from flaredag.errors import InputError
from flaredag.study_figures import remaining_figure, series_of_figure

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    # Whether a series (data set and model) is still there.
    Remains = Callable[[Mapping[str, str]], bool]


def names_like(pattern: str, names: Sequence[str], *, where: str) -> list[str]:
    """Those of `names` that a pattern fits (`*` for anything); InputError, beginning with `where`, if none."""
    found = [name for name in names if fnmatchcase(name, pattern)]
    if not found:
        raise InputError(f"{where}: no data set {pattern}; there are {', '.join(names)}. Mend config.yaml.")
    return found


def remaining_pairs(family: Mapping[str, Any], remains: Remains) -> dict[str, Any]:
    """A family of comparisons, or what prices a leak, with the pairs of which both series remain."""
    return dict(family) | {"pairs": [pair for pair in family["pairs"] if all(remains(one) for one in pair.values())]}


def remaining_figures(figures: Sequence[Mapping[str, Any]], remains: Remains) -> list[dict[str, Any]]:
    """Figures of which a series remains, with those that do."""
    with_rest = [remaining_figure(figure, remains) for figure in figures]
    return [figure for figure in with_rest if series_of_figure(figure)]


def remaining_score_tables(verification: Mapping[str, Any], remains: Remains) -> dict[str, Any]:
    """What a study asks of its verification, its tables of scores with the data sets and models that remain."""
    tables = []
    for table in verification.get("score_tables", []):
        if "datasets" not in table:
            tables.append(table)
            continue
        rest = [
            (dataset, model)
            for dataset in table["datasets"]
            for model in table["models"]
            if remains({"dataset": dataset, "model": model})
        ]
        datasets, models = (list(dict.fromkeys(own)) for own in zip(*rest, strict=True)) if rest else ([], [])
        tables += [dict(table) | {"datasets": datasets, "models": models}] if rest else []
    kept = {key: own for key, own in verification.items() if key != "score_tables"}
    return kept | ({"score_tables": tables} if tables else {})


def without_left_out(study: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """A study, as it stands in the configuration, without the data sets that its `left_out` names.

    Gone with them are daily forecasts made from them, rungs, pairs, searches and curves of them, their names in any
    block's list of `datasets`, and ladders, families, figures and blocks of which nothing remains. Patterns of
    `left_out` become the names themselves. InputError, beginning with `where`, where a pattern fits no data set, or
    none is left.
    """
    left_out = [
        dict(one)
        | {
            "datasets": [
                name
                for pattern in one["datasets"]
                for name in names_like(pattern, list(study["datasets"]), where=f"{where}.left_out")
            ]
        }
        for one in study.get("left_out", [])
    ]
    gone = {name for one in left_out for name in one["datasets"]}
    if not gone:
        return dict(study)
    datasets = {name: own for name, own in study["datasets"].items() if name not in gone}
    if not datasets:
        raise InputError(f"{where}.left_out: names every data set; wanted one at least that is left. Mend config.yaml.")
    full_disk = {name: own for name, own in study.get("full_disk", {}).items() if own["made_from"] not in gone}
    # Not whatever is there: a name that the study never had is to be told of, not to go unseen.
    gone |= set(study.get("full_disk", {})) - set(full_disk)

    def remains(one: Mapping[str, str]) -> bool:
        return one["dataset"] not in gone

    ladders = [
        dict(ladder) | {"rungs": {rung: name for rung, name in ladder["rungs"].items() if name not in gone}}
        for ladder in study.get("ladders", [])
    ]
    rest = {
        "datasets": datasets,
        "left_out": left_out,
        "full_disk": full_disk,
        "ladders": [ladder for ladder in ladders if ladder["rungs"]],
        "comparisons": _remaining_families(study["comparisons"], remains),
        "figures": remaining_figures(study["figures"], remains),
        "ensembles": [_without_datasets(one, gone) for one in study.get("ensembles", []) if not _names_only(one, gone)],
        "search": _remaining_searches(study.get("search", {}), remains),
        "declared_leaks": [_remaining_price(leak, remains) for leak in study["declared_leaks"]],
    }
    if verification := remaining_score_tables(study.get("verification", {}), remains):
        rest["verification"] = verification
    # What a study does not have, such as ladders, it does not get.
    return {
        key: rest[key] if key in rest else _without_datasets(block, gone)
        for key, block in study.items()
        if key in rest or (key != "verification" and not _names_only(block, gone))
    }


def _without_datasets(block: Any, gone: Collection[str]) -> Any:
    """What stands under a key of a study, without those `gone` in its list of `datasets`, if it has one."""
    if not _has_datasets(block):
        return block
    return dict(block) | {"datasets": [name for name in block["datasets"] if name not in gone]}


def _names_only(block: Any, gone: Collection[str]) -> bool:
    """Whether a block has a list of `datasets` and all of them are `gone`."""
    return _has_datasets(block) and set(block["datasets"]) <= set(gone)


def _has_datasets(block: Any) -> bool:
    return isinstance(block, dict) and isinstance(block.get("datasets"), list)


def _remaining_families(families: Sequence[Mapping[str, Any]], remains: Remains) -> list[dict[str, Any]]:
    with_rest = [remaining_pairs(family, remains) if "pairs" in family else dict(family) for family in families]
    found = []
    for family in with_rest:
        if family.get("pairs") == []:
            del family["pairs"]
        if family.keys() & {"pairs", "on_every_dataset", "on_every_rung"}:
            found.append(family)
    return found


def _remaining_searches(search: Mapping[str, Any], remains: Remains) -> dict[str, Any]:
    """Hyperparameter searches of a study on the data sets that remain."""
    searches = {name: own for name, own in search.get("searches", {}).items() if remains(own)}
    return dict(search) | {"searches": searches} if search else {}


def _remaining_price(leak: Mapping[str, Any], remains: Remains) -> dict[str, Any]:
    """A declared leak with those of its pairs that remain; unpriced if none does."""
    if "priced" not in leak:
        return dict(leak)
    priced = remaining_pairs(leak["priced"], remains)
    rest = {key: value for key, value in leak.items() if key != "priced"}
    return rest | {"priced": priced} if priced["pairs"] else rest
