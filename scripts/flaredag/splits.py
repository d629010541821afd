"""Splits by region, and under-sampling: both by an order that a seed and the item itself decide.

Each item (a region, a sample) has a number that looks random but hangs on nothing else than the seed and
the item. So a draw does not change for the rest when a region is added or one label is mended, as draws
from a stream of random numbers do, and what was fitted on unchanged data need not be fitted again.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

SPLITS = ("train", "validation", "test")


def random_order(purpose: str, seed: int, *items: NDArray[np.integer]) -> NDArray[np.uint64]:
    """A pseudo-random number for each item, (item,), by SplitMix64 (Steele, Lea & Flood 2014).

    `items` are the integer columns that name an item, each (item,); `purpose` keeps draws of different
    kinds apart.
    """
    state = np.full(len(items[0]), zlib.crc32(purpose.encode()), dtype=np.uint64)
    for column in (np.full(len(items[0]), seed), *items):
        state = _mixed(state ^ _mixed(column.astype(np.int64).view(np.uint64)))
    return state


def split_regions(
    region: NDArray[np.int32] | NDArray[np.int64], *, seed: int, test_fraction: float, validation_fraction: float
) -> dict[str, NDArray[np.int64]]:
    """Regions of each split: `test_fraction` of all, `validation_fraction` of the rest, and what remains.

    `region` may hold a region many times. Sun et al. 2022, section 4.1.
    """
    regions = np.unique(region).astype(np.int64)
    regions = regions[np.argsort(random_order("split", seed, regions), kind="stable")]
    n_test = round(test_fraction * len(regions))
    n_validation = round(validation_fraction * (len(regions) - n_test))
    return {
        "test": np.sort(regions[:n_test]),
        "validation": np.sort(regions[n_test : n_test + n_validation]),
        "train": np.sort(regions[n_test + n_validation :]),
    }


def split_regions_of_classes(
    region: NDArray[np.int32] | NDArray[np.int64],
    label: NDArray[np.int8],
    *,
    seed: int,
    test_fraction: float,
    validation_fraction: float,
) -> dict[str, NDArray[np.int64]]:
    """Regions of each split, those with an event and those without split apart, so that each has its share of both.

    `region` and `label` (sample,); a region with a sample of label 1 is one with an event. Li et al. 2024, Table 3. The
    split of a region hangs on its class, so a mended label may move others.
    """
    with_event = np.unique(region[label == 1]).astype(np.int64)
    without = np.setdiff1d(np.unique(region).astype(np.int64), with_event)
    fractions = {"test_fraction": test_fraction, "validation_fraction": validation_fraction}
    parts = [split_regions(regions, seed=seed, **fractions) for regions in (with_event, without)]
    return {split: np.sort(np.concatenate([part[split] for part in parts])) for split in SPLITS}


def without_some(region: NDArray[np.int64], n: int, *, seed: int, where: str) -> NDArray[np.int64]:
    """`region` (each once) without the `n` that come first in an order of the seed; InputError if none is left."""
    if n >= len(region):
        raise InputError(
            f"{where}: fewer_training_regions {n}, and {len(region)} train; wanted fewer than those. Take a smaller "
            "number."
        )
    order = np.argsort(random_order("fewer", seed, region), kind="stable")
    return np.sort(region[order[n:]])


def fold_of_regions(
    region: NDArray[np.int32] | NDArray[np.int64], *, fold: int, folds: int, validation_fraction: float
) -> dict[str, NDArray[np.int64]]:
    """Regions of each split in fold `fold` of a cross-validation: every region is in the test split of one fold.

    `region` may hold a region many times; `validation_fraction` of what the fold leaves is for validation. Raises
    InputError where there are fewer regions than folds. Sun et al. 2022, section 4.4.2.
    """
    regions = np.unique(region).astype(np.int64)
    if not 0 <= fold < folds <= len(regions):
        raise InputError(
            f"fold {fold} of {folds} over {len(regions)} regions; wanted folds from 0, and a region for each. Take "
            "fewer folds, or more data."
        )
    place = np.argsort(np.argsort(random_order("fold", 0, regions), kind="stable"), kind="stable")
    # Folds are stretches of the order, so that a new region moves one across each border at most.
    fold_of_each = place * folds // len(regions)
    rest = regions[fold_of_each != fold]
    rest = rest[np.argsort(random_order("validation", fold, rest), kind="stable")]
    n_validation = round(validation_fraction * len(rest))
    return {
        "test": regions[fold_of_each == fold],
        "validation": np.sort(rest[:n_validation]),
        "train": np.sort(rest[n_validation:]),
    }


def split_times(
    group: NDArray[np.int64],
    issue_time: NDArray[np.datetime64],
    *,
    purge_gap_hours: float,
    test_fraction: float,
    validation_fraction: float,
    validation_from: str | None = None,
    test_from: str | None = None,
    borders: str = "purged",
) -> dict[str, NDArray[np.bool_]]:
    """Which samples (sample,) are in each split of a chronological split: the past trains, the future tests.

    Samples issued before `validation_from` train, those from `test_from` on test; where these days (ISO, UTC) are not
    given, the last `test_fraction` of the groups by their first sample test, and the last `validation_fraction` of the
    rest validates. Between two splits lies a gap of `purge_gap_hours`, taken from the earlier, so that no window and no
    forecast of one reaches into the other; a group with samples in a later split loses those in the earlier. Where the
    `borders` are "cut" there is neither (Liu et al. 2019, section 3.1, by year): a group alive at a border has samples
    on both sides of it, and their windows and forecasts overlap.
    """
    cut = borders == "cut"
    groups, code = np.unique(group, return_inverse=True)
    first = np.full(len(groups), issue_time.max(), dtype="datetime64[s]")
    np.minimum.at(first, code, issue_time.astype("datetime64[s]"))
    first.sort()
    n_test = round(test_fraction * len(groups))
    n_validation = round(validation_fraction * (len(groups) - n_test))
    begins = {
        "test": first[len(first) - n_test] if test_from is None else np.datetime64(test_from, "s"),
        "validation": first[len(first) - n_test - n_validation]
        if validation_from is None
        else np.datetime64(validation_from, "s"),
    }
    gap = np.timedelta64(0 if cut else round(3600 * purge_gap_hours), "s")
    members = {
        "test": issue_time >= begins["test"],
        "validation": (issue_time >= begins["validation"]) & (issue_time < begins["test"] - gap),
        "train": issue_time < begins["validation"] - gap,
    }
    if not cut:
        # A region that crosses a border stays in the later split, from which nothing may be missing.
        members["validation"] &= ~np.isin(group, group[members["test"]])
        members["train"] &= ~np.isin(group, group[members["test"] | members["validation"]])
    return members


def undersample(label: NDArray[np.int8], order: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Positions of as many samples of each class (label 0, 1) as the rarer has: those first in `order`.

    Positions are ascending. Source: Sun et al. 2022, section 2.5.
    """
    classes = [np.flatnonzero(label == value) for value in (0, 1)]
    n_each = min(len(positions) for positions in classes)
    drawn = [positions[np.argsort(order[positions], kind="stable")[:n_each]] for positions in classes]
    return np.sort(np.concatenate(drawn))


def check_splits(regions: Mapping[str, NDArray[np.int64]], *, where: str) -> None:
    """InputError if a region (or group of regions) is in two splits."""
    names = list(regions)
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            shared = np.intersect1d(regions[first], regions[second])
            if len(shared):
                raise InputError(
                    f"{where}: region {shared[0]} is in {first} and in {second} ({len(shared)} such regions); wanted "
                    "each region in one split. A region on both sides of a split is a leak: mend the splits."
                )


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        state = state + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return state ^ (state >> np.uint64(31))
