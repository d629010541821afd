"""Made-up sequences of keywords for tests of networks: what they tell lies in their order, or in the last record."""

import numpy as np

from flaredag.samples import Samples


def samples_of(sequence, label) -> Samples:
    """Samples of these sequences (sample, step, feature) and labels (sample,), all of one instrument."""
    n_samples = len(label)
    return Samples(
        sequence=np.asarray(sequence, dtype=np.float32),
        label=np.asarray(label, dtype=np.int8),
        strong_before=np.zeros(n_samples, dtype=bool),
        instrument=np.zeros(n_samples, dtype=np.int8),
        region=np.arange(n_samples, dtype=np.int32),
        issue_time=np.datetime64("2012-01-01", "s") + np.arange(n_samples) * np.timedelta64(3600, "s"),
    )


def ordered_samples(n_samples: int = 400, *, seed: int = 0, n_steps: int = 6) -> Samples:
    """Label 1 where feature 0 is up before it is down, 0 where down before up; the last record is noise."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n_samples)
    sequence = rng.normal(scale=0.3, size=(n_samples, n_steps, 3))
    first = rng.integers(0, n_steps - 2, n_samples)
    second = first + 1
    sign = np.where(label == 1, 3.0, -3.0)
    sequence[np.arange(n_samples), first, 0] += sign
    sequence[np.arange(n_samples), second, 0] -= sign
    return samples_of(sequence, label)


def last_record_samples(n_samples: int = 400, *, seed: int = 0, n_steps: int = 6) -> Samples:
    """Label 1 where features 0 and 1 of the last record have one sign: no linear rule finds it."""
    rng = np.random.default_rng(seed)
    sequence = rng.normal(size=(n_samples, n_steps, 3))
    return samples_of(sequence, sequence[:, -1, 0] * sequence[:, -1, 1] > 0)


def bytes_of(fit) -> dict[str, bytes]:
    """Parameters of a fit as bytes."""
    return {name: values.tobytes() for name, values in fit.arrays.items()}
