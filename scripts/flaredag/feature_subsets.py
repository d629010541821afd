"""Subsets of a study's features that models are fitted on to rank them: each by itself, and those of an order together.

The first k of an order: Liu et al. 2019, section 4.3. The first k and the last k, which is recursive elimination from
both ends: Li et al. 2024, section 4.2. Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flaredag.errors import InputError
from flaredag.ranking_settings import FIRST
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
    """Numbers k of features that are taken together: 1, those of `sizes`, and all; without `sizes` every k."""
    asked = range(1, n_features + 1) if sizes is None else {1, *sizes, n_features}
    return sorted(k for k in asked if k <= n_features)


def together(order: Sequence[str], k: int, direction: str) -> Sequence[str]:
    """The k features of `order` that are taken together: its first or its last, by their rank."""
    return order[:k] if direction == FIRST else order[len(order) - k :]


def cumulative_subsets(
    orders: Sequence[Sequence[str]],
    features: Sequence[str],
    per_job: int,
    *,
    directions: Sequence[str],
    sizes: Sequence[int] | None = None,
) -> list[list[Subset]]:
    """The first or last k of each of `orders`, in the order of `features`, for each of `cumulative_sizes`.

    At most `per_job` a batch; each subset once, however many orders and directions have it. One feature alone is one
    of the individual subsets, and not among them. They are dealt out one by one, from the smallest to the greatest, so
    that the batches cost the same with a model that more features cost more.
    """
    members = (
        set(together(order, k, direction))
        for order in orders
        for direction in directions
        for k in cumulative_sizes(len(order), sizes)
        if k > 1
    )
    subsets = sorted(dict.fromkeys(tuple(name for name in features if name in own) for own in members), key=len)
    n_batches = -(-len(subsets) // per_job)
    return [subsets[first::n_batches] for first in range(n_batches)]


def batches_of_subsets(
    batches: Sequence[Sequence[Subset]],
    entries: Mapping[str, Mapping[str, Any]],
    *,
    dataset: str,
    seeds: Sequence[int],
    features: Sequence[str],
    models: Mapping[str, Mapping[str, Any]],
    code: str,
    environment: str,
    store: str,
) -> list[StoredFit]:
    """Where the scores of each batch of subsets lie in the store, and what they are made from.

    `entries`: of every seed of the data set, as its index has them, each with its digest; `seeds`: those that means are
    taken over; `features`: all of the data set, whose order says which column of the samples is which; `models`:
    settings of each, which differ in `kept_epoch` at most; `code` and `environment`: digest of the script and of its
    environment.
    """
    found = []
    for subsets in batches:
        made_from: dict[str, Any] = {
            "seeds": list(seeds),
            "models": {model: dict(settings) for model, settings in models.items()},
            "datasets": {str(seed): entries[str(seed)]["digest"] for seed in seeds},
            "features": list(features),
            "subsets": [list(subset) for subset in subsets],
            "code": code,
            "environment": environment,
        }
        dataset_digest, subsets_digest = digests_of(made_from)
        folder = f"{store}/{KIND}/{dataset_digest}/{subsets_digest}"
        found.append(StoredFit(dataset, KIND, dataset_digest, subsets_digest, folder, made_from))
    return found


def features_in_order(path: str | Path, orders: Sequence[str]) -> dict[str, list[str]]:
    """Features of each of `orders`, the best first, in a table of rule rank_features; InputError where one is not."""
    with Path(path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = {}
    for order in orders:
        try:
            ranked = sorted((row for row in rows if row["order"] == order), key=lambda row: int(row["rank"]))
            names = [row["feature"] for row in ranked]
            ranks = [int(row["rank"]) for row in ranked]
            if not names or ranks != list(range(1, len(names) + 1)) or len(set(names)) < len(names):
                raise ValueError
        except (KeyError, TypeError, ValueError):
            raise InputError(
                f"{path}: order {order}: wanted a row a feature with its rank, 1 to the number of rows. Delete the "
                "file to have it made again."
            ) from None
        found[order] = names
    return found
