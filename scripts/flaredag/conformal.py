"""Conformal label sets: which outcomes a forecast cannot rule out, at a stated coverage of regions not seen before.

Windows of one region overlap, so regions are what may be exchanged, not windows. Hierarchical conformal prediction
(Lee, Barber & Willett 2023, "Distribution-free inference with hierarchical data", section 3) gives each of R
calibration regions the weight 1 / (R + 1), shared equally by its windows, and the region to come the same weight at
infinity.

The nonconformity of a label is 1 less its forecast probability, and each label has its own threshold, from the samples
with that label (Mondrian or class-conditional sets: Vovk, Gammerman & Shafer 2005, section 4.5; Sadinle, Lei &
Wasserman 2019). So rare events are covered as often as the rest, and neither threshold hangs on the event rate, which
under-sampling changes. Taken are a model's own forecasts, uncalibrated: an increasing map of them gives the same sets,
but one fitted on the regions that set the thresholds would spoil the guarantee.

Guaranteed for each label: a window drawn from a region drawn like the calibration regions that have the label, and
having it itself, is covered with at least the target probability, averaged over draws of the regions. It is not for one
region, nor for another solar cycle. Early stopping on the calibration regions weakens it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.block_bootstrap import block_weights, blocks_of_regions, bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

# Rows of the table, and which labels they are about.
LABELS = {"all": (0, 1), "event": (1,), "no_event": (0,)}
SHARES = ("coverage", "only_event", "only_no_event", "both", "empty")
NUMBERS = ("target", "coverage", "low", "high", *SHARES[1:], "n_samples", "n_regions")
COLUMNS = ("model", "label", *NUMBERS)
TABLE_COLUMNS = ("study", "dataset", *COLUMNS)  # of the files of a study
# So that weights which add up to the target but for rounding reach it.
_ROUNDING = 1e-9


def hierarchical_quantile(score: FloatArray, block: NDArray[np.int64], *, coverage: float) -> float:
    """Least score that a window of a new block stays below or at with probability `coverage`; infinite if none does.

    `score` and `block` are (sample,); any integers tell blocks apart. Each block weighs the same, the block to come too
    (Lee, Barber & Willett 2023, section 3): with fewer than `coverage` / (1 - `coverage`) blocks nothing is ruled out.
    """
    blocks, code = np.unique(block, return_inverse=True)
    weight = 1 / (len(blocks) + 1) / np.bincount(code, minlength=len(blocks))[code]
    order = np.argsort(score, kind="stable")
    reached = np.searchsorted(np.cumsum(weight[order]), coverage - _ROUNDING)
    return float(score[order][reached]) if reached < len(score) else float("inf")


def label_thresholds(
    label: NDArray[np.int8], probability: FloatArray, block: NDArray[np.int64], *, coverage: float
) -> FloatArray:
    """Greatest nonconformity at which a label is in the set, (label,), of the calibration samples (sample,)."""
    score = _nonconformity(probability)
    return np.array([hierarchical_quantile(score[label == y, y], block[label == y], coverage=coverage) for y in (0, 1)])


def label_sets(probability: FloatArray, thresholds: FloatArray) -> NDArray[np.bool_]:
    """Whether each label, 0 and 1, is in the set of each forecast, (sample, label)."""
    return _nonconformity(probability) <= thresholds


def verify_label_sets(
    predictions: pd.DataFrame, *, coverage_targets: Sequence[float], resamples: int, seed: int, level: float
) -> pd.DataFrame:
    """How the sets calibrated on the validation split do on the test split: a table of `COLUMNS`.

    `predictions` has the columns of flaredag.predictions, of one data set. One row a model, target and label: over test
    samples with an event, without, and all. `coverage` is the share of samples whose set holds what occurred, and the
    others are shares of each kind of set; of each share the mean over regions, as the guarantee has it, then over
    seeds, and so are the numbers of samples and regions. `low` and `high` bound the coverage at `level`, by resampling
    test regions (the same draw for every model and seed); that calibration regions are a draw too is not in it. NaN
    where no test sample has the label.
    """
    predictions = predictions.assign(block=blocks_of_regions(predictions["instrument"], predictions["region"]))
    test_blocks, code = np.unique(predictions.loc[predictions["split"] == "test", "block"], return_inverse=True)
    predictions.loc[predictions["split"] == "test", "block"] = code
    drawn = block_weights(len(test_blocks), resamples=resamples, seed=seed).astype(np.float64)
    rows = []
    # Categories keep an order of their own, which is not that of their names.
    by_model = sorted(predictions.groupby("model", observed=True), key=lambda one: str(one[0]))
    for model, of_model in by_model:
        of_seeds = [of_seed for _, of_seed in of_model.groupby("seed", sort=True)]
        for target in coverage_targets:
            sets = [_sets_of_test(of_seed, target) for of_seed in of_seeds]
            rows += [
                {"model": str(model), "label": name, "target": target}
                | _row([_shares(*one, labels, len(test_blocks)) for one in sets], drawn, level)
                for name, labels in LABELS.items()
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _nonconformity(probability: FloatArray) -> FloatArray:
    """1 less the forecast probability of each label, (sample, label)."""
    return np.stack([probability, 1 - probability], axis=1)


def _sets_of_test(
    samples: pd.DataFrame, target: float
) -> tuple[NDArray[np.int8], NDArray[np.bool_], NDArray[np.int64]]:
    """Labels, sets and blocks of the test samples of one model and seed."""
    columns = ("label", "probability", "block")
    calibration, test = (
        [samples.loc[samples["split"] == split, name].to_numpy() for name in columns]
        for split in ("validation", "test")
    )
    return test[0], label_sets(test[1], label_thresholds(*calibration, coverage=target)), test[2]


def _shares(
    label: NDArray[np.int8],
    sets: NDArray[np.bool_],
    block: NDArray[np.int64],
    labels: Sequence[int],
    n_blocks: int,
) -> FloatArray:
    """Of samples with one of `labels`: their number, and of these each of `SHARES`, (1 + share, block)."""
    own = np.isin(label, labels)
    no_event, event = sets[own].T
    covered = np.where(label[own] == 1, event, no_event)
    kinds = (
        np.ones(len(covered)),
        covered,
        event & ~no_event,
        no_event & ~event,
        event & no_event,
        ~(event | no_event),
    )
    counts = np.stack([np.bincount(block[own], kind, minlength=n_blocks) for kind in kinds]).astype(np.float64)
    counts[1:] /= np.maximum(counts[0], 1)
    return counts


def _row(of_seeds: Sequence[FloatArray], drawn: FloatArray, level: float) -> dict[str, float]:
    """Means over regions and seeds of `_shares` of each seed, and bounds of the coverage."""
    present = np.stack([shares[0] > 0 for shares in of_seeds], axis=1)
    n_regions = present.sum(axis=0)
    divisor = np.where(n_regions > 0, n_regions, np.nan)
    means = {
        name: float((np.stack([shares[1 + i] for shares in of_seeds], axis=1).sum(axis=0) / divisor).mean())
        for i, name in enumerate(SHARES)
    }
    n_drawn = drawn @ present
    covered = drawn @ np.stack([shares[1] for shares in of_seeds], axis=1)
    low, high = bounds((covered / np.where(n_drawn > 0, n_drawn, np.nan)).mean(axis=1), level=level)
    return means | {
        "low": float(low),
        "high": float(high),
        "n_samples": float(np.mean([shares[0].sum() for shares in of_seeds])),
        "n_regions": float(n_regions.mean()),
    }
