"""Speed and quality of stacking weights: for `make bench`.

Two learners, 2,000 samples of which half are events, all criteria together; and what grids and 500 SLSQP starts reach.
"""

import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts")]
N_ROUNDS, N_SAMPLES, N_STARTS = 15, 2000, 500


def bench_ensembles() -> list[tuple[str, str, str]]:
    """All rows, on one core."""
    with threadpool_limits(1):
        # What networks reach on this task, what keywords reach on a natural sample, and learners that know nothing.
        return [*(bench_two_learners(skill) for skill in (2.0, 1.0, 0.0)), *bench_quality(1.0)]


def forecasts(skill: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels (sample,) and probabilities (sample, learner) of two learners, some of whose errors are shared."""
    rng = np.random.default_rng(0)
    label = np.tile([0, 1], N_SAMPLES // 2).astype(np.int8)
    logit = skill * (2 * label[:, None] - 1) + 1.5 * rng.normal(size=(N_SAMPLES, 2)) + rng.normal(size=(N_SAMPLES, 1))
    return label, (1 / (1 + np.exp(-logit))).astype(np.float32).astype(np.float64)


def bench_two_learners(skill: float) -> tuple[str, str, str]:
    """All criteria together, on one core: median over rounds."""
    from flaredag.ensembles import fit_weights
    from flaredag.stacking_criteria import CRITERIA, criterion_value

    label, probabilities = forecasts(skill)
    seconds = []
    for _ in range(N_ROUNDS):
        begun = time.process_time()
        fit_weights(CRITERIA, label, probabilities)
        seconds.append(time.process_time() - begun)
    area = criterion_value("area_under_roc_curve", label, probabilities, np.array([1.0, 0.0]))
    what = f"weights of 2 learners (AUC {area:.2f}), {N_SAMPLES} samples, {len(CRITERIA)} criteria"
    return what, f"{1000 * statistics.median(seconds):.1f} ms", "< 50 ms"


def bench_quality(skill: float) -> list[tuple[str, str, str]]:
    """How much better than ours any grid or start of SLSQP comes out, by criterion; below zero: worse."""
    from flaredag.ensembles import fit_weights, grid_weights
    from flaredag.stacking_criteria import CONVEX_CRITERIA, CRITERIA, criterion_value

    label, probabilities = forecasts(skill)
    ours = fit_weights(CRITERIA, label, probabilities)
    starts = np.random.default_rng(1).random(N_STARTS)
    grids = {n: grid_weights(CRITERIA, label, probabilities, n_points=n) for n in (100, 1001)}
    rows = []
    for criterion in CRITERIA:
        sign = -1.0 if criterion in CONVEX_CRITERIA else 1.0

        def loss(at: np.ndarray, criterion: str = criterion, sign: float = sign) -> float:
            alpha = float(np.clip(at[0], 0.0, 1.0))
            return -sign * criterion_value(criterion, label, probabilities, np.array([alpha, 1.0 - alpha]))

        begun = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = [-minimize(loss, [start], method="SLSQP", bounds=[(0.0, 1.0)]).fun for start in starts]
        seconds = time.perf_counter() - begun
        value = sign * ours[criterion].value
        gains = {f"the grid of {n} points": sign * grid[criterion].value - value for n, grid in grids.items()}
        gains[f"the best of {N_STARTS} SLSQP starts ({seconds:.1f} s)"] = max(found) - value
        gains[f"the median of {N_STARTS} SLSQP starts"] = statistics.median(found) - value
        rows += [
            (f"{criterion}: {what} is better than ours by", f"{gain:.1e}", "<= 0 but for rounding")
            for what, gain in gains.items()
        ]
    return rows
