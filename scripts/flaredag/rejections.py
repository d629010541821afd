"""Records that a source holds and that cannot be used: listed one by one, with the reason, never dropped silently."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.tables import read_raw_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

LONGEST_TEXT = 200


@dataclass(frozen=True)
class Rejection:
    """A record left out: `source` (file or list), `place` in it (a line, a record), `reason`, and its `text`.

    The reason is a short phrase, the same for all records of one fault, as they are counted by it.
    """

    source: str
    place: str
    reason: str
    text: str


REJECTION_COLUMNS = tuple(Rejection.__annotations__)


def write_rejections(path: str | Path, rejections: Iterable[Rejection]) -> None:
    """Write rejections as CSV, in the order given; long texts are cut, control characters made visible."""
    rows = [asdict(rejection) for rejection in rejections]
    for row in rows:
        row["text"] = "".join(c if c.isprintable() else repr(c)[1:-1] for c in row["text"][:LONGEST_TEXT])
    write_csv(path, pd.DataFrame(rows, columns=list(REJECTION_COLUMNS)))


def read_rejections(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Rejections of several files, columns `REJECTION_COLUMNS`, texts."""
    tables = [read_raw_csv(path, REJECTION_COLUMNS) for path in paths]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(REJECTION_COLUMNS))
