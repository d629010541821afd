"""Skill along an order of features: of each alone, and of its first or last together, with the spread over splits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from flaredag.comparisons import corrected_resampled_t_test
from flaredag.errors import InputError
from flaredag.feature_subsets import cumulative_sizes, together
from flaredag.ranking_settings import FIRST
from flaredag.ranking_tables import CUMULATIVE, INDIVIDUAL, RANKING_COLUMNS, SKILL_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What a table of one order has; the others say of which study, data set and paper it is.
COLUMNS = RANKING_COLUMNS[RANKING_COLUMNS.index("model") : RANKING_COLUMNS.index(SKILL_NUMBERS[-1]) + 1]


def ranking_of_order(
    scores: pd.DataFrame,
    order: Sequence[str],
    *,
    model: str,
    directions: Sequence[str],
    sizes: Sequence[int] | None = None,
    test_to_train_ratio: float,
) -> pd.DataFrame:
    """Means over seeds of each feature alone and of those taken together, columns `COLUMNS`, of one data set.

    `scores` of `model` for every single feature and for the first or last k (`directions`) of the features in `order`,
    for each k of `flaredag.feature_subsets.cumulative_sizes`, under any order of their names. A cumulative row bears
    the name and rank of the feature that is removed next: of the first k the last, of the last k the first. Means, sd
    (n - 1) and differences are over the seeds that define them, which `n_seeds` counts.

    Intervals (95 %) are by Student's t with the variance of Nadeau & Bengio (2003), since seeds draw their splits from
    the same regions; `test_to_train_ratio` is that of the regions, NaN where seeds do not draw them, and then there is
    no interval (`flaredag.comparisons`). Raises InputError where a subset has no scores.
    """
    own = scores.loc[(scores["model"] == model) & (scores["metric"] != "threshold")]
    by_seed = {
        key: figure.set_index("seed")["value"] for key, figure in own.groupby(["features", "threshold", "metric"])
    }
    figures = list(dict.fromkeys(zip(own["threshold"], own["metric"], strict=True)))
    by_members = {frozenset(name.split(" ")): name for name in own["features"].unique()}
    rows = []
    for place, members, reference in _subsets(order, directions, cumulative_sizes(len(order), sizes)):
        for subset in (members, reference):
            if frozenset(subset) not in by_members:
                raise InputError(f"no scores of the features {', '.join(sorted(subset))}. Run snakemake again.")
        for threshold, metric in figures:
            values, others = (
                by_seed[by_members[frozenset(subset)], threshold, metric] for subset in (members, reference)
            )
            skill = _skill(values, others, test_to_train_ratio=test_to_train_ratio)
            rows.append({"model": model, **place, "threshold": threshold, "metric": metric, **skill})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _subsets(
    order: Sequence[str], directions: Sequence[str], sizes: Sequence[int]
) -> Iterator[tuple[dict[str, Any], Sequence[str], Sequence[str]]]:
    """Where a row stands, the features that it is of, and those that it is held against."""
    for rank, feature in enumerate(order, 1):
        yield {"kind": INDIVIDUAL, "direction": "", "feature": feature, "rank": rank, "k": 1}, [feature], order[:1]
    for direction in directions:
        for k in sizes:
            rank = k if direction == FIRST else len(order) - k + 1
            place = {"kind": CUMULATIVE, "direction": direction, "feature": order[rank - 1], "rank": rank, "k": k}
            yield place, together(order, k, direction), order


def _skill(values: pd.Series, others: pd.Series, *, test_to_train_ratio: float) -> dict[str, float]:
    """`SKILL_NUMBERS` of figures, each by seed, held against others on the same seeds."""
    defined, pairs = values.dropna(), (values - others).dropna()
    mean, difference = (
        corrected_resampled_t_test(one, 0.0 * one, test_to_train_ratio=test_to_train_ratio) for one in (defined, pairs)
    )
    return {
        "mean": defined.mean(),
        "sd": defined.std(),
        "n_seeds": len(defined),
        "low": mean.low,
        "high": mean.high,
        "difference": pairs.mean(),
        "difference_sd": pairs.std(),
        "difference_low": difference.low,
        "difference_high": difference.high,
    }
