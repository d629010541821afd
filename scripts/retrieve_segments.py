"""FITS files of the records of one shard, from JSOC: exported in small batches, each checked before it has its name."""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from flaredag.artifacts import disk_full_told, sha256_of_file, write_json, written_whole
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.jsoc import REGION_KEYWORD
from flaredag.jsoc_exports import Exports
from flaredag.jsoc_requests import JsocClient, notify_address
from flaredag.retrying import BackOff, RefusedError, retried
from flaredag.segment_files import SegmentFile, fault_of_segment, fetch_segment
from flaredag.tables import read_raw_csv

LOG = logging.getLogger("flaredag")

NO_FILE_AT_JSOC = "JSOC has no file"


class KeptFiles:
    """Files of a shard that are on disk and right (`files`: size and sha256 by name), and those that JSOC lacks.

    Both are noted line by line in a hidden file, so that a killed run asks for none of them again.
    """

    def __init__(self, folder: Path, notes: Path, wanted: Mapping[str, SegmentFile]) -> None:
        self.folder, self.notes = folder, notes
        self.files: dict[str, tuple[int, str]] = {}
        self.missing: dict[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True)
        notes.parent.mkdir(parents=True, exist_ok=True)
        for part in folder.glob(".*.part"):
            part.unlink()
        noted = _noted(notes)
        for name, file in wanted.items():
            path = folder / name
            if not path.is_file():
                if isinstance(reason := noted.get(name), str):
                    self.missing[name] = reason
                continue
            found = (path.stat().st_size, sha256_of_file(path))
            # A run killed between the two has left a file without its note.
            if found == noted.get(name) or (name not in noted and fault_of_segment(path.read_bytes(), file) is None):
                self.files[name] = found
            else:
                LOG.warning("%s: not as it was fetched; fetching it again", path)

    def note(self, name: str, found: tuple[int, str]) -> None:
        """Note a file that has come."""
        self._write(f"{name}\t{found[0]}\t{found[1]}")
        self.files[name] = found

    def note_missing(self, name: str, reason: str) -> None:
        """Note a file that JSOC does not have."""
        self._write(f"{name}\t{reason}")
        self.missing[name] = reason

    def finish(self) -> None:
        """Keep the notes of files alone: what JSOC lacks today it may have when it is asked the next time."""
        with written_whole(self.notes) as part:
            part.write_text("".join(f"{name}\t{n}\t{sha256}\n" for name, (n, sha256) in sorted(self.files.items())))

    def _write(self, line: str) -> None:
        # A line that a kill has cut off must not swallow this one.
        with self.notes.open("a") as notes:
            notes.write(f"\n{line}\n")


def _noted(path: Path) -> dict[str, tuple[int, str] | str]:
    """Size and sha256 of the files noted so far, or why there is none; a line cut off by a kill is passed over."""
    noted: dict[str, tuple[int, str] | str] = {}
    for line in path.read_text().splitlines() if path.is_file() else ():
        if file := re.fullmatch(r"(\S+)\t(\d+)\t([0-9a-f]{64})", line):
            noted[file[1]] = (int(file[2]), file[3])
        elif line.endswith(f"\t{NO_FILE_AT_JSOC}"):
            noted[line.split("\t")[0]] = NO_FILE_AT_JSOC
    return noted


def retrieve_segments(
    exports: Exports, kept: KeptFiles, *, session: requests.Session, back_off: BackOff, timeout_seconds: float
) -> dict[str, str]:
    """Bring the files of `exports` into the folder of `kept`; why those that did not come are missing, by name."""
    progress = Progress(LOG, f"{kept.folder.name} (files)", len(exports.files))
    while (finished := exports.next_finished()) is not None:
        failed, reason = [], ""
        for name, address in finished.addresses.items():
            if name in kept.files or name in kept.missing:
                continue
            if not address:
                kept.note_missing(name, NO_FILE_AT_JSOC)
                progress.advance()
                continue
            try:
                found = retried(
                    lambda name=name, address=address: fetch_segment(
                        exports.files[name],
                        address,
                        kept.folder / name,
                        session=session,
                        timeout_seconds=timeout_seconds,
                    ),
                    what=name,
                    log=LOG,
                    back_off=back_off,
                )
            except RefusedError as error:
                failed.append(name)
                reason = f"{name}: {error}"
            else:
                kept.note(name, found)
                progress.advance()
        exports.fail(failed, reason)
        exports.forget(finished.request_id)
    return kept.missing | exports.given_up


