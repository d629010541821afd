"""Lines of a CSV file of forecasts, parsed column by column, and where each of them stands in the file."""

from __future__ import annotations

import csv
import difflib
import gzip
import re
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TextIO

    from numpy.typing import NDArray

PERCENT = 100.0
# As pandas writes a number that is not there, and R.
NOT_GIVEN_WORDS = ("", "nan", "na", "null", "none")
ZONED = re.compile(r"[Tt ].*(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)$")
LINES_AT_ONCE = 200_000
FIRST_LINE_OF_DATA = 2
MOST_CHARACTERS_SHOWN = 40
BYTES_LOOKED_AT = 4096
GZIP = b"\x1f\x8b"
# First bytes of what is no text, and what to do with it.
NOT_TEXT = {
    b"PK\x03\x04": "is a spreadsheet or an archive. Save it as CSV",
    b"\xff\xfe": "is text in UTF-16. Save it as CSV in UTF-8",
    b"\xfe\xff": "is text in UTF-16. Save it as CSV in UTF-8",
    b"\x89HDF": "is an HDF5 or netCDF file. Write it as CSV",
    b"CDF": "is a netCDF file. Write it as CSV",
    b"PAR1": "is a Parquet file. Write it as CSV",
}


@dataclass(frozen=True)
class FormOfFile:
    """Columns that a file must have and may have; those that are not `times` or `names` are numbers.

    `header`: an example of the header line; `others_are_numbers`: whether all other columns are used, as numbers.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    times: tuple[str, ...]
    names: tuple[str, ...]
    header: str
    others_are_numbers: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that the form names."""
        return (*self.required, *self.optional)


@dataclass(frozen=True)
class ForecastLines:
    """Columns of a file, (row,), with the line of each row; the header is line 1, empty lines are no rows.

    `times`: datetime64, NaT where there is none; `zoned`: whether a time has a zone; `numbers`: float64, NaN where
    there is none; `given`: whether a field of `numbers` holds anything; `names`: categoricals.
    """

    path: Path
    form: FormOfFile
    header: list[str]
    line: NDArray[np.int64]
    times: dict[str, NDArray[np.datetime64]]
    zoned: dict[str, NDArray[np.bool_]]
    numbers: dict[str, NDArray[np.float64]]
    given: dict[str, NDArray[np.bool_]]
    names: dict[str, pd.Categorical]

    def refuse(self, bad: NDArray[np.bool_], column: str, *, found: str, wanted: str) -> None:
        """InputError if any row is `bad`, (row,): how many, the line of the first, and what is in it."""
        if bad.any():
            line = int(self.line[bad.argmax()])
            raise InputError(
                f"{self.path}: column {column}: {found} in {int(bad.sum())} of {len(bad)} lines; the first is line "
                f"{line} with {self._field(line, column)!r}. {wanted}"
            )

    def _field(self, line: int, column: str) -> str:
        with told_if_unreadable(self.path, self.form), _opened(self.path) as file:
            for number, row in enumerate(csv.reader(file), start=1):
                if number >= line:
                    position = self.header.index(column)
                    return row[position][:MOST_CHARACTERS_SHOWN] if position < len(row) else ""
        return ""


