"""Speed of the leak audit, for `make bench`: 300,000 windows of 16 steps and 24 features, a study's and anybody's."""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]
N_REGIONS, RECORDS_OF_REGION, N_STEPS, CADENCE_MINUTES = 2000, 165, 16, 96
N_FEATURES = 24
Row = tuple[str, str, str]


def bench_audit() -> list[Row]:
    """Rows: the audit of a study's windows, that of a file of samples, and its reading."""
    records, flares = made_up_sun()
    return [*bench_study(records, flares), *bench_samples()]


def bench_study(records: pd.DataFrame, flares: pd.DataFrame) -> list[Row]:
    """All checks of windows and data sets; windows are made again twice, once of all regions."""
    from audit_leaks import audit_leaks
    from flaredag.datasets import draw_dataset
    from flaredag.study_windows import make_windows

    settings = study_settings(list(records.columns[:N_FEATURES]))
    (windows,) = make_windows(records, flares, None, settings=settings)[0].values()
    draw = {
        "evaluated": "sharp",
        "added_to_training": [],
        "test_fraction": 0.2,
        "validation_fraction": 0.2,
        "undersampled": [],
        "standardisation": "train",
    }
    dataset = draw_dataset(windows, name="X", seed=0, **draw)
    begun = time.perf_counter()
    audit_leaks(
        {"": windows},
        {"X": [dataset]},
        [],
        records,
        flares,
        None,
        settings=settings,
        drawn={"X": {"seeds": [0], "task": "", "draw": draw}},
        declared_leaks=[],
        seed=0,
    )
    seconds = time.perf_counter() - begun
    return [(f"leak audit of {len(windows.label)} windows of a study", f"{seconds:.2f} s", "< 10 s")]


def bench_samples() -> list[Row]:
    """Reading and auditing a file of 300,000 samples of 24 features."""
    from flaredag.audit_of_samples import findings_of_samples
    from flaredag.audited_samples import read_audited_samples
    from flaredag.splits import SPLITS

    rng = np.random.default_rng(0)
    n = 300_000
    region = np.sort(rng.integers(0, N_REGIONS, n))
    table = pd.DataFrame(rng.normal(size=(n, N_FEATURES)).round(4)).add_prefix("feature_")
    table.insert(0, "time", np.datetime64("2012-01-01", "s") + np.arange(n) * np.timedelta64(12, "m"))
    table.insert(1, "region", region)
    table.insert(2, "split", np.array(SPLITS)[region % 3])
    table.insert(3, "label", (rng.random(n) < 0.05).astype(int))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "samples.csv")
        table.to_csv(path, index=False)
        begun = time.perf_counter()
        samples = read_audited_samples(path)
        read = time.perf_counter()
        findings_of_samples("x", samples, window_hours=24, horizon_hours=24)
        audited = time.perf_counter()
    what = f"leak audit of a file of {n} samples"
    return [
        (f"{what}: reading", f"{read - begun:.2f} s", ""),
        (f"{what}: audit", f"{audited - read:.2f} s", "< 10 s"),
    ]


def made_up_sun() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Records of 2,000 regions over eight years, keywords first, and flares of their NOAA regions."""
    from flaredag.keyword_ranges import KEYWORDS

    rng = np.random.default_rng(0)
    n = N_REGIONS * RECORDS_OF_REGION
    region = np.repeat(np.arange(1, N_REGIONS + 1), RECORDS_OF_REGION)
    number = np.tile(np.arange(RECORDS_OF_REGION), N_REGIONS)
    start = np.datetime64("2012-01-01", "s")
    t_rec = start + (region * 22 + number) * np.timedelta64(CADENCE_MINUTES, "m")
    records = pd.DataFrame(rng.normal(100, 30, size=(n, N_FEATURES)), columns=list(KEYWORDS)[:N_FEATURES]).assign(
        instrument="sharp",
        region=region,
        t_rec=t_rec,
        time=t_rec - np.timedelta64(35, "s"),
        noaa_ars=(11000 + region).astype(str),
        quality=0,
        longitude_min=-10.0,
        longitude_max=10.0,
        latitude_min=10.0,
        latitude_max=20.0,
        split_group=region,
    )
    flaring = rng.choice(np.arange(1, N_REGIONS + 1), 5000)
    begins = start + (flaring * 22 + rng.integers(0, RECORDS_OF_REGION, 5000)) * np.timedelta64(CADENCE_MINUTES, "m")
    flares = pd.DataFrame(
        {
            "start_time": begins,
            "peak_time": begins + np.timedelta64(600, "s"),
            "end_time": begins + np.timedelta64(1200, "s"),
            "peak_flux": rng.choice([2e-6, 3e-5], 5000, p=[0.8, 0.2]),
            "goes_class": "",
            "noaa_ar": 11000 + flaring,
            "instrument": "",
            "region": -1,
        }
    ).sort_values("start_time", kind="stable")
    return records, flares.reset_index(drop=True)


def study_settings(features: list[str]) -> dict:
    """Settings of a study of operational labels on `features`."""
    kinds = ("QUIET", "WEAK", "STRONG")
    return {
        "instruments": ["sharp"],
        "features": features,
        "selection": {"max_longitude_deg": 70, "quality_below": {"sharp": 65536}, "period": {}},
        "windows": {"cadence_minutes": CADENCE_MINUTES, "n_steps": N_STEPS, "max_bad_records": 2},
        "labels": {
            "horizon_hours": 24,
            "strong_class": "M1.0",
            "clock": "utc",
            "closed": "right",
            "positive": [f"{before}->STRONG" for before in kinds],
            "negative": [f"{before}->{after}" for before in kinds for after in kinds[:2]],
        },
    }


if __name__ == "__main__":
    for what, value, limit in bench_audit():
        print(f"{what:<90} {value:>12}  (wanted: {limit})")
