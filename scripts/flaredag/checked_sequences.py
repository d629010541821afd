"""Sequences of samples as a model on sequences wants them: of its shape, and finite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flaredag.samples import Samples


def checked_sequence(samples: Samples, n_features: int, n_steps: int | None) -> NDArray[np.float32]:
    """Sequences (sample, step, feature); InputError for another shape or if a number is not finite."""
    sequence = samples.sequence
    wanted = (n_steps or sequence.shape[1], n_features)
    if sequence.shape[1:] != wanted:
        raise InputError(
            f"windows of {sequence.shape[1]} steps and {sequence.shape[2]} features; the model wants {wanted[0]} "
            f"steps and {n_features} features. Give it samples of its own data set."
        )
    bad = ~np.isfinite(sequence).all(axis=(1, 2))
    if bad.any():
        raise InputError(
            f"{int(bad.sum())} of {len(samples)} windows hold numbers that are not finite, the first is of region "
            f"{samples.region[bad][0]} at {samples.issue_time[bad][0]}; finite ones are wanted. Look at the features "
            "of the study."
        )
    return sequence