def read_forecast_lines(path: Path, form: FormOfFile) -> tuple[ForecastLines, list[str]]:
    """Lines of a file, plain or `.gz`, and what is said of columns that are not used.

    They are parsed in blocks: a file may hold millions. Raises InputError if the file cannot be read, is no CSV, has no
    line, or a column is missing, misspelt or named twice.
    """
    header = _read_header(path, form)
    others = _check_header(header, path, form)
    used = [name for name in form.columns if name in header] + (others if form.others_are_numbers else [])
    unused = [] if form.others_are_numbers else others
    notes = [f"Not used: column {', '.join(map(repr, unused))}."] if unused else []
    ids: dict[str, dict[str, int]] = {name: {} for name in form.names if name in used}
    parsed: dict[tuple[str, str], list[NDArray[Any]]] = {}
    with told_if_unreadable(path, form):
        blocks = pd.read_csv(
            path,
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            chunksize=LINES_AT_ONCE,
            encoding="utf-8",
            # Names are ASCII: anything else is refused by the checks, not by the decoder.
            encoding_errors="replace",
        )
        with blocks:
            for block in blocks:
                # pandas takes what is too much at the left of the lines for an index.
                if not isinstance(block.index, pd.RangeIndex):
                    raise InputError(
                        f"{path}: the lines have more fields than the header names. Leave out commas at their ends, "
                        "and quote text that holds a comma."
                    )
                text = block.fillna("")
                text = text[(text != "").any(axis=1)]
                of_block = {("line", ""): text.index.to_numpy(dtype=np.int64) + FIRST_LINE_OF_DATA}
                for name in used:
                    of_block |= _parsed(text[name], name, form, ids)
                for key, values in of_block.items():
                    parsed.setdefault(key, []).append(values)
    columns = {key: np.concatenate(values) for key, values in parsed.items()}
    if not columns or not len(columns["line", ""]):
        raise InputError(f"{path}: holds no forecast, only a header. Wanted one line a forecast.")
    kinds = {kind: {name: values for (of, name), values in columns.items() if of == kind} for kind, _ in columns}
    names = {name: pd.Categorical.from_codes(codes, list(ids[name])) for name, codes in kinds.get("names", {}).items()}
    lines = ForecastLines(
        path=path,
        form=form,
        header=header,
        line=columns["line", ""],
        times=kinds["times"],
        zoned=kinds["zoned"],
        numbers=kinds["numbers"],
        given=kinds["given"],
        names=names,
    )
    return lines, notes


def checked_times(lines: ForecastLines, name: str, notes: list[str]) -> NDArray[np.datetime64]:
    """Seconds of UTC of a column of times, (row,); InputError for what is no time, `notes` where it has no zone."""
    times, zoned = lines.times[name], lines.zoned[name]
    lines.refuse(
        np.isnat(times),
        name,
        found="no time in ISO 8601",
        wanted="Wanted a time such as 2011-02-15T00:00:00Z, year, month and day in this order.",
    )
    if zoned.any() and not zoned.all():
        lines.refuse(
            zoned != zoned[0],
            name,
            found=f"{'no' if zoned[0] else 'a'} zone, unlike the line before them,",
            wanted="What clock is meant cannot be known: write a zone (Z for UTC) in every line, or in none.",
        )
    lines.refuse(
        times != times.astype("datetime64[s]"), name, found="fractions of a second", wanted="Wanted whole seconds."
    )
    if not zoned.any():
        notes.append(f"The column {name} has no zone: taken as UTC.")
    return times.astype("datetime64[s]")


def checked_outcomes(lines: ForecastLines, name: str) -> NDArray[np.int8]:
    """Outcomes of a column, 1 where the event occurred, else 0, (row,); InputError for anything else."""
    outcome = lines.numbers[name]
    lines.refuse(np.isnan(outcome), name, found="no number", wanted="Wanted 1 where the event occurred, else 0.")
    lines.refuse(
        (outcome != 0) & (outcome != 1),
        name,
        found="a number other than 0 and 1",
        wanted=f"Wanted 1 where the event occurred, else 0: a class or a count of events is no {name}.",
    )
    return outcome.astype(np.int8)


def refuse_beyond_probability(
    lines: ForecastLines, name: str, probability: NDArray[np.float64], *, if_missing: str
) -> None:
    """InputError if a `probability` of a column, (row,), is not from 0 to 1, NaN aside.

    `if_missing` tells what to do with a number that stands for a missing forecast.
    """
    above, below = probability > 1, probability < 0
    if above.any() and not below.any() and np.nanmax(probability) <= PERCENT:
        lines.refuse(above, name, found="a number above 1", wanted="Are these percent? Divide the whole column by 100.")
    lines.refuse(above | below, name, found="a number that is not from 0 to 1", wanted=if_missing)


