"""A made-up study for the leak audit: tables, windows, data sets, forecasts and scores that belong together."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from flaredag.datasets import draw_dataset
from flaredag.study_windows import make_windows
from made_up_records import SETTINGS, START, flares_of, records_of

N_REGIONS = 45
DRAW = {
    "evaluated": "sharp",
    "added_to_training": [],
    "test_fraction": 0.34,
    "validation_fraction": 0.34,
    "undersampled": [],
    "standardisation": "train",
}
LABELS = SETTINGS["labels"] | {
    "clock": "utc",
    "closed": "right",
    "negative": ["QUIET->QUIET", "QUIET->WEAK", "WEAK->QUIET", "WEAK->WEAK", "STRONG->QUIET", "STRONG->WEAK"],
}
AUDITED = SETTINGS | {"instruments": ["sharp"], "labels": LABELS}


def tables_of_regions(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Records of 45 regions, each seen for three days and one after the other, and an M flare of every third."""
    rng = np.random.default_rng(seed)
    first = [START + region * np.timedelta64(30 * 96, "m") for region in range(N_REGIONS)]
    records = pd.concat(
        [
            records_of(
                region + 1,
                45,
                first=first[region],
                noaa_ars=str(11000 + region),
                area=rng.uniform(10, 5000, 45) * (1 + (region % 3 == 0)),
                usfluxl=rng.uniform(1e21, 5e22, 45),
            )
            for region in range(N_REGIONS)
        ],
        ignore_index=True,
    )
    flares = flares_of(
        *((first[region] + np.timedelta64(60, "h"), 3e-5, 11000 + region) for region in range(0, N_REGIONS, 3))
    )
    return records, flares


def forecasts_of(windows, dataset, model: str, rng: np.random.Generator) -> pd.DataFrame:
    """Fair forecasts of one data set, every split."""
    parts = []
    for split, positions in dataset.positions.items():
        label = windows.label[positions]
        parts.append(
            pd.DataFrame(
                {
                    "instrument": np.array(windows.instruments)[windows.instrument[positions]],
                    "region": windows.region[positions],
                    "issue_time": windows.issue_time[positions],
                    "label": label,
                    "probability": 0.01 + 0.98 * (0.2 * label + 0.8 * rng.random(len(label))),
                    "split": split,
                    "model": model,
                    "seed": dataset.seed,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def made_up_study(**draw) -> SimpleNamespace:
    """A study of one task and the data set ONLY of two seeds, drawn by `draw`; clean unless that says otherwise."""
    records, flares = tables_of_regions()
    windows = next(iter(make_windows(records, flares, None, settings=AUDITED)[0].values()))
    settings = DRAW | draw
    drawn = {"ONLY": {"seeds": [0, 1], "task": "", "draw": settings}}
    datasets = [draw_dataset(windows, name="ONLY", seed=seed, **settings) for seed in (0, 1)]
    rng = np.random.default_rng(0)
    predictions = pd.concat(
        [forecasts_of(windows, dataset, model, rng) for model in ("lstm", "mlp") for dataset in datasets],
        ignore_index=True,
    ).astype({name: "category" for name in ("instrument", "split", "model")})
    return SimpleNamespace(
        records=records, flares=flares, windows=windows, datasets=datasets, drawn=drawn, predictions=predictions
    )
