"""Answers kept from run to run: a killed run goes on, and a refresh asks only for what may have changed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flaredag.artifacts import written_whole
from flaredag.noaa_files import read_day

if TYPE_CHECKING:
    from datetime import date

_MARK = "@"


class KeptAnswers:
    """Answers kept in a hidden folder beside `output`, each under its name and the `as_of` of its question.

    An answer serves again where its question was of the same `as_of` or a later one, or came `final_after_days` after
    the end of the last day that it tells of: then it does not change any more.
    """

    def __init__(self, output: str | Path, *, as_of: str, final_after_days: int) -> None:
        output = Path(output)
        self.folder = output.parent / f".{output.name}.answers"
        self.as_of = read_day(as_of, what="as_of")
        self.final_after_days = final_after_days
        self._asked: dict[str, list[date]] = {}
        for path in list(self.folder.iterdir()) if self.folder.is_dir() else ():
            name, _, asked = path.name.rpartition(_MARK)
            if path.name.startswith("."):
                path.unlink()  # what a killed run left half written
            else:
                self._asked.setdefault(name, []).append(read_day(asked, what=str(path)))

    def get(self, name: str, *, last_day: date) -> bytes | None:
        """The answer kept under `name`, which tells of days up to `last_day`; None if it is to be asked for."""
        if name not in self._asked:
            return None
        asked = max(self._asked[name])
        final = asked >= last_day + timedelta(days=1 + self.final_after_days)
        return self._path(name, asked).read_bytes() if final or asked >= self.as_of else None

    def keep(self, name: str, content: bytes) -> None:
        """Keep an answer under `name`, in place of older ones."""
        with written_whole(self._path(name, self.as_of)) as part:
            part.write_bytes(content)
        for asked in self._asked.pop(name, []):
            if asked != self.as_of:
                self._path(name, asked).unlink(missing_ok=True)
        self._asked[name] = [self.as_of]

    def _path(self, name: str, asked: date) -> Path:
        return self.folder / f"{name}{_MARK}{asked.isoformat()}"
