"""Weights of the two classes in a fit, so that the rarer need not drown in the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASS_WEIGHTS = ("none", "balanced")


def class_weights(label: NDArray[np.int8], weights: str, *, model: str) -> dict[int, float] | None:
    """Weight in the fit of `model` of each sample of class 0 and of class 1; None for `weights` "none".

    For "balanced" n / (2 n_k), n samples of which n_k are of the class: both classes then weigh the same, and together
    n as before. `label` is (sample,). Raises InputError where the samples are of one class, of which nothing can
    be learnt, or `weights` is neither.
    """
    if weights not in CLASS_WEIGHTS:
        raise InputError(
            f"{model}: class_weights is {weights!r}; wanted one of {', '.join(CLASS_WEIGHTS)}. Mend config.yaml."
        )
    n_positive = int((label == 1).sum())
    n_negative = len(label) - n_positive
    if not n_positive or not n_negative:
        raise InputError(
            f"{model}: {n_positive} training samples with an event and {n_negative} without; wanted some of each. Take "
            "another seed, or more regions."
        )
    if weights == "none":
        return None
    return {0: len(label) / (2 * n_negative), 1: len(label) / (2 * n_positive)}
