"""Made-up windows of which some are padded, as `windows.padding: zeros` leaves them."""

import dataclasses

import numpy as np

from flaredag.samples import StudyWindows


def padded(windows: StudyWindows, *, every: int = 3, n_steps: int = 2) -> StudyWindows:
    """The windows, of which each `every`-th, from the first, has no record in its first `n_steps` steps."""
    steps = windows.step_record.copy()
    steps[::every, :n_steps] = -1
    return dataclasses.replace(windows, step_record=steps)


def is_padded(windows: StudyWindows, positions: np.ndarray) -> np.ndarray:
    """Which steps of the windows at `positions` have no record, (sample, step)."""
    return windows.step_record[positions] == -1
