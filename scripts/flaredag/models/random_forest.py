"""Random forest (Breiman 2001; scikit-learn) on the last record of the window, stored as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from flaredag.class_weights import class_weights
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from sklearn.tree._tree import Tree

    from flaredag.samples import Samples

LEAF = -1
# Pairs of a sample and a tree that go down together, some 50 bytes each: few enough for a core's own cache.
PAIRS_AT_ONCE = 1 << 16
SAMPLES_AT_ONCE = 1 << 14


@dataclass(frozen=True)
class FittedRandomForest:
    """`arrays`: the nodes of all trees, one tree after the other, and where each tree begins.

    (node,): `feature` by which a node splits (int16, `LEAF` where it does not), `threshold_or_probability` (float32:
    up to this value a sample goes to the left; of a leaf, the probability of the positive class) and `right_child`
    (int32). The left child is the next node. (tree,): `tree_start` (int32). That is 10 bytes a node.
    """

    arrays: dict[str, NDArray[Any]]
    history: dict[str, Any]

    def probability(self, samples: Samples) -> NDArray[np.float64]:
        """Mean probability of the positive class over the trees, (sample,)."""
        last_record = np.ascontiguousarray(samples.sequence[:, -1, :])
        start = self.arrays["tree_start"]
        total = np.zeros(len(last_record))
        for first in range(0, len(last_record), SAMPLES_AT_ONCE):
            part = slice(first, first + SAMPLES_AT_ONCE)
            trees_at_once = max(PAIRS_AT_ONCE // len(last_record[part]), 1)
            for tree in range(0, len(start), trees_at_once):
                # Tree by tree, as scikit-learn sums, so that no part of the work changes the last digit.
                for of_tree in self._leaf_probability(last_record[part], start[tree : tree + trees_at_once]):
                    total[part] += of_tree
        return total / len(start)

    def _leaf_probability(self, last_record: NDArray[np.float32], start: NDArray[np.int32]) -> NDArray[np.float32]:
        """Probability of the leaf to which each sample comes in the trees that begin at `start`, (tree, sample)."""
        feature, value, right_child = (
            self.arrays[name] for name in ("feature", "threshold_or_probability", "right_child")
        )
        n_samples, n_features = last_record.shape
        values = last_record.ravel()
        found = np.empty(len(start) * n_samples, dtype=np.float32)
        # Of each pair of a tree and a sample that has come to no leaf yet: its place in `found`, node and first value.
        pair = np.arange(len(found))
        node = np.repeat(start.astype(np.int64), n_samples)
        first_value = np.tile(np.arange(n_samples) * n_features, len(start))
        while len(pair):
            split_by = feature.take(node)
            going, ended = np.flatnonzero(split_by != LEAF), np.flatnonzero(split_by == LEAF)
            if len(ended):
                found[pair.take(ended)] = value.take(node.take(ended))
                pair, node, first_value, split_by = (
                    column.take(going) for column in (pair, node, first_value, split_by)
                )
            goes_left = values.take(first_value + split_by) <= value.take(node)
            node = np.where(goes_left, node + 1, right_child.take(node))
        return found.reshape(len(start), n_samples)


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedRandomForest:
    """Fit on the last records of `train`, on one core.

    Settings: `n_trees`, `features_per_split` (drawn for each split), `min_samples_of_leaf`, `class_weights` ("none" or
    "balanced"). Raises InputError if the samples are of one class, or have fewer features than a split takes. Liu et
    al. 2019, section 4.2, take 500 trees and 3 features, and scikit-learn's 1 sample a leaf.
    """
    del validation
    weights = class_weights(train.label, settings["class_weights"], model="random forest")
    last_record = train.sequence[:, -1, :]
    if settings["features_per_split"] > last_record.shape[1]:
        raise InputError(
            f"random forest: features_per_split is {settings['features_per_split']}, the study has "
            f"{last_record.shape[1]} features; wanted no more. Mend config.yaml."
        )
    model = RandomForestClassifier(
        settings["n_trees"],
        max_features=settings["features_per_split"],
        min_samples_leaf=settings["min_samples_of_leaf"],
        class_weight=weights,
        random_state=seed,
        n_jobs=1,
    )
    model.fit(last_record, train.label)
    arrays = _stored([tree.tree_ for tree in model.estimators_])
    return FittedRandomForest(arrays, {"trees": settings["n_trees"], "nodes": len(arrays["feature"])})


def restored(arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> FittedRandomForest:
    """The fit whose arrays these are."""
    del settings
    return FittedRandomForest(dict(arrays), {})


def _stored(trees: Sequence[Tree]) -> dict[str, NDArray[Any]]:
    """The arrays of `FittedRandomForest`."""
    start = np.cumsum([0, *(tree.node_count for tree in trees)]).astype(np.int32)
    columns: dict[str, list[NDArray[Any]]] = {"feature": [], "threshold_or_probability": [], "right_child": []}
    for tree, first in zip(trees, start[:-1], strict=True):
        splits = tree.feature >= 0
        probability = tree.value[:, 0, 1].astype(np.float32)
        columns["feature"].append(np.where(splits, tree.feature, LEAF).astype(np.int16))
        columns["threshold_or_probability"].append(np.where(splits, _rounded_down(tree.threshold), probability))
        columns["right_child"].append(np.where(splits, first + tree.children_right, LEAF).astype(np.int32))
    return {name: np.concatenate(parts) for name, parts in columns.items()} | {"tree_start": start[:-1]}


def _rounded_down(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest float32 that is not above the threshold: no float32 lies between, so samples go as before."""
    nearest = threshold.astype(np.float32)
    return np.where(nearest > threshold, np.nextafter(nearest, np.float32(-np.inf)), nearest)
