"""Histogram gradient boosting (scikit-learn) on the last record of the window, stored as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from flaredag.samples import Samples

# Columns of scikit-learn's nodes that a prediction of numbers without gaps needs.
NODE_COLUMNS = ("feature_idx", "num_threshold", "left", "right", "value", "is_leaf")


@dataclass(frozen=True)
class FittedGradientBoosting:
    """`arrays`: `baseline` (1,), `tree_start` (tree,), and one array (node,) for each of `NODE_COLUMNS`.

    Children are positions within their tree. Stored so, a fit can be read back without unpickling.
    """

    arrays: dict[str, NDArray[Any]]
    history: dict[str, Any]

    def probability(self, samples: Samples) -> NDArray[np.float64]:
        """Probability of the positive class, (sample,)."""
        last_record = samples.sequence[:, -1, :].astype(np.float64)
        rows = np.arange(len(last_record))[:, None]
        nodes = self.arrays
        # All trees go down at once: `at` is the node that each sample has come to in each tree.
        start = nodes["tree_start"][None, :]
        at = np.broadcast_to(start, (len(last_record), start.shape[1])).copy()
        while not (leaf := nodes["is_leaf"][at].astype(bool)).all():
            goes_left = last_record[rows, nodes["feature_idx"][at]] <= nodes["num_threshold"][at]
            child = np.where(goes_left, nodes["left"][at], nodes["right"][at]) + start
            at = np.where(leaf, at, child)
        # Summed tree by tree, as scikit-learn does, so that the last digit is the same.
        raw = np.full(len(last_record), nodes["baseline"][0])
        for values in nodes["value"][at].T:
            raw += values
        return expit(raw)


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedGradientBoosting:
    """Fit on the last records of `train`; settings: `learning_rate`, `max_trees`, `max_leaves`."""
    del validation
    model = HistGradientBoostingClassifier(
        learning_rate=settings["learning_rate"],
        max_iter=settings["max_trees"],
        max_leaf_nodes=settings["max_leaves"],
        early_stopping=False,
        random_state=seed,
    )
    model.fit(train.sequence[:, -1, :].astype(np.float64), train.label)
    trees = [predictors[0].nodes for predictors in model._predictors]  # noqa: SLF001 (no public form holds the trees)
    nodes = np.concatenate(trees)
    arrays = {name: np.ascontiguousarray(nodes[name]).astype(_stored_type(nodes[name])) for name in NODE_COLUMNS}
    arrays["tree_start"] = np.cumsum([0, *(len(tree) for tree in trees[:-1])]).astype(np.int64)
    arrays["baseline"] = np.asarray(model._baseline_prediction, dtype=np.float64).reshape(1)  # noqa: SLF001
    return FittedGradientBoosting(arrays, {"trees": len(trees)})


def restored(arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> FittedGradientBoosting:
    """The fit whose arrays these are."""
    del settings
    return FittedGradientBoosting(dict(arrays), {})


def _stored_type(column: NDArray[Any]) -> type:
    return np.float64 if column.dtype.kind == "f" else np.int64