def wanted_files(
    records: str | Path, *, instrument: str, series: str, segments: Sequence[str]
) -> dict[str, SegmentFile]:
    """Files of the `segments` of all records of a table, by name, sorted."""
    region_keyword = REGION_KEYWORD[instrument]
    table = read_raw_csv(records, [region_keyword, "T_REC"])
    wrong = ~table[region_keyword].str.fullmatch(r"\d+") | ~table["T_REC"].str.fullmatch(r"[\d.]+_[\d:]+_TAI")
    if wrong.any():
        LOG.warning("%s: %d records without region or T_REC: no files of them", records, wrong.sum())
    files = {
        SegmentFile(series, region_keyword, int(region), t_rec, segment)
        for region, t_rec in table[~wrong].itertuples(index=False, name=None)
        for segment in segments
    }
    return {file.name: file for file in sorted(files)}


def main(
    records: str | Path,
    index: str | Path,
    *,
    instrument: str,
    settings: Mapping[str, Any],
    address: str,
    records_per_export: int,
    exports_in_flight: int,
    notify: str | None = None,
    back_off: BackOff | None = None,
    timeout_seconds: float = 60.0,
) -> None:
    """Bring the files of all `records` (CSV) into the folder named as `index` (JSON), then write `index`.

    `settings`: series of each instrument, and segments. `notify`: see `flaredag.jsoc_requests.notify_address`.
    """
    index, back_off = Path(index), back_off or BackOff()
    series, segments = settings["series"][instrument], settings["segments"]
    wanted = wanted_files(records, instrument=instrument, series=series, segments=segments)
    state = index.parent / f".{index.stem}"
    with disk_full_told(index), requests.Session() as session:
        kept = KeptFiles(index.with_suffix(""), state / "files.tsv", wanted)
        lacking = [file for name, file in wanted.items() if name not in kept.files and name not in kept.missing]
        missing = kept.missing
        LOG.info("%s: %d files wanted, %d here", index, len(wanted), len(kept.files))
        if lacking:
            client = JsocClient(
                address, log=LOG, back_off=back_off, timeout_seconds=timeout_seconds, notify=notify_address(notify)
            )
            there = client.segments_of(series)
            if absent := [name for name in segments if name not in there]:
                raise InputError(
                    f"{series}: no segment {', '.join(absent)}; it has {', '.join(there)}. Mend config.yaml."
                )
            client.check_notify()
            exports = Exports(
                client,
                lacking,
                n_wanted=len(wanted),
                remembered=state / "exports.json",
                records_per_export=records_per_export,
                in_flight=exports_in_flight,
                log=LOG,
            )
            missing = retrieve_segments(
                exports, kept, session=session, back_off=back_off, timeout_seconds=timeout_seconds
            )
        LOG.info("%s: %d files, %d missing", index, len(kept.files), len(missing))
        files = [{"name": name, "bytes": size, "sha256": sha256} for name, (size, sha256) in sorted(kept.files.items())]
        gone = [{"name": name, "reason": reason} for name, reason in sorted(missing.items())]
        write_json(index, {"files": files, "missing": gone})
        kept.finish()


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        RETRIEVAL = snakemake.config["archives"]["jsoc"]["retrieval"]
        main(
            snakemake.input.records,
            snakemake.output.index,
            instrument=snakemake.wildcards.instrument,
            settings=snakemake.params.settings,
            # No params: how the files are asked for is no part of what they are.
            address=RETRIEVAL["addresses"]["jsoc"],
            records_per_export=RETRIEVAL["records_per_export"],
            exports_in_flight=RETRIEVAL["exports_in_flight"],
            notify=RETRIEVAL["notify"],
        )
