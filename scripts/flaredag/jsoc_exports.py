"""Exports from JSOC: few at once, asked how they are getting on as JSOC says, remembered on disk.

A killed run finds its exports again by their numbers and asks for nothing twice. An export that fails is asked for
again in halves, until the file that it fails on stands alone; that one is given up after a few tries, the rest comes.
"""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flaredag.artifacts import read_json, write_json
from flaredag.errors import InputError
from flaredag.jsoc_requests import DONE, NOT_YET_KNOWN, PENDING, TOO_MANY
from flaredag.segment_files import SegmentFile, name_format, place_of_file

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence

    from flaredag.jsoc_requests import ExportAnswer, JsocClient

EXPORTS_A_FILE = 3  # that one file alone may fail
POLLS_UNKNOWN = 6  # JSOC knows an export only some time after it has accepted it
MOST_POLLS = 500  # at up to a minute and a half each
# More failures than these are no matter of single records, and nothing that a table should be missing quietly.
MOST_FAILURES, MOST_FAILED_FRACTION = 10, 0.1
FEWEST_THAT_ARE_NO_CHANCE = 3  # all failing


@dataclass
class Pending:
    """An export that JSOC has accepted, and the names of the files that it is to bring."""

    request_id: str
    names: list[str]
    wait_seconds: float = 0.0
    n_polls: int = 0


@dataclass(frozen=True)
class FinishedExport:
    """An export that is done: address of each of its files, empty where JSOC has none."""

    request_id: str
    addresses: dict[str, str] = field(default_factory=dict)


class Exports:
    """Brings the `files` of one series out of JSOC, at most `in_flight` exports of `records_per_export` at a time.

    `n_wanted` is how many files the shard has, those here included; `remembered` the file of the pending exports. Ask
    for `next_finished` until there is none; tell of each whose files are on disk by `forget`, and of files that could
    not be fetched by `fail`. `given_up` says why files did not come.
    """

    def __init__(
        self,
        client: JsocClient,
        files: Sequence[SegmentFile],
        *,
        n_wanted: int,
        remembered: Path,
        records_per_export: int,
        in_flight: int,
        log: logging.Logger,
    ) -> None:
        self.client, self.remembered, self.in_flight, self.log = client, remembered, in_flight, log
        self.n_wanted = n_wanted
        self.files = {file.name: file for file in files}
        self.given_up: dict[str, str] = {}
        self.n_failures: dict[str, int] = {}
        self.pending = [one for one in _read_pending(remembered) if set(one.names) & self.files.keys()]
        if self.pending:
            log.info("exports of an earlier run: %s", ", ".join(one.request_id for one in self.pending))
        asked = {name for one in self.pending for name in one.names}
        self.waiting = _batches([file for file in sorted(files) if file.name not in asked], records_per_export)

    def next_finished(self) -> FinishedExport | None:
        """The next export that is done; None when nothing is left. InputError where JSOC fails too many."""
        while self.waiting or self.pending:
            self._submit()
            if not self.pending:
                continue
            one = min(self.pending, key=lambda one: one.n_polls)
            self.client.back_off.sleep(max(one.wait_seconds, self.client.back_off.seconds_after(one.n_polls + 1)))
            answer = self.client.export_status(one.request_id)
            one.n_polls += 1
            one.wait_seconds = answer.wait_seconds
            if answer.status == DONE:
                addresses = self._addresses(one, answer)
                self.fail([name for name in one.names if name not in addresses], f"{one.request_id} lacks some files")
                return FinishedExport(one.request_id, addresses)
            if answer.status in PENDING and one.n_polls < MOST_POLLS:
                continue
            if answer.status == NOT_YET_KNOWN and one.n_polls < POLLS_UNKNOWN:
                continue
            self.forget(one.request_id)
            self.fail(one.names, f"export {one.request_id} failed: {answer.error or 'no end'} (status {answer.status})")
        return None

    def forget(self, request_id: str) -> None:
        """Strike an export off the pending ones."""
        self.pending = [one for one in self.pending if one.request_id != request_id]
        self._remember()

    def fail(self, names: Sequence[str], reason: str) -> None:
        """Ask again for files that an export did not bring: in parts, or, one alone, a few times."""
        names = sorted(name for name in names if name in self.files)
        if len(names) > 1:
            self.log.warning("%s; asking again for its %d files, in parts", reason, len(names))
            self.waiting[:0] = _parts([self.files[name] for name in names])
            return
        for name in names:
            self.n_failures[name] = self.n_failures.get(name, 0) + 1
            if self.n_failures[name] < EXPORTS_A_FILE:
                self.client.back_off.sleep(self.client.back_off.seconds_after(self.n_failures[name]))
                self.waiting.insert(0, [name])
                continue
            self.log.warning("%s: given up: %s", name, reason)
            self.given_up[name] = reason
            n_failed = len(self.given_up)
            too_many = n_failed > max(MOST_FAILURES, MOST_FAILED_FRACTION * self.n_wanted)
            if too_many or n_failed == self.n_wanted >= FEWEST_THAT_ARE_NO_CHANCE:
                raise InputError(
                    f"JSOC ({self.client.base}): {n_failed} of {self.n_wanted} files cannot be exported, the last "
                    f"because: {reason}. Run again later: what has come so far is kept."
                )

    def _submit(self) -> None:
        """Ask for exports until as many are in flight as may be."""
        n_refused = 0
        while self.waiting and len(self.pending) < self.in_flight:
            names = self.waiting[0]
            answer = self.client.request_export(
                _record_set([self.files[name] for name in names]), file_name_format=self._name_format(names[0])
            )
            if answer.status == TOO_MANY:
                if self.pending:
                    return
                n_refused += 1
                if n_refused == self.client.back_off.max_tries:
                    raise InputError(
                        f"JSOC ({self.client.base}) takes no more exports: {answer.error}. Other requests of this "
                        "address are pending there: run again when they are done."
                    )
                self.log.warning("JSOC takes no more exports now: %s", answer.error)
                self.client.back_off.sleep(self.client.back_off.seconds_after(n_refused))
                continue
            del self.waiting[0]
            if answer.status in (*PENDING, DONE, NOT_YET_KNOWN) and answer.request_id:
                self.pending.append(Pending(answer.request_id, names, answer.wait_seconds))
                self._remember()
            else:
                self.fail(names, f"export refused: {answer.error or 'no reason given'} (status {answer.status})")

    def _name_format(self, name: str) -> str:
        return name_format(self.files[name].series, self.files[name].region_keyword)

    def _addresses(self, one: Pending, answer: ExportAnswer) -> dict[str, str]:
        """Address of each file of an export, by our name for it; files not listed are left out."""
        by_place = {place_of_file(record, address): address for record, address in answer.files}
        found = {}
        for name in one.names:
            if (file := self.files.get(name)) is None:
                continue
            # The last is that of a record without file, where nothing tells the segment.
            for segment in (file.segment, ""):
                if (file.region, file.t_rec, segment) in by_place:
                    found.setdefault(name, by_place[file.region, file.t_rec, segment])
        return found

    def _remember(self) -> None:
        write_json(self.remembered, [asdict(one) for one in self.pending])


