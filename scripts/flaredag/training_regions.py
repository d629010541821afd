"""Regions that train a data set, as the index of a study counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


def regions_that_train(index: Mapping[str, Any], dataset: str) -> list[int]:
    """Number of regions in the training split of `dataset`, a seed each; InputError where `index` has none of it."""
    entries = index.get("datasets", {})
    if dataset not in entries:
        raise InputError(
            f"the index holds no data set {dataset}; it holds {', '.join(entries) or 'none'}. Mend the data set in the "
            "study, or delete the index to have it made again."
        )
    return [seed["regions"]["train"] for seed in entries[dataset]["seeds"].values()]
