"""Lines of a fixed-width report as one array of characters, so that columns are looked at for all lines at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BLANK, _FIRST_PRINTABLE, _LAST_PRINTABLE = 32, 32, 126
_ZERO, _NINE = ord("0"), ord("9")


@dataclass(frozen=True)
class ReportLines:
    """Lines of a report: `characters` (line, column) with blanks after each line's end, and the lines as bytes.

    Columns are counted from 0, `stop` is not included.
    """

    lines: list[bytes]
    characters: NDArray[np.uint8]
    printable: NDArray[np.bool_]  # (line,): nothing but printable ASCII, so that each byte is a column

    @classmethod
    def of(cls, lines: Sequence[bytes], *, width: int) -> ReportLines:
        """Lines without their ends; what lies beyond `width` columns is not looked at."""
        array = np.array([line[:width] for line in lines], dtype=f"S{width}")
        characters = array.view(np.uint8).reshape(len(lines), width)
        inside = np.arange(width) < np.array([len(line) for line in lines], dtype=np.int64)[:, None]
        odd = inside & ((characters < _FIRST_PRINTABLE) | (characters > _LAST_PRINTABLE))
        printable = np.logical_not(odd).sum(axis=1, dtype=np.int64).reshape(-1) == width
        return cls(list(lines), np.where(inside, characters, np.uint8(_BLANK)), printable)

    def text(self, start: int, stop: int) -> NDArray[np.bytes_]:
        """Columns as bytes, (line,)."""
        return np.ascontiguousarray(self.characters[:, start:stop]).view(f"S{stop - start}")[:, 0]

    def fits(self, start: int, stop: int, pattern: str) -> NDArray[np.bool_]:
        """Whether the columns fit a regular expression as a whole, (line,)."""
        unique, codes = np.unique(self.text(start, stop), return_inverse=True)
        compiled = re.compile(pattern.encode())
        return np.array([compiled.fullmatch(text) is not None for text in unique.tolist()], dtype=bool)[codes]

    def blank(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Whether the columns are blank, (line,)."""
        return (self.characters[:, start:stop] == _BLANK).all(axis=1)

    def number(self, start: int, stop: int) -> NDArray[np.int64]:
        """Digits of the columns as a whole number, blanks left out; -1 where there is no digit or anything else."""
        columns = self.characters[:, start:stop]
        digit = (columns >= _ZERO) & (columns <= _NINE)
        value = np.zeros(len(columns), dtype=np.int64)
        for column in range(stop - start):
            value = np.where(digit[:, column], value * 10 + columns[:, column].astype(np.int64) - _ZERO, value)
        return np.where(digit.any(axis=1) & (digit | (columns == _BLANK)).all(axis=1), value, -1)

    def decoded(self) -> list[str]:
        """The lines as texts, bytes that are no ASCII shown as such."""
        return [line.decode("ascii", "backslashreplace") for line in self.lines]
