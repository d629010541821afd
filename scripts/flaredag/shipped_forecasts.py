"""Tables that the authors of a paper shipped: their normalised samples, and the forecasts of their model, as labels.

A table begins with label, flare, timestamp, NOAA and HARP, then has a column a feature; that of the forecasts is the
same table behind one more column, "Predicted Label" (Liu et al. 2019, read-me of their demonstration). `flare` is the
strongest flare that the authors know of within 24 h of `timestamp`, or "N".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.goes import peak_flux_w_m2, threshold_w_m2
from flaredag.tables import numbers, read_raw_csv, utc_times, whole_numbers

if TYPE_CHECKING:
    from pathlib import Path

LABEL, FORECAST = "label", "Predicted Label"
KEYS = ["flare", "timestamp", "NOAA", "HARP"]
LABELS = {"Positive": 1, "Negative": 0}
NO_FLARE = "N"
SAMPLE_COLUMNS = ("region", "noaa_ar", "time", "goes_class", "label")
FORECAST_COLUMNS = ("table", *SAMPLE_COLUMNS, "forecast")


@dataclass(frozen=True)
class ShippedSamples:
    """Samples (rows, columns `SAMPLE_COLUMNS`, time in UTC) and their features, a column each, named as in the header.

    The features are normalised, without units; their names may be wrong.
    """

    samples: pd.DataFrame
    features: pd.DataFrame


def read_shipped_samples(path: str | Path, *, least_class: str) -> ShippedSamples:
    """Samples of a table whose events are flares of `least_class` or above.

    Raises InputError where a column is missing or given twice, a label is none or contradicts the flare, a feature is
    no number, or a sample is there twice.
    """
    return _samples(_texts(path, first=[LABEL]), path, least_class)


def read_shipped_forecasts(path: str | Path, *, samples_path: str | Path) -> np.ndarray:
    """Forecasts, (sample,) of 1 (event) and 0, for the samples of the table at `samples_path`.

    Raises InputError where the two tables are not the same but for the forecasts: columns missing, added or swapped,
    another number of samples, or other values.
    """
    texts = _texts(path, first=[FORECAST, LABEL])
    forecast = _labels(texts[FORECAST], path)
    copied, samples = texts.drop(columns=FORECAST), _texts(samples_path, first=[LABEL])
    if list(copied) != list(samples):
        other = [
            f"{place}: {one or 'none'} for {wanted or 'none'}"
            for place, (one, wanted) in enumerate(_paired(list(copied), list(samples)), start=1)
            if one != wanted
        ]
        how = "in another order" if sorted(copied) == sorted(samples) else "others"
        raise InputError(
            f"{path}: its columns are those of {samples_path} {how} ({'; '.join(other[:3])}); wanted the same behind "
            f"{FORECAST!r}. Delete both files to have them fetched again."
        )
    if len(copied) != len(samples):
        raise InputError(
            f"{path}: {len(copied)} forecasts for the {len(samples)} samples of {samples_path}; wanted one each. "
            "Delete both files to have them fetched again."
        )
    differs = (copied != samples).to_numpy()
    if differs.any():
        row, column = np.argwhere(differs)[0]
        raise InputError(
            f"{path}: record {row + 1}, column {copied.columns[column]} is {copied.iloc[row, column]!r}, in "
            f"{samples_path} {samples.iloc[row, column]!r} ({int(differs.any(axis=1).sum())} such records): the "
            "forecasts are not of these samples. Delete both files to have them fetched again."
        )
    return forecast


def read_curated_forecasts(path: str | Path) -> pd.DataFrame:
    """Forecasts of all tables as curated, columns `FORECAST_COLUMNS`; InputError where the file is another."""
    texts = read_raw_csv(path, FORECAST_COLUMNS)
    if texts.empty:
        return texts
    whole = {name: whole_numbers(texts[name], path=path) for name in ("region", "noaa_ar", "label", "forecast")}
    return texts.assign(time=utc_times(texts["time"], path=path), **whole)


def _texts(path: str | Path, *, first: list[str]) -> pd.DataFrame:
    """All columns of a table as texts, those before the features named `first` and `KEYS`."""
    # The authors write `label` and `Label`.
    header = [LABEL if name.lower() == LABEL else name for name in _header(path)]
    wanted = [*first, *KEYS]
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice or header[: len(wanted)] != wanted or len(header) == len(wanted):
        found = f"{', '.join(twice)} given twice" if twice else f"it begins with {', '.join(header[: len(wanted) + 1])}"
        raise InputError(
            f"{path}: {found}; wanted {', '.join(wanted)} and then the features, each once. Were columns swapped, "
            "or is it another file? Delete it to have it fetched again."
        )
    texts = read_raw_csv(path, _header(path))
    texts.columns = header
    if texts.empty:
        raise InputError(f"{path}: holds no sample. Delete the file to have it fetched again.")
    return texts


def _header(path: str | Path) -> list[str]:
    read_raw_csv(path, KEYS)
    first_line = pd.read_csv(path, dtype=str, keep_default_na=False, header=None, nrows=1)
    return [str(name) for name in first_line.iloc[0]]


def _samples(texts: pd.DataFrame, path: str | Path, least_class: str) -> ShippedSamples:
    names = [name for name in texts.columns if name not in (LABEL, *KEYS)]
    features = texts[names].apply(lambda text: numbers(text, path=path, missing=()))
    if features.isna().to_numpy().any():
        row, column = np.argwhere(features.isna().to_numpy())[0]
        raise InputError(
            f"{path}: column {names[column]}: record {row + 1} is {texts[names].iloc[row, column]!r}; wanted a finite "
            "number. Mend the record."
        )
    samples = pd.DataFrame(
        {
            "region": whole_numbers(texts["HARP"], path=path),
            "noaa_ar": whole_numbers(texts["NOAA"], path=path),
            "time": utc_times(texts["timestamp"], path=path),
            "goes_class": texts["flare"].mask(texts["flare"] == NO_FLARE, ""),
            "label": _labels(texts[LABEL], path),
        }
    )
    flux = peak_flux_w_m2(samples["goes_class"])
    event = np.nan_to_num(flux) >= threshold_w_m2(least_class)
    wrong = {
        f"a GOES class, or {NO_FLARE}": np.isnan(flux) & (samples["goes_class"] != "").to_numpy(),
        f"the label of an event of {least_class} or above": event != (samples["label"] == 1).to_numpy(),
        "each region and time once": samples.duplicated(["region", "time"]).to_numpy(),
    }
    for wanted, bad in wrong.items():
        if bad.any():
            first = int(np.flatnonzero(bad)[0])
            told = ", ".join(f"{name} {texts[name].iloc[first]!r}" for name in (LABEL, *KEYS))
            raise InputError(
                f"{path}: record {first + 1} has {told} ({int(bad.sum())} such records); wanted {wanted}. Is it the "
                "table of another class of flares?"
            )
    return ShippedSamples(samples, features)


def _labels(text: pd.Series, path: str | Path) -> np.ndarray:
    bad = (~text.isin(LABELS)).to_numpy()
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"{path}: column {text.name}: record {first + 1} is {text.iloc[first]!r} ({int(bad.sum())} such records); "
            f"wanted {' or '.join(LABELS)}. Mend the record."
        )
    return text.map(LABELS).to_numpy(dtype=np.int8)


def _paired(one: list[str], other: list[str]) -> list[tuple[str, str]]:
    """Both lists side by side, the shorter filled up with empty texts."""
    length = max(len(one), len(other))
    padded = [names + [""] * (length - len(names)) for names in (one, other)]
    return list(zip(*padded, strict=True))