def _batches(files: Sequence[SegmentFile], size: int) -> list[list[str]]:
    """Names in batches, each of one region and of at most `size` of its records that want the same segments.

    A record set takes one list of times and one of segments, and brings all files of both.
    """
    batches: list[list[str]] = []
    last, n_records = None, 0
    for (region, _), of_record in itertools.groupby(sorted(files), key=lambda file: (file.region, file.t_rec)):
        wanted = list(of_record)
        kind = region, [file.segment for file in wanted]
        if kind != last or n_records == size:
            batches.append([])
            n_records = 0
        batches[-1] += [file.name for file in wanted]
        last, n_records = kind, n_records + 1
    return batches


def _parts(files: Sequence[SegmentFile]) -> list[list[str]]:
    """Names of two or more files in batches; those of one batch in two: halves of its records, or of its segments."""
    batches = _batches(files, len(files))
    if len(batches) > 1:
        return batches
    n_segments = len({file.segment for file in files})
    n_records = len(files) // n_segments
    half = n_records // 2 * n_segments or n_segments // 2
    return [batches[0][:half], batches[0][half:]]


def _record_set(files: Sequence[SegmentFile]) -> str:
    """Record set of the files of a batch."""
    first = files[0]
    times, segments = (dict.fromkeys(getattr(file, name) for file in files) for name in ("t_rec", "segment"))
    return f"{first.series}[{first.region}][{','.join(times)}]{{{','.join(segments)}}}"


def _read_pending(path: Path) -> list[Pending]:
    """Exports that an earlier run left pending; none where nothing sound tells."""
    try:
        return [Pending(str(one["request_id"]), [str(name) for name in one["names"]]) for one in read_json(path)]
    except (OSError, InputError, KeyError, TypeError):
        return []
