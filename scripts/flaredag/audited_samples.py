"""Anybody's data set or forecasts as a CSV file, read for the leak audit.

A file has a header line and one line a sample. Columns that the audit knows, in any order:

- `time`: issue time, ISO 8601, UTC where it has no zone; `issue_time` goes before it where both are there
- `label`: 1 if the event occurred in the forecast window, else 0
- `region`: name or number of the active region; without the column samples are of the whole disk
- `split`: train, validation or test; without the column nothing can be told of splits
- `model`, `seed`, `probability` (0 to 1), `threshold`: of forecasts

All other columns are features: numbers (empty where missing), GOES classes, which are read as fluxes, or texts of few
values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.audit_features import MAX_FEW_VALUES
from flaredag.errors import InputError
from flaredag.goes import peak_flux_w_m2
from flaredag.splits import SPLITS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

KNOWN_COLUMNS = ("time", "issue_time", "region", "split", "label", "model", "seed", "probability", "threshold")
WHOLE_DISK = "disk"
_MISSING = ("", "nan", "NaN", "NA", "null", "None")


@dataclass(frozen=True)
class AuditedSamples:
    """Samples of a file.

    `rows`: `time, region, split, label, model, seed, probability, threshold`, the last two NaN where not given;
    `features` (sample,) by name; `unread`: texts that are no features; `given`: columns that the file has.
    """

    rows: pd.DataFrame
    features: dict[str, NDArray[np.float64]]
    unread: tuple[str, ...]
    given: tuple[str, ...]


def read_audited_samples(path: str | Path) -> AuditedSamples:
    """Samples of a CSV file (see above), in its order; InputError that says what departs from the form, and where."""
    text = _read(path)
    times = [name for name in ("issue_time", "time") if name in text.columns]
    missing = [name for name in ("time", "label") if name not in text.columns and not (name == "time" and times)]
    if missing:
        raise InputError(
            f"{path}: no column {', '.join(missing)}; found {', '.join(text.columns)}. Wanted at least time and label, "
            f"and of {', '.join(KNOWN_COLUMNS[2:])} what there is; all others are features. Name the columns so."
        )
    if text.empty:
        raise InputError(f"{path}: holds no sample; wanted a line a sample below the header.")
    n = len(text)
    rows = pd.DataFrame(
        {
            "time": _times(text[times[0]], path),
            "region": _names(text, "region", path, default=WHOLE_DISK),
            "split": _splits(text, path),
            "label": _labels(text["label"], path),
            "model": _names(text, "model", path, default="data"),
            "seed": _names(text, "seed", path, default="0"),
            "probability": _numbers(text["probability"], path) if "probability" in text.columns else np.full(n, np.nan),
            "threshold": _numbers(text["threshold"], path) if "threshold" in text.columns else np.full(n, np.nan),
        }
    )
    if "probability" in text.columns:
        probability = rows["probability"].to_numpy()
        _refuse(~((probability >= 0) & (probability <= 1)), text["probability"], path, "a number from 0 to 1")
    features, unread = {}, []
    for name in text.columns:
        if name not in KNOWN_COLUMNS:
            values = _feature(text[name])
            if values is None:
                unread.append(name)
            else:
                features[name] = values
    return AuditedSamples(rows, features, tuple(unread), tuple(text.columns))


def _read(path: str | Path) -> pd.DataFrame:
    """Columns of the file: those that are known as texts, others as pandas finds them."""
    try:
        text = pd.read_csv(
            path,
            dtype={name: "str" for name in KNOWN_COLUMNS},
            keep_default_na=False,
            na_values=list(_MISSING),
            encoding="utf-8",
            encoding_errors="replace",
            low_memory=False,
        )
    except (OSError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(
            f"{path}: cannot be read as CSV ({error}). Wanted a header line such as time,region,split,label,usflux and "
            "a line a sample."
        ) from error
    # pandas takes what is too much at the left of the lines for an index.
    if not isinstance(text.index, pd.RangeIndex):
        raise InputError(f"{path}: the lines have more fields than the header names. Quote text that holds a comma.")
    nameless = [name for name in text.columns if str(name).startswith("Unnamed: ")]
    return text.drop(columns=nameless)


def _times(text: pd.Series, path: str | Path) -> NDArray[np.datetime64]:
    times = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
    _refuse(times.isna().to_numpy(), text, path, "ISO 8601 in UTC, such as 2011-02-15T00:00:00Z")
    zoned = text.str.contains(r"(?:Z|[+-]\d\d:?\d\d)\s*$", regex=True).to_numpy(dtype=bool)
    if zoned.any() and not zoned.all():
        _refuse(~zoned, text, path, "a zone in every line, as in others, or in none, which is UTC")
    return times.to_numpy(dtype="datetime64[s]")


def _labels(text: pd.Series, path: str | Path) -> NDArray[np.int8]:
    stripped = text.fillna("").str.strip().str.lower()
    values = pd.to_numeric(stripped.replace({"true": "1", "false": "0"}), errors="coerce").to_numpy(dtype=np.float64)
    _refuse((values != 0) & (values != 1), text, path, "0 or 1")
    return values.astype(np.int8)


def _splits(text: pd.DataFrame, path: str | Path) -> NDArray[np.str_]:
    if "split" not in text.columns:
        return np.full(len(text), "test")
    splits = text["split"].fillna("").str.strip()
    _refuse(~splits.isin(SPLITS).to_numpy(), text["split"], path, ", ".join(SPLITS))
    return splits.to_numpy(dtype=np.str_)


def _names(text: pd.DataFrame, name: str, path: str | Path, *, default: str) -> pd.Series:
    if name not in text.columns:
        return pd.Series(default, index=text.index)
    _refuse(text[name].isna().to_numpy(), text[name], path, "a name or number in every line, or no such column")
    return text[name].str.strip()


def _numbers(text: pd.Series, path: str | Path) -> NDArray[np.float64]:
    values = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    _refuse(np.isnan(values) & text.notna().to_numpy(), text, path, "a number")
    return values


def _feature(column: pd.Series) -> NDArray[np.float64] | None:
    """Values of a column as numbers, NaN where missing: GOES classes as fluxes, few texts as codes; else None."""
    if column.dtype.kind in "fiub":
        return column.to_numpy(dtype=np.float64)
    names = column.dropna().astype(str).unique()
    fluxes = peak_flux_w_m2(names)
    # What flared not at all is less than any flare.
    quiet = np.isin(names, ("Q", "FQ", "QUIET", "quiet"))
    if len(names) and (np.isfinite(fluxes) | quiet).all() and not quiet.all():
        codes = dict(zip(names, np.where(quiet, 0.0, fluxes), strict=True))
    elif len(names) <= MAX_FEW_VALUES:
        codes = {name: float(code) for code, name in enumerate(sorted(names))}
    else:
        return None
    return column.astype(object).map(lambda name: codes.get(str(name), np.nan)).to_numpy(dtype=np.float64)


def _refuse(bad: NDArray[np.bool_], text: pd.Series, path: str | Path, wanted: str) -> None:
    """InputError if any line is `bad`, (line,)."""
    if bad.any():
        first = int(bad.argmax())
        raise InputError(
            f"{path}: {text.name}: line {first + 2} has {text.iloc[first]!r} ({int(bad.sum())} of {len(text)} such "
            f"lines); wanted {wanted}. Mend or leave out these lines."
        )
