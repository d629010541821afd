"""Memory of the hourly study of Liu et al. 2019, for `make bench`: its data set drawn, and a network fitted on it."""

import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

from bench_history import peak_kibibytes  # noqa: E402 (found by the paths above)

# Those of the 12-minute table at full hours; the features are all forty of the paper.
N_REGIONS, RECORDS_PER_REGION, N_STEPS, N_FEATURES, N_FOLDS = 1300, 171, 10, 40, 2
EIGHT_YEARS_HOURS = 8 * 8766
Row = tuple[str, str, str]


def bench_hourly() -> list[Row]:
    """Peak memory of a process that holds the windows, and draws, predicts and fits two folds, one after the other."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        n_windows, seconds, mebibytes = pool.apply(_hourly)
    what = f"hourly study, {n_windows} windows of {N_STEPS} x {N_FEATURES}, {N_FOLDS} folds drawn, fitted, predicted"
    return [(f"{what}: time", f"{seconds:.1f} s", "-"), (f"{what}: peak", f"{mebibytes:.0f} MiB", "< 2048 MiB")]


def _hourly() -> tuple[int, float, float]:
    import yaml

    from flaredag.datasets import draw_dataset
    from flaredag.models import attention_lstm
    from flaredag.samples import StudyWindows, samples_of_split
    from flaredag.splits import SPLITS

    settings = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]["lstm_attention"] | {"max_epochs": 1}
    rng = np.random.default_rng(0)
    n_windows = N_REGIONS * RECORDS_PER_REGION
    region = np.repeat(np.arange(N_REGIONS, dtype=np.int32), RECORDS_PER_REGION)
    hour = np.tile(np.arange(RECORDS_PER_REGION), N_REGIONS)
    begins = np.sort(rng.integers(0, EIGHT_YEARS_HOURS, N_REGIONS))
    step = np.arange(n_windows)[:, None] + np.arange(1 - N_STEPS, 1)
    label = (rng.random(n_windows) < 0.2).astype(np.int8)
    windows = StudyWindows(
        instruments=("sharp",),
        feature_names=tuple(f"feature_{i}" for i in range(N_FEATURES)),
        features=rng.normal(size=(n_windows, N_FEATURES)),
        # Steps before the first record of a region are padded.
        step_record=np.where(hour[:, None] + np.arange(1 - N_STEPS, 1) < 0, -1, step).astype(np.int32),
        instrument=np.zeros(n_windows, dtype=np.int8),
        region=region,
        split_group=region.astype(np.int64),
        issue_time=np.datetime64("2010-05-01", "s") + (3600 * (begins[region] + hour)).astype("timedelta64[s]"),
        evolution=np.zeros(n_windows, dtype=np.int8),
        label=label,
    )
    begun = time.process_time()
    for fold in range(N_FOLDS):
        dataset = draw_dataset(
            windows,
            name="FOLDS",
            seed=fold,
            evaluated="sharp",
            added_to_training=[],
            test_fraction=0.2,
            validation_fraction=0.2,
            undersampled=[],
            standardisation="train",
            split_by="time",
            borders="cut",
            validation_from="2014-01-01",
            test_from="2015-01-01",
            training_folds=10,
        )
        samples = {split: samples_of_split(windows, dataset, split) for split in SPLITS}
        fit = attention_lstm.fit(samples["train"], samples["validation"], seed=fold, settings=settings)
        for split in SPLITS:
            fit.probability(samples[split])
    return n_windows, time.process_time() - begun, peak_kibibytes() / 1024


if __name__ == "__main__":
    for what, value, limit in bench_hourly():
        print(f"{what:<110} {value:>12}  (wanted: {limit})")
