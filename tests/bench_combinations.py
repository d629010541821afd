"""Speed and quality of weights of linear combinations, for `make bench`: ours against 500 random starts of SLSQP.

Eight members, 731 days, all metrics, both kinds of weights, one kind a core. SLSQP has the same metrics, its numerical
gradients judged all members at once, which makes it several times as fast as with a call for each step. A tenth of its
starts is run, and its time is ten times as long: all of them take minutes.
"""

import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]
N_MEMBERS, N_DAYS, N_STARTS, STARTS_RUN = 8, 731, 500, 50
# By which a value may differ and be the same.
ROUNDING = 1e-9
KINDS = ("constrained", "unconstrained")


def bench_combinations() -> list[tuple[str, str, str]]:
    """All rows; the time of either is the processor time of the slower of two cores."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        ours, alone, slsqp = (dict(zip(KINDS, pool.map(task, KINDS), strict=True)) for task in (_ours, _alone, _slsqp))
    cases = [(kind, metric) for kind in KINDS for metric in alone[kind]]
    worse = [(kind, metric) for kind, metric in cases if ours[kind][1][metric] > slsqp[kind][metric][0] + ROUNDING]
    slower = [(kind, metric) for kind, metric in cases if alone[kind][metric] > slsqp[kind][metric][1]]
    seconds = max(ours[kind][0] for kind in KINDS)
    seconds_of_slsqp = max(sum(each[1] for each in slsqp[kind].values()) for kind in KINDS)
    what = f"weights of {N_MEMBERS} members, {N_DAYS} days, {len(cases)} metrics and kinds"
    return [
        (f"{what}: time on two cores", f"{seconds:.1f} s", "< 60 s"),
        (f"{what}: {N_STARTS} SLSQP starts of each", f"{seconds_of_slsqp:.0f} s", "more"),
        (f"where the best of {STARTS_RUN} of these starts is better{_listed(worse)}", f"{len(worse)}", "0"),
        (f"where {N_STARTS} starts took less time than ours alone{_listed(slower)}", f"{len(slower)}", "0"),
    ]


def _problem(kind: str):
    from flaredag.combination_problems import constrained_problem, unconstrained_problem
    from made_up_combinations import forecasts_of_centres

    return {"constrained": constrained_problem, "unconstrained": unconstrained_problem}[kind](
        *forecasts_of_centres(0, n_days=N_DAYS, n_members=N_MEMBERS)
    )


def _ours(kind: str) -> tuple[float, dict[str, float]]:
    """Processor time of all metrics together, and the loss at the weights found."""
    from flaredag.combination_weights import optimised_weights
    from flaredag.combined_metrics import METRICS, loss

    problem = _problem(kind)
    with threadpool_limits(1):
        begun = time.process_time()
        found = optimised_weights(problem, list(METRICS), seed=0)
        seconds = time.process_time() - begun
    return seconds, {metric: float(loss(metric, np.array(each.value))) for metric, each in found.items()}


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


def _slsqp(kind: str) -> dict[str, tuple[float, float]]:
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


def _listed(cases: list[tuple[str, str]]) -> str:
    return f" ({', '.join(' '.join(case) for case in cases)})" if cases else ""
