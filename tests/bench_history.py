"""Speed of the flare history, for `make bench`: 1.2 million records and 30,000 flares of ten years."""

import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]
N_RECORDS, N_FLARES, TEN_YEARS = 1_200_000, 30_000, 3650 * 86400
Row = tuple[str, str, str]


def bench_history() -> list[Row]:
    """Rows: time and memory of all features, of a thousand regions and of one that flares for ten years."""
    rows = []
    for n_regions, cadence_seconds in ((1000, 720), (1, TEN_YEARS // N_RECORDS)):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, mebibytes = pool.apply(_history, (n_regions, cadence_seconds))
        what = f"history of {N_FLARES} flares for {N_RECORDS} records of {n_regions} regions"
        rows.append((f"{what}: time", f"{seconds:.2f} s", "<= 5 s"))
        rows.append((f"{what}: memory", f"{mebibytes:.0f} MiB", "< 512 MiB"))
    return rows


def made_up_tables(n_regions: int, cadence_seconds: int) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Region and time of each record, and flares of these regions, within ten years."""
    rng = np.random.default_rng(0)
    cadence = np.timedelta64(cadence_seconds, "s")
    of_region = N_RECORDS // n_regions
    latest = TEN_YEARS - of_region * cadence_seconds
    begins = np.datetime64("2010-05-01", "s") + rng.integers(0, latest + 1, n_regions).astype("timedelta64[s]")
    region, step = np.repeat(np.arange(n_regions), of_region), np.tile(np.arange(of_region), n_regions)
    flaring = rng.integers(0, n_regions, N_FLARES)
    start = begins[flaring] + rng.integers(0, of_region, N_FLARES) * cadence
    flares = pd.DataFrame(
        {
            "region_code": flaring,
            "start_time": start,
            "peak_time": start + np.timedelta64(600, "s"),
            "end_time": start + np.timedelta64(1200, "s"),
            "peak_flux": 10 ** rng.uniform(-7, -3.5, N_FLARES),
        }
    )
    return region, begins[region] + step * cadence, flares


def _history(n_regions: int, cadence_seconds: int) -> tuple[float, float]:
    """Seconds of CPU time, and memory beyond that of the tables."""
    from flaredag.flare_history import flare_history

    region, at, flares = made_up_tables(n_regions, cadence_seconds)
    before = peak_kibibytes()
    begun = time.process_time()
    flare_history(region, at, flares, decay_hours=12, known_from="end")
    return time.process_time() - begun, (peak_kibibytes() - before) / 1024


def peak_kibibytes() -> float:
    """Peak memory of this process: ru_maxrss would keep the parent's value."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    for what, value, limit in bench_history():
        print(f"{what:<90} {value:>12}  (wanted: {limit})")