def _opened(path: Path) -> TextIO:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


@contextmanager
def told_if_unreadable(path: Path, form: FormOfFile) -> Iterator[None]:
    """Turns what goes wrong while `path` is read into an InputError that says what to do."""
    try:
        yield
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder. Name one CSV file in it.") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: is no whole gzip file ({error}). Pack it anew, or unpack it.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}). Check its path.") from error
    except (pd.errors.ParserError, csv.Error) as error:
        told = str(error).replace("Error tokenizing data. C error: ", "").strip()
        raise InputError(f"{path}: cannot be read as CSV ({told}). {_wanted(form)}") from error


def _wanted(form: FormOfFile) -> str:
    return f"Wanted a header line such as {form.header} and one line a forecast."


def _read_header(path: Path, form: FormOfFile) -> list[str]:
    """Names of the first line; InputError where the file is no text, empty, or separated by something else."""
    columns = form.header.replace(",", ", ")
    with told_if_unreadable(path, form):
        with path.open("rb") as file:
            start = file.read(BYTES_LOOKED_AT)
        for magic, what in NOT_TEXT.items():
            if start.startswith(magic):
                raise InputError(f"{path}: {what} with the columns {columns}.")
        if b"\0" in start and not start.startswith(GZIP):
            raise InputError(f"{path}: is no text. Write it as CSV with the columns {columns}.")
        if start.startswith(GZIP) and path.suffix.lower() != ".gz":
            raise InputError(f"{path}: is a gzip file whose name does not end in .gz. Rename or unpack it.")
        with _opened(path) as file:
            header = next(csv.reader(file), None)
    if not header:
        what = "is empty" if header is None else "begins with an empty line"
        raise InputError(f"{path}: {what}. {_wanted(form)}")
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(header) == 1 and separator in header[0]:
            raise InputError(
                f"{path}: its columns are separated by {name}. Separate them by commas, and write decimals with a "
                "point."
            )
    return header


def _check_header(header: list[str], path: Path, form: FormOfFile) -> list[str]:
    """Columns that the form does not name; InputError for a name missing, misspelt or given twice."""
    others = []
    for name in header:
        if name in form.columns:
            continue
        tidy = re.sub(r"[\s_-]+", "_", name.strip().lower())
        meant = difflib.get_close_matches(tidy, [each for each in form.columns if each not in header], cutoff=0.8)
        if meant:
            raise InputError(
                f"{path}: column {name!r} is none that is known; {meant[0]!r} is. Write it so, in small letters and "
                "without spaces, or name the column something else if it is."
            )
        others.append(name)
    missing = [name for name in form.required if name not in header]
    if missing:
        raise InputError(
            f"{path}: no column {', '.join(missing)}; found {', '.join(header)}. Wanted {', '.join(form.required)}, "
            f"and if you like {', '.join(form.optional)}. Is the first line a header?"
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(f"{path}: column {', '.join(map(repr, twice))} is named twice in the header. Name each once.")
    return others


def _parsed(
    text: pd.Series, name: str, form: FormOfFile, ids: dict[str, dict[str, int]]
) -> dict[tuple[str, str], NDArray[Any]]:
    if name in form.times:
        times = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
        zoned = text.str.contains(ZONED).to_numpy(dtype=bool)
        return {("times", name): times.to_numpy(), ("zoned", name): zoned}
    if name not in form.names:
        given = ~text.str.strip().str.lower().isin(NOT_GIVEN_WORDS).to_numpy(dtype=bool)
        numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
        return {("numbers", name): numbers, ("given", name): given}
    codes, names = pd.factorize(text)
    known = ids[name]
    ids_of_block = np.array([known.setdefault(str(each), len(known)) for each in names], dtype=np.int32)
    return {("names", name): ids_of_block[codes]}
