"""Speed and memory of the block bootstrap, for `make bench`, beside a plain loop that resamples rows."""

import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts")]
N_FORECASTS, N_REGIONS, N_RESAMPLES, N_LOOPED = 50_000, 1000, 10_000, 20
EVENT_RATES = (0.03, 0.5)
THRESHOLDS = (0.5, 0.25, 0.1)
TRAINING_EVENT_RATE = 0.03
Row = tuple[str, str, str]


def bench_verification() -> list[Row]:
    """All scores of all resamples, at the events' rate on the Sun and balanced, each in a process of its own."""
    rows = []
    for event_rate in EVENT_RATES:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, mebibytes, loop_seconds = pool.apply(_resampled_and_looped, (event_rate,))
        what = (
            f"{N_RESAMPLES} resamples of {N_REGIONS} regions, {N_FORECASTS} forecasts, {100 * event_rate:.0f} % events"
        )
        looped = f"the same in a plain loop ({N_LOOPED} resamples, scaled), times as long"
        rows += [
            (what, f"{seconds:.1f} s", "< 20 s"),
            ("the same: memory above the interpreter's", f"{mebibytes:.0f} MiB", "-"),
            (looped, f"{loop_seconds / seconds:.0f} x", "> 1"),
        ]
    return rows


def _resampled_and_looped(event_rate: float) -> tuple[float, float, float]:
    """Seconds and MiB of all resamples, and the seconds that a loop over them would take."""
    from flaredag.block_bootstrap import block_weights, resampled_scores
    from flaredag.verification import categorical_scores, contingency_table, probabilistic_scores

    label, probability, region = made_up_forecasts(event_rate)
    before = _peak_mebibytes()
    begun = time.perf_counter()
    weights = block_weights(N_REGIONS, resamples=N_RESAMPLES, seed=0)
    scores = resampled_scores(
        label, probability, region, weights, thresholds=THRESHOLDS, training_event_rate=TRAINING_EVENT_RATE
    )
    seconds, mebibytes = time.perf_counter() - begun, _peak_mebibytes() - before
    rows_of_region = [np.flatnonzero(region == number) for number in range(N_REGIONS)]
    begun = time.perf_counter()
    for resample in range(N_LOOPED):
        times = weights[resample].astype(int)
        rows = np.concatenate([np.tile(rows_of_region[number], times[number]) for number in np.flatnonzero(times)])
        looped = categorical_scores(contingency_table(label[rows], probability[rows], thresholds=THRESHOLDS))
        looped |= probabilistic_scores(label[rows], probability[rows], training_event_rate=TRAINING_EVENT_RATE)
        for name, value in looped.items():
            np.testing.assert_allclose(scores[name][resample], value, rtol=1e-8, err_msg=name)
    return seconds, mebibytes, (time.perf_counter() - begun) * N_RESAMPLES / N_LOOPED


def made_up_forecasts(event_rate: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Label, probability and region; regions are of very unlike length, as on the Sun."""
    rng = np.random.default_rng(0)
    share = rng.exponential(size=N_REGIONS)
    region = rng.choice(N_REGIONS, size=N_FORECASTS, p=share / share.sum())
    label = (rng.random(N_FORECASTS) < event_rate).astype(np.int8)
    logit = 2.0 * label + rng.normal(size=N_FORECASTS) + np.log(event_rate / (1.0 - event_rate))
    return label, 1.0 / (1.0 + np.exp(-logit)), region


def _peak_mebibytes() -> float:
    """Most memory that this process held; `ru_maxrss` would be the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    for what, value, limit in bench_verification():
        print(f"{what:<90} {value:>12}  (wanted: {limit})")
