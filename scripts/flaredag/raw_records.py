"""Raw tables of records that are texts: a bad file is refused, a bad record is left out, with the reason."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.rejections import Rejection

if TYPE_CHECKING:
    from collections.abc import Sequence

NOT_GIVEN_TEXTS = ("", "nan", "NaN", "MISSING")


def read_raw_records(
    path: str | Path, columns: Sequence[str], *, optional: Sequence[str] = (), delimiter: str = ","
) -> tuple[pd.DataFrame, list[Rejection]]:
    """The `columns`, and those of `optional` that are there, as texts, indexed by line; lines of other length left out.

    The header is line 1. Raises InputError where the file is unreadable, empty or cut off, or lacks one of `columns`.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(f"{path}: not readable ({error}). Delete the file to have it fetched again.") from error
    if not text.strip():
        raise InputError(f"{path}: empty; wanted a header line. Delete the file to have it fetched again.")
    if not text.endswith("\n"):
        raise InputError(f"{path}: its last line has no end: cut off? Delete the file to have it fetched again.")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    header = _fields(lines[0], delimiter) or []
    missing = [name for name in columns if name not in header]
    if missing or len(set(header)) < len(header):
        raise InputError(
            f"{path}: column {', '.join(missing) or 'names repeated'}{' missing' if missing else ''}; found "
            f"{', '.join(header)[:500]}; wanted {', '.join(columns)}. Was the file made by another program, or its "
            "header changed?"
        )
    good, rejected = [], []
    for place, line in enumerate(lines[1:], start=2):
        fields = _fields(line, delimiter) if '"' in line else None
        n_fields = len(fields) if fields else (0 if '"' in line else line.count(delimiter) + 1)
        if n_fields == len(header):
            good.append(place)
        elif line.strip():
            rejected.append(Rejection(str(path), f"line {place}", "wrong number of fields", line))
    # C speed for the bulk; the header goes by position so that no name is changed.
    content = io.StringIO("".join(f"{lines[place - 1]}\n" for place in good))
    wanted = [*columns, *(name for name in optional if name in header)]
    if good:
        table = pd.read_csv(
            content, sep=delimiter, header=None, names=header, usecols=wanted, dtype=str, keep_default_na=False,
            skip_blank_lines=False, index_col=False,
        )[wanted]  # fmt: skip
    else:
        table = pd.DataFrame({name: pd.Series(dtype="str") for name in wanted})
    return table.set_axis(pd.Index(good, dtype=np.int64), axis=0), rejected


class RecordFaults:
    """The first fault of each record of a raw table (texts, indexed by line), and the values of its columns."""

    def __init__(self, raw: pd.DataFrame, *, source: str) -> None:
        self.raw, self.source = raw, source
        self.reason = np.full(len(raw), "", dtype=object)

    def mark(self, wrong: np.ndarray | pd.Series, reason: str) -> None:
        """Give the records at `wrong` (bool, a value a record) the `reason`, if they have none yet."""
        self.reason[np.asarray(wrong, dtype=bool) & (self.reason == "")] = reason

    def numbers(self, column: str) -> np.ndarray:
        """Values of a column, float64, NaN where not given or infinite; records with other texts are marked."""
        text = self.raw[column].str.strip()
        missing = text.isin(NOT_GIVEN_TEXTS)
        values = pd.to_numeric(text.where(~missing), errors="coerce").to_numpy(dtype=np.float64)
        self.mark(np.isnan(values) & ~missing.to_numpy(), f"{column} not a number")
        return np.where(np.isfinite(values), values, np.nan)

    def whole_numbers(self, column: str, *, highest: int = 2**31 - 1) -> np.ndarray:
        """Values of a column of digits, int64; records with other texts, or above `highest`, are marked and 0."""
        text = self.raw[column].str.strip()
        good = text.str.fullmatch("[0-9]{1,10}").to_numpy(dtype=bool)
        values = text.where(good, "0").astype(np.int64).to_numpy()
        good = good & (values <= highest)
        self.mark(~good, f"{column} not a whole number")
        return np.where(good, values, 0)

    @property
    def good(self) -> np.ndarray:
        """Whether a record has no fault."""
        return self.reason == ""

    def rejections(self) -> list[Rejection]:
        """The records at fault, in order of their lines."""
        bad = self.raw[~self.good]
        return [
            Rejection(self.source, f"line {place}", reason, ",".join(values))
            for place, reason, values in zip(
                bad.index, self.reason[~self.good], bad.itertuples(index=False, name=None), strict=True
            )
        ]


def _fields(line: str, delimiter: str) -> list[str] | None:
    """Fields of one line; None where its quotes do not match."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
