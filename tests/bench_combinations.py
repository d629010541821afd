"""Speed and quality of weights of linear combinations, for `make bench`: ours against 500 random starts of SLSQP.

Eight members, 731 days, all metrics, both kinds of weights, one kind a core. SLSQP has the same metrics, its numerical
gradients judged all members at once, which makes it several times as fast as with a call for each step. A fifth of its
starts is run, and its time is five times as long: all of them take minutes.
"""

import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]
N_MEMBERS, N_DAYS, N_STARTS, STARTS_RUN = 8, 731, 500, 100
# By which a value may differ and be the same.
ROUNDING = 1e-9
KINDS = ("constrained", "unconstrained")
Timed = dict[str, tuple[float, float]]


def bench_combinations() -> list[tuple[str, str, str]]:
    """All rows; the time of either is that of the slower of two cores."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_metrics, KINDS)  # imports
        seconds, values = _timed(pool, _ours)
        seconds_of_slsqp, ends = _timed(pool, _slsqp)
        alone = dict(zip(KINDS, pool.map(_alone, KINDS), strict=True))
    cases = [(kind, metric) for kind in KINDS for metric in values[kind]]
    worse = [case for case in cases if values[case[0]][case[1]] > ends[case[0]][case[1]][0] + ROUNDING]
    slower = [case for case in cases if alone[case[0]][case[1]] > ends[case[0]][case[1]][1]]
    what = f"weights of {N_MEMBERS} members, {N_DAYS} days, {len(cases)} metrics and kinds"
    return [
        (f"{what}: time on two cores", f"{seconds:.1f} s", "< 60 s"),
        (f"{what}: {N_STARTS} SLSQP starts of each", f"{seconds_of_slsqp * N_STARTS / STARTS_RUN:.0f} s", "more"),
        (f"where the best of {STARTS_RUN} of these starts is better" + _listed(worse), f"{len(worse)}", "0"),
        (f"where {N_STARTS} starts took less time than ours alone" + _listed(slower), f"{len(slower)}", "0"),
    ]


def _problem(kind: str):
    from flaredag.combination_problems import constrained_problem, unconstrained_problem
    from made_up_combinations import forecasts_of_centres

    return {"constrained": constrained_problem, "unconstrained": unconstrained_problem}[kind](
        *forecasts_of_centres(0, n_days=N_DAYS, n_members=N_MEMBERS)
    )


def _metrics(kind: str) -> list[str]:
    from flaredag.combination_weights import optimised_weights

    return list(optimised_weights(_problem(kind), ["brier_score"], seed=0))


def _ours(kind: str) -> dict[str, float]:
    """Loss at the weights found, all metrics together."""
    from flaredag.combination_weights import optimised_weights
    from flaredag.combined_metrics import METRICS, loss

    with threadpool_limits(1):
        found = optimised_weights(_problem(kind), list(METRICS), seed=0)
    return {metric: float(loss(metric, np.array(each.value))) for metric, each in found.items()}


def _alone(kind: str) -> dict[str, float]:
    """Processor time of each metric by itself."""
    from flaredag.combination_weights import optimised_weights
    from flaredag.combined_metrics import METRICS

    problem, seconds = _problem(kind), {}
    with threadpool_limits(1):
        for metric in METRICS:
            begun = time.process_time()
            optimised_weights(problem, [metric], seed=0)
            seconds[metric] = time.process_time() - begun
    return seconds


def _slsqp(kind: str) -> Timed:
    """Least loss of all starts of each metric, and their processor time."""
    from flaredag.combination_slsqp import slsqp_starts
    from flaredag.combined_metrics import METRICS, loss

    problem, ends = _problem(kind), {}
    with threadpool_limits(1):
        for metric in METRICS:
            begun = time.process_time()
            starts = slsqp_starts(problem, metric, n_starts=STARTS_RUN, seed=0)
            ends[metric] = (
                float(loss(metric, starts.values).min()),
                (time.process_time() - begun) * N_STARTS / STARTS_RUN,
            )
    return ends


def _timed(pool, task) -> tuple[float, dict]:
    begun = time.perf_counter()
    done = dict(zip(KINDS, pool.map(task, KINDS, chunksize=1), strict=True))
    return time.perf_counter() - begun, done


def _listed(cases: list[tuple[str, str]]) -> str:
    return f" ({', '.join(' '.join(case) for case in cases)})" if cases else ""
