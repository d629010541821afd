"""Made-up tables as authors ship them with their code, the file of facts on them, and records that they come from."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

START = np.datetime64("2015-03-01T00:00:00", "s")
HOUR = np.timedelta64(3600, "s")
N_HOURS = 30
REGIONS = (5000, 5001)
# Mean and standard deviation by which the columns are standardised.
STANDARDISED_BY = {"usflux": (1e22, 1.4e22), "r_value": (2.5, 1.7), "totusjh": (700.0, 1000.0)}
# The header calls total flux R_VALUE and R USFLUX.
HEADER = {"usflux": "R_VALUE", "r_value": "USFLUX", "totusjh": "TOTUSJH"}
# Files of facts of this repository.
PAPERS = Path(__file__).resolve().parents[1] / "rules" / "papers"
KEYS = ["label", "flare", "timestamp", "NOAA", "HARP"]


def records() -> pd.DataFrame:
    """Keyword records of two regions, hourly; UTC is 35 s behind the TAI clock."""
    region, hour = (axis.ravel() for axis in np.indices((len(REGIONS), N_HOURS)))
    rng = np.random.default_rng(2019)
    table = pd.DataFrame({"region": np.array(REGIONS)[region], "t_rec": START + hour * HOUR})
    table["time"] = table["t_rec"] - np.timedelta64(35, "s")
    for name, (mean, deviation) in STANDARDISED_BY.items():
        table[name] = mean + deviation * rng.uniform(-0.7, 2.0, len(table))
    not_given = dict.fromkeys(("longitude_min", "longitude_max", "latitude_min", "latitude_max"), np.nan)
    return table.assign(noaa_ars="12300", quality=-1, instrument="sharp", **not_given)


def samples() -> pd.DataFrame:
    """A sample an hour of each region, a minute before its record; the last ten of the first region flare."""
    of = records()
    time = of["t_rec"] - np.timedelta64(90, "s")
    flares = (of["region"] == REGIONS[0]) & (of["t_rec"] >= START + 20 * HOUR)
    table = pd.DataFrame(
        {
            "label": np.where(flares, "Positive", "Negative"),
            "flare": np.where(flares, "M1.2", np.where(of["region"] == REGIONS[0], "B3.0", "N")),
            "timestamp": time.dt.strftime("%Y-%m-%dT%H:%M:%S.70Z"),
            "NOAA": of["region"] + 7000,
            "HARP": of["region"],
        }
    )
    columns = {HEADER[name]: (of[name] - mean) / deviation for name, (mean, deviation) in STANDARDISED_BY.items()}
    # A feature that is no keyword, between those that are.
    return table.assign(**{"R_VALUE": columns["R_VALUE"], "Cdec": 0.0, **columns})


def forecasts() -> pd.DataFrame:
    """The samples behind forecasts: of 10 events 8 are hit, of 50 others 5 are called."""
    table = samples()
    said = np.where(table["label"] == "Positive", "Positive", "Negative").astype(object)
    said[20:22] = "Negative"
    said[:5] = "Positive"
    table.insert(0, "Predicted Label", said)
    return table


def facts() -> dict[str, Any]:
    """The file of facts: one table with forecasts and statistics."""
    of = records()
    named = [*STANDARDISED_BY]
    statistics = {
        "mean": [STANDARDISED_BY[name][0] for name in named],
        "standard_deviation": [STANDARDISED_BY[name][1] for name in named],
        "lowest": [float(of[name].min()) for name in named],
        "highest": [float(of[name].max()) for name in named],
    }
    # In the order of the columns: the second is the feature that is no keyword.
    return {
        "split_years": {"training": [2010, 2014], "testing": [2015, 2018]},
        "new_names_by": "Somebody",
        "new_names": {"R_VALUE": "USFLUX", "USFLUX": "TOTUSJH"},
        "tables": {
            "C": {
                "samples": "liu/samples.csv",
                "forecasts": "liu/forecasts.csv",
                "least_class": "C1.0",
                "threshold": 0.5,
                "has_new_names": False,
                "statistics": {name: [values[0], 0.0, *values[1:]] for name, values in statistics.items()},
                "published": {"true_skill_statistic": [0.6, 0.01]},
            }
        },
    }


def sizes() -> pd.DataFrame:
    """Means and standard deviations of keywords in other tables."""
    rows = [(name, mean * 1.1, deviation * 0.9) for name, (mean, deviation) in STANDARDISED_BY.items()]
    return pd.DataFrame(rows, columns=["keyword", "mean", "standard_deviation"])


def forecasts_of(*counted: tuple[int, int, int, int]) -> pd.DataFrame:
    """Samples of a region for each (hits, misses, false alarms, correct negatives)."""
    parts = []
    for i, (hits, misses, false_alarms, correct_negatives) in enumerate(counted):
        label = np.repeat([1, 1, 0, 0], [hits, misses, false_alarms, correct_negatives])
        forecast = np.repeat([1, 0, 1, 0], [hits, misses, false_alarms, correct_negatives])
        parts.append(pd.DataFrame({"region": 5000 + i, "label": label, "forecast": forecast}))
    return pd.concat(parts, ignore_index=True)


def written(path: Path, table: pd.DataFrame) -> str:
    """Path of `table`, written as the authors write theirs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, quoting=csv.QUOTE_MINIMAL)
    return str(path)


def written_facts(path: Path, content: dict[str, Any]) -> str:
    """Path of a file of facts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return str(path)
