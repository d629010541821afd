"""What the authors of a paper shipped with their code, as a file of facts (YAML) tells it: which table is which.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STATISTICS = ("mean", "standard_deviation", "lowest", "highest")


@dataclass(frozen=True)
class ShippedTable:
    """A table of samples and, if they were shipped, the forecasts of the authors' model on them.

    `samples` and `forecasts` are names of published files; an event is a flare of `least_class` or above within 24 h;
    `threshold` is that of the probability behind the forecasts, `statistics` what the authors' program tells of the
    columns before they were normalised (a number a column, in their order), `published` the paper's figures for the
    class: mean and standard deviation by metric. `has_new_names`: whether the header has the names of another hand.
    """

    samples: str
    least_class: str
    has_new_names: bool
    forecasts: str = ""
    threshold: float = float("nan")
    statistics: Mapping[str, Sequence[float]] = field(default_factory=dict)
    published: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class ShippedTables:
    """Tables by name, the first and last year of each of the paper's splits, and the names that another hand gave.

    `new_names`: name in the authors' header -> the other name; columns that are not there keep theirs.
    """

    split_years: Mapping[str, Sequence[int]]
    new_names_by: str
    new_names: Mapping[str, str]
    tables: Mapping[str, ShippedTable]

    def files(self) -> list[str]:
        """Names of all published files, each once, in the order of the tables."""
        named = [name for table in self.tables.values() for name in (table.samples, table.forecasts) if name]
        return list(dict.fromkeys(named))


def read_shipped_tables(path: str | Path) -> ShippedTables:
    """Read a file of facts; InputError with path, table and key where one is missing, misspelt or of another kind."""
    try:
        content = yaml.safe_load(Path(path).read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read as YAML: {error}") from error
    facts = ShippedTables(**_checked_keys(content, ShippedTables, str(path)))
    for split, years in facts.split_years.items():
        if not (isinstance(years, list) and [type(year) for year in years] == [int, int]):
            raise InputError(f"{path}: split_years: {split}: first and last year wanted, {years!r} found.")
    tables = {name: _table(entry, f"{path}: table {name}") for name, entry in facts.tables.items()}
    return replace(facts, tables=tables)


def _table(entry: object, where: str) -> ShippedTable:
    table = ShippedTable(**_checked_keys(entry, ShippedTable, where))
    if bool(table.forecasts) != (0.0 <= table.threshold <= 1.0):
        raise InputError(
            f"{where}: forecasts {table.forecasts!r} and threshold {table.threshold}; wanted both, the threshold from "
            "0 to 1, or neither."
        )
    if table.statistics:
        found = {name: len(numbers) for name, numbers in table.statistics.items() if _are_numbers(numbers)}
        if tuple(found) != STATISTICS or len(set(found.values())) != 1:
            raise InputError(f"{where}: statistics: lists of as many numbers wanted: {', '.join(STATISTICS)}.")
    for metric, figure in table.published.items():
        if not (_are_numbers(figure) and len(figure) == len(("mean", "standard deviation"))):
            raise InputError(f"{where}: published: {metric}: mean and standard deviation wanted, {figure!r} found.")
    return table


def _are_numbers(values: object) -> bool:
    return isinstance(values, list) and all(type(value) in (int, float) for value in values)


_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "str": (str, "text"),
    "bool": (bool, "true or false"),
    "float": ((int, float), "a number"),
}


def _checked_keys(entry: object, form: type, where: str) -> dict[str, Any]:
    """`entry`, with the keys of dataclass `form` and no others, each of its kind."""
    wanted = {one.name: str(one.type) for one in fields(form)}
    needed = {one.name for one in fields(form) if one.default is MISSING and one.default_factory is MISSING}
    if not isinstance(entry, dict):
        raise InputError(f"{where}: a mapping with {', '.join(wanted)} wanted, {entry!r} found.")
    for fault, keys in (("missing", needed - entry.keys()), ("unknown", entry.keys() - wanted.keys())):
        if keys:
            named = ", ".join(sorted(map(str, keys)))
            raise InputError(f"{where}: {fault}: {named}. Wanted keys: {', '.join(wanted)}.")
    for key, value in entry.items():
        kind, told = _KINDS.get(wanted[key], (dict, "a mapping"))
        if not isinstance(value, kind):
            raise InputError(f"{where}: {key}: {told} wanted, {value!r} found.")
    return entry
