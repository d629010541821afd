"""Subsets of a study's features that a model is fitted on to rank them: each by itself, and the first k of a ranking.

Liu et al. 2019, section 4.3. Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flaredag.errors import InputError
from flaredag.store import StoredFit, digests_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Subset = tuple[str, ...]
KIND = "subsets"


def individual_subsets(features: Sequence[str], per_job: int) -> list[list[Subset]]:
    """Every feature by itself, in batches of `per_job`."""
    subsets = [(name,) for name in features]
    return [subsets[first : first + per_job] for first in range(0, len(subsets), per_job)]


def cumulative_sizes(n_features: int, sizes: Sequence[int] | None = None) -> list[int]:
    """Numbers k of first features that are taken together: 1, those of `sizes`, and all; without `sizes` every k."""
    asked = range(1, n_features + 1) if sizes is None else {1, *sizes, n_features}
    return sorted(k for k in asked if k <= n_features)


def cumulative_subsets(
    order: Sequence[str], features: Sequence[str], per_job: int, sizes: Sequence[int] | None = None
) -> list[list[Subset]]:
    """The first k of `order`, in the order of `features`, for each of `cumulative_sizes`; at most `per_job` a batch.

    The first alone is one of the individual subsets, and not among them. They are dealt out one by one, so that the
    batches cost the same with a model that more features cost more.
    """
    together = [k for k in cumulative_sizes(len(order), sizes) if k > 1]
    subsets = [tuple(name for name in features if name in order[:k]) for k in together]
    n_batches = -(-len(subsets) // per_job)
    return [subsets[first::n_batches] for first in range(n_batches)]


def batches_of_subsets(
    batches: Sequence[Sequence[Subset]],
    seeds: Mapping[str, Mapping[str, Any]],
    ranking: Mapping[str, Any],
    *,
    dataset: str,
    features: Sequence[str],
    settings: Mapping[str, Any],
    code: str,
    environment: str,
    store: str,
) -> list[StoredFit]:
    """Where the scores of each batch of subsets lie in the store, and what they are made from.

    `seeds`: of the data set, as its index has them, each with its digest; `ranking`: the study's; `features`: all of
    the study, whose order says which column of the samples is which; `settings` of the model; `code` and `environment`:
    digest of the script and of its environment.
    """
    found = []
    for subsets in batches:
        made_from: dict[str, Any] = {
            "seeds": list(ranking["seeds"]),
            "models": {ranking["model"]: dict(settings)},
            "datasets": {str(seed): seeds[str(seed)]["digest"] for seed in ranking["seeds"]},
            "features": list(features),
            "subsets": [list(subset) for subset in subsets],
            "code": code,
            "environment": environment,
        }
        dataset_digest, subsets_digest = digests_of(made_from)
        folder = f"{store}/{KIND}/{dataset_digest}/{subsets_digest}"
        found.append(StoredFit(dataset, KIND, dataset_digest, subsets_digest, folder, made_from))
    return found


def features_in_order(path: str | Path) -> list[str]:
    """Features of a table of a ranking (rule rank_features), the best first; InputError where it is none."""
    with Path(path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    try:
        ranked = sorted(rows, key=lambda row: int(row["rank"]))
        names = [row["feature"] for row in ranked]
        if [int(row["rank"]) for row in ranked] != list(range(1, len(rows) + 1)) or len(set(names)) < len(names):
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise InputError(
            f"{path}: wanted a row a feature with its rank, 1 to the number of rows. Delete the file to have it made "
            "again."
        ) from None
    return names


def check_ranking(
    name: str, ranking: Mapping[str, Any], *, seeds: Mapping[str, Sequence[int]], models: Sequence[str]
) -> None:
    """InputError where the ranking of study `name` names a data set, seed or model that the study does not have.

    `seeds`: of each of its data sets; `models`: what it fits.
    """
    wanted = [("data set", ranking["datasets"], list(seeds)), ("model", [ranking["model"]], models)]
    wanted += [
        (f"seed of data set {dataset}", list(map(str, ranking["seeds"])), list(map(str, seeds.get(dataset, []))))
        for dataset in ranking["datasets"]
    ]
    for what, named, known in wanted:
        unknown = [one for one in named if one not in known]
        if unknown:
            raise InputError(
                f"study {name}: ranking: no {what} {', '.join(unknown)}; it has {', '.join(known)}. Mend `ranking`."
            )
