"""Daily forecasts of made-up centres, for tests and benchmarks of their combinations."""

import numpy as np


def forecasts_of_centres(seed: int, *, n_days: int, n_members: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, outcomes and forecasts: activity that lasts for days, seen with errors; every other in steps of 5 %."""
    rng = np.random.default_rng(seed)
    activity = np.empty(n_days)
    activity[0] = 0.0
    for day in range(1, n_days):
        activity[day] = 0.9 * activity[day - 1] + 0.6 * rng.normal()
    label = (rng.random(n_days) < 1 / (1 + np.exp(2.5 - 1.5 * activity))).astype(np.int8)
    label[:2] = 0, 1
    errors = rng.normal(size=(n_days, n_members)) * rng.uniform(0.5, 2.0, n_members)
    logit = rng.uniform(-3, -1, n_members) + rng.uniform(0.7, 1.5, n_members) * (activity[:, None] + errors)
    members = 1 / (1 + np.exp(-logit))
    members[:, ::2] = np.round(20 * members[:, ::2]) / 20
    return [f"centre_{number}" for number in range(n_members)], label, members
