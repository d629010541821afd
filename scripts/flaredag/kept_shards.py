"""What JSOC has answered on the regions of a shard, kept beside its table from run to run.

A killed run goes on with the questions not yet answered, and a refresh asks only for what may have changed: regions
whose last record was young when they were asked for, and numbers that had no records. Read while the workflow is laid
out, so nothing heavy is imported here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flaredag.artifacts import read_json, write_json
from flaredag.errors import InputError
from flaredag.shards import regions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STATE = "state.json"
_T_REC = re.compile(r"(\d{4})\.(\d\d)\.(\d\d)_\d\d:\d\d:\d\d_TAI")
# The last magnetogram of SMARP is of 2010-10-28: no number comes after it.
END_OF_SERIES = {"smarp": date(2010, 10, 29)}


@dataclass(frozen=True)
class RegionState:
    """When a region number was asked for (`as_of` of the question), and the day of its last record, if it has any."""

    asked: date
    last: date | None

    def is_settled(self, *, final_after_days: int) -> bool:
        """Whether its records were all there when it was asked for."""
        return self.last is not None and self.last <= self.asked - timedelta(days=final_after_days)


def as_of_of_shard(folder: str | Path, instrument: str, shard: int, *, as_of: str, final_after_days: int) -> str:
    """The day as of which a shard's table is wanted: the one it was made for, while asking anew changes nothing.

    So a later `as_of` reruns the shards whose records may have grown, and no others. A number without records is as
    final as a later one with old records, since numbers are given in order of time.
    """
    wanted = read_day(as_of)
    state = _read_state(_folder(folder, instrument, shard))
    if state is None:
        return as_of
    made_for, regions = state
    latest = max((region.last for region in regions.values() if region.last), default=date.min)
    if latest >= min(wanted, made_for) or set(regions) != set(regions_of(shard)):
        return as_of
    unsettled = {
        number: region
        for number, region in regions.items()
        if region.asked < wanted and not region.is_settled(final_after_days=final_after_days)
    }
    if any(region.last for region in unsettled.values()):
        return as_of
    final_after = timedelta(days=final_after_days)
    end = END_OF_SERIES.get(instrument, date.max - final_after)
    open_numbers = {n: region.asked for n, region in unsettled.items() if region.asked < end + final_after}
    for later in _states_from(folder, instrument, shard):
        open_numbers = {
            number: asked
            for number, asked in open_numbers.items()
            if not any(m > number and one.last and one.last <= asked - final_after for m, one in later.items())
        }
        if not open_numbers:
            break
    return as_of if open_numbers else made_for.isoformat()


def read_day(text: str) -> date:
    """A day such as 2026-11-01; InputError on any other text."""
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise InputError(f"as_of: {text!r} found, a day such as 2026-11-01 wanted. Mend config.yaml.") from None


class KeptShard:
    """Answers on the regions of a shard, in a hidden folder beside its `table`.

    `question` is whatever else the answers hang on: answers to another one are not used.
    """

    def __init__(self, table: str | Path, *, shard: int, question: str) -> None:
        self.folder = Path(table).parent / f".{Path(table).stem}"
        self.shard, self.question = shard, question
        self.answers: dict[Path, dict[str, Any]] = {}
        for path in sorted(self.folder.glob("[0-9]*.json")):
            answer = _read_answer(path)
            if answer is None or answer["question"] != question:
                path.unlink()
            else:
                self.answers[path] = answer

    def regions_to_ask(self, regions: Iterable[int], *, as_of: str, final_after_days: int) -> list[int]:
        """The `regions` on which there is no answer of `as_of` or later, nor one that cannot change any more."""
        states, wanted = self.states(), read_day(as_of)
        return [
            number
            for number in regions
            if number not in states
            or (states[number].asked < wanted and not states[number].is_settled(final_after_days=final_after_days))
        ]

    def keep(self, regions: Sequence[int], *, as_of: str, columns: Sequence[str], rows: list[list[str]]) -> None:
        """Keep the answer on `regions`: `rows` of texts; the first of `columns` is the region, the second T_REC."""
        path = self.folder / f"{as_of}-{min(regions):06d}.json"
        answer = {
            "question": self.question,
            "as_of": as_of,
            "regions": sorted(regions),
            "columns": list(columns),
            "rows": rows,
        }
        write_json(path, answer)
        self.answers[path] = answer

    def states(self) -> dict[int, RegionState]:
        """State of every region number on which there is an answer."""
        last: dict[int, date] = {}
        newest = self._newest()
        for path, answer in self.answers.items():
            for row in answer["rows"]:
                number, day = int(row[0]), _day_of(row[1])
                if newest[number] == path and day is not None:
                    last[number] = max(day, last.get(number, day))
        return {n: RegionState(read_day(self.answers[path]["as_of"]), last.get(n)) for n, path in newest.items()}

    def records(self, columns: Sequence[str], *, as_of: str, missing: str) -> list[list[str]]:
        """Rows of `columns` of all records before `as_of`, sorted by region and T_REC, newest answers."""
        newest, end, rows = self._newest(), read_day(as_of), []
        for path, answer in self.answers.items():
            places = [answer["columns"].index(name) if name in answer["columns"] else None for name in columns]
            for row in answer["rows"]:
                day = _day_of(row[1])
                if newest[int(row[0])] == path and (day is None or day < end):
                    rows.append([missing if place is None else row[place] for place in places])
        return sorted(rows, key=lambda row: (int(row[0]), row[1:]))

    def columns(self) -> set[str]:
        """Names of all columns that some answer has."""
        return {name for answer in self.answers.values() for name in answer["columns"]}

    def finish(self, *, as_of: str) -> None:
        """Note the state for `as_of_of_shard`, once the table is written, and drop answers that newer ones replace."""
        states = self.states()
        for path in set(self.answers) - set(self._newest().values()):
            path.unlink()
            del self.answers[path]
        told = {
            str(number): [region.asked.isoformat(), region.last.isoformat() if region.last else ""]
            for number, region in states.items()
        }
        write_json(self.folder / STATE, {"as_of": as_of, "regions": told})

    def _newest(self) -> dict[int, Path]:
        """Where the newest answer on each region number lies."""
        by_day = sorted(self.answers, key=lambda path: (self.answers[path]["as_of"], path.name))
        return {number: path for path in by_day for number in self.answers[path]["regions"]}


def _folder(folder: str | Path, instrument: str, shard: int) -> Path:
    return Path(folder) / f".{instrument}-{shard}"


def _states_from(folder: str | Path, instrument: str, shard: int) -> Iterator[dict[int, RegionState]]:
    """States of a shard and of those after it."""
    pattern = re.compile(rf"\.{re.escape(instrument)}-(\d+)")
    found = (pattern.fullmatch(path.name) for path in Path(folder).iterdir())
    for number in sorted(int(match[1]) for match in found if match and int(match[1]) >= shard):
        state = _read_state(_folder(folder, instrument, number))
        if state is not None:
            yield state[1]


def _read_state(folder: Path) -> tuple[date, dict[int, RegionState]] | None:
    """What was asked for when, by region number; None where nothing sound tells."""
    try:
        content = read_json(folder / STATE)
        regions = {
            int(number): RegionState(date.fromisoformat(asked), date.fromisoformat(last) if last else None)
            for number, (asked, last) in content["regions"].items()
        }
        return date.fromisoformat(content["as_of"]), regions
    except (OSError, InputError, KeyError, TypeError, ValueError, AttributeError):
        return None


def _read_answer(path: Path) -> dict[str, Any] | None:
    """A kept answer; None where the file is none."""
    try:
        answer = json.loads(path.read_text())
        n_columns = len(answer["columns"])
        sound = all(len(row) == n_columns and int(row[0]) in answer["regions"] for row in answer["rows"])
        date.fromisoformat(answer["as_of"])
        return answer if sound and isinstance(answer["question"], str) else None
    except (ValueError, KeyError, TypeError):
        return None


def _day_of(t_rec: str) -> date | None:
    match = _T_REC.fullmatch(t_rec)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None
