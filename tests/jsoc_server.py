"""JSOC and HEK on this machine: enough of their HTTP for the real clients of drms and sunpy.

`JsocServer.from_raw(folder)` serves raw files of an archive (keywords/*.csv, segments/*.json, vector_segments/*.json),
so that what the simulated Sun writes can be retrieved as from JSOC, its Lorentz forces from a series of their own.
Answers have the fields of JSOC's own; an error of too many exports names the e-mail address, as JSOC's does. Faults of
the transport are those of `LocalServer`.
"""

from __future__ import annotations

import csv
import json
import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote_plus

from local_server import LocalServer

LORENTZ = "cgem.Lorentz"
REGION_KEYWORD = {"hmi.sharp_cea_720s": "HARPNUM", "mdi.smarp_cea_96m": "TARPNUM", LORENTZ: "HARPNUM"}
SERIES_OF_INSTRUMENT = {"sharp": "hmi.sharp_cea_720s", "smarp": "mdi.smarp_cea_96m"}
LORENTZ_FORCE = ("TOTBSQ", "TOTFX", "TOTFY", "TOTFZ", "EPSX", "EPSY", "EPSZ")
TYPE_OF_KEYWORD = {"T_REC": "time", "NOAA_ARS": "string", "NOAA_NUM": "int", "NOAA_AR": "int", "QUALITY": "int"}
SEGMENTS = ("magnetogram", "bitmap", "conf_disambig", "Br", "Bp", "Bt")
T_REC_FORMAT = "%Y.%m.%d_%H:%M:%S_TAI"
MINUTES_OF_UNIT = {"m": 1, "h": 60, "d": 1440}
COMPARISONS = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
UNKNOWN = "Invalid KeyLink"
NO_FILE = "NoDataFile"


class BadRecordSetError(Exception):
    """A record set that JSOC does not understand."""


@dataclass
class Series:
    """A data series: its records as texts, sorted by its prime keys."""

    name: str
    records: list[dict[str, str]]
    keywords: list[str]

    def __post_init__(self) -> None:
        self.records = sorted(self.records, key=lambda r: (int(r[self.region_keyword]), r["T_REC"]))

    @property
    def region_keyword(self) -> str:
        return REGION_KEYWORD[self.name]

    def struct(self) -> dict:
        """Answer to `series_struct`."""
        types = TYPE_OF_KEYWORD | {self.region_keyword: "int"}
        keywords = [
            {"name": name, "type": types.get(name, "double"), "units": "", "note": name, "recscope": "variable"}
            for name in self.keywords
        ]
        segments = [
            {"name": name, "type": "int", "units": "Gauss", "protocol": "fits", "dims": "VARxVAR", "note": name}
            for name in SEGMENTS
        ]
        prime = [self.region_keyword, "T_REC"]
        return {
            "status": 0,
            "note": self.name,
            "retention": -60,
            "unitsize": 1,
            "archive": 1,
            "tapegroup": 1,
            "primekeys": prime,
            "dbindex": prime,
            "keywords": [keyword | {"defval": "0"} for keyword in keywords],
            "links": [],
            "segments": segments,
        }


def part_of(name: str, records: list[dict[str, str]], keywords: list[str]) -> Series:
    """A series that has some of the keywords of `records`."""
    return Series(name, [{keyword: record[keyword] for keyword in keywords} for record in records], keywords)


@dataclass
class Export:
    """An export: record and file of each of its entries, and what is still to happen to it."""

    series: Series
    entries: list[tuple[str, str, bytes | Path | None]]
    polls_left: int
    fault: str
    finished: bool = False


@dataclass(frozen=True)
class RecordSet:
    """Records that a text such as `series[1-3][t1-t2@96m][? QUALITY<65536 ?]{magnetogram}` names."""

    series: Series
    records: list[dict[str, str]]
    segments: list[str] = field(default_factory=list)


class JsocServer(LocalServer):
    """Serves `series`, exports of their `files` (bytes or paths, by JSOC's file name) and HEK's `events`.

    An export is pending for `polls_pending` questions about its status, and says to wait `wait_seconds`; with
    `most_exports_pending` more are refused as JSOC refuses them (status 7). `export_faults` are used up one an export
    request: "refused" (status 4), "failed" (accepted, status 4 later), "forgotten" (status 6 for ever),
    "no file" (its first record has none), "another" (its first file is that of its last record), "nameless" (its list
    does not tell the segments) or "right".
    """

    def __init__(
        self,
        series: Iterable[Series] = (),
        files: Mapping[str, bytes | Path] | None = None,
        *,
        events: Iterable[dict] = (),
        registered: tuple[str, ...] | None = None,
        polls_pending: int = 1,
        wait_seconds: float = 0,
        most_exports_pending: int | None = None,
        events_a_page: int = 200,
    ) -> None:
        super().__init__()
        # JSOC takes the name of a series in small letters too.
        self.series = {one.name.lower(): one for one in series}
        self.files = dict(files or {})
        self.events = list(events)
        self.registered = registered
        self.polls_pending, self.wait_seconds = polls_pending, wait_seconds
        self.most_exports_pending = most_exports_pending
        self.events_a_page = events_a_page
        self.exports: dict[str, Export] = {}
        self.export_faults: list[str] = []
        self.most_pending = 0

    @classmethod
    def from_raw(cls, folder: Path, **settings) -> JsocServer:
        """Server of the raw files of an archive: keywords/{instrument}-{shard}.csv, segments of both kinds, hek/."""
        series = []
        for instrument, name in SERIES_OF_INSTRUMENT.items():
            records, keywords = [], {}
            for path in sorted((folder / "keywords").glob(f"{instrument}-*.csv")):
                with path.open(newline="") as file:
                    table = csv.DictReader(file)
                    keywords |= dict.fromkeys(table.fieldnames or [])
                    records += list(table)
            forces = [keyword for keyword in keywords if keyword in LORENTZ_FORCE]
            if forces:
                series.append(part_of(LORENTZ, records, ["HARPNUM", "T_REC", *forces]))
            if keywords:
                series.append(part_of(name, records, [keyword for keyword in keywords if keyword not in forces]))
        files: dict[str, bytes | Path] = {}
        for index in sorted(folder.glob("*segments/*.json")):
            for file in json.loads(index.read_text())["files"]:
                files[file["name"]] = index.with_suffix("") / file["name"]
        if "events" not in settings:
            lists = [json.loads(path.read_text()) for path in sorted((folder / "hek").glob("*.json"))]
            settings["events"] = [event for one in lists for event in one["result"]]
        return cls(series, files, **settings)

    def n_asked(self, pattern: str) -> int:
        """How many requests so far match a regular expression."""
        return sum(bool(re.search(pattern, asked)) for asked in self.requests)

    def answer(self, path: str, query: dict[str, str]) -> bytes | dict | None:
        program = path.rsplit("/", 1)[-1]
        if path.startswith("/SUM"):
            return self._file(path)
        if program == "her":
            return self._hek(query)
        with self.lock:
            try:
                return self._jsoc(program, query)
            except BadRecordSetError as error:
                return {"status": 1, "error": f"Cannot open record-set, {error}"}

    def _jsoc(self, program: str, query: dict[str, str]) -> dict | None:
        if program == "showextseries":
            listed = [{name: {"description": name}} if "info" in query else name for name in self.series]
            return {"n": len(listed), "seriesList": listed}
        if program == "checkAddress.sh":
            return {"status": 2 if self._is_registered(unquote_plus(query["address"])) else 4, "msg": "checked"}
        if program == "jsoc_info":
            return self._info(query)
        if program == "jsoc_fetch":
            return self._request(query) if query["op"] == "exp_request" else self._status(query["requestid"])
        return None

    def _is_registered(self, address: str) -> bool:
        return "@" in address and (self.registered is None or address in self.registered)

    def _info(self, query: dict[str, str]) -> dict:
        if query["op"] == "series_struct":
            one = self.series.get(query["ds"].lower())
            return one.struct() if one else {"status": 1, "error": f"Series {query['ds']} does not exist."}
        found = self._record_set(query["ds"])
        records = found.records
        if query["op"] == "rs_summary":
            return {"status": 0, "count": len(records)}
        n = int(query.get("n", "0"))
        records = records[:n] if n > 0 else records[n:]
        answer: dict = {"status": 0, "count": len(records), "runtime": 0.01}
        if not records:
            return answer
        if "key" in query:
            names = found.series.keywords if query["key"] == "**ALL**" else query["key"].split(",")
            answer["keywords"] = [{"name": n, "values": [r.get(n, UNKNOWN) for r in records]} for n in names]
        if "seg" in query:
            names = list(SEGMENTS) if query["seg"] == "**ALL**" else query["seg"].split(",")
            answer["segments"] = [
                {"name": n, "values": [f"/SUM1/{n}.fits"] * len(records), "dims": ["VARxVAR"] * len(records)}
                for n in names
            ]
        if query.get("R") == "1":
            answer["recinfo"] = [{"name": _record_name(found.series, r)} for r in records]
        return answer

    def _record_set(self, text: str) -> RecordSet:
        """Records of a record set; BadRecordSetError where the text is none, or names no series."""
        match = re.fullmatch(r"\s*([\w.]+)((?:\[[^\]]*\])*)\s*(?:\{([^}]*)\})?\s*", text)
        if match is None or match[1].lower() not in self.series:
            raise BadRecordSetError(f"series not found or bad query: {text}")
        series = self.series[match[1].lower()]
        records, places = series.records, [_selected_region, _selected_time]
        for part in re.findall(r"\[([^\]]*)\]", match[2]):
            if part.startswith("?"):
                records = [r for r in records if _fulfils(r, part.strip("? "))]
            elif part.strip():
                records = places.pop(0)(series, records, part.strip())
            else:
                places.pop(0)
        return RecordSet(series, records, [name.strip() for name in (match[3] or "").split(",") if name.strip()])

    def _request(self, query: dict[str, str]) -> dict:
        if not self._is_registered(query["notify"]):
            return {"status": 4, "error": f"Email address {query['notify']} is not valid or not registered."}
        pending = [export for export in self.exports.values() if not export.finished]
        if self.most_exports_pending is not None and len(pending) >= self.most_exports_pending:
            said = f"User {query['notify']} has {len(pending)} pending export requests"
            return {"status": 7, "error": f"{said} ({', '.join(sorted(self.exports))}); please wait."}
        found = self._record_set(query["ds"])
        fault = self.export_faults.pop(0) if self.export_faults else "right"
        if fault == "refused" or not found.records:
            return {"status": 4, "error": "The export request failed: no records, or no room."}
        entries = []
        for record in found.records:
            for segment in found.segments or SEGMENTS:
                names = {**record, "T_REC:A": re.sub("[.:]", "", record["T_REC"]), "segment": segment}
                name = re.sub(r"\{([\w:]+)\}", lambda m, names=names: names[m[1]], query["filenamefmt"]) + ".fits"
                told = "" if fault == "nameless" else f"{{{segment}}}"
                entries.append((_record_name(found.series, record) + told, name, self.files.get(name)))
        if fault == "no file":
            entries[0] = (*entries[0][:2], None)
        elif fault == "another":
            entries[0] = (*entries[0][:2], entries[-1][2])
        requestid = f"JSOC_20260101_{len(self.exports) + 1:03d}"
        self.exports[requestid] = Export(found.series, entries, self.polls_pending, fault)
        self.most_pending = max(self.most_pending, len(pending) + 1)
        rest = {"method": query["method"], "protocol": query["protocol"], "rcount": len(found.records), "size": 1}
        return {"status": 2, "requestid": requestid, "wait": self.wait_seconds, **rest}

    def _status(self, requestid: str) -> dict:
        export = self.exports.get(requestid)
        if export is None or export.fault == "forgotten":
            return {"status": 6, "error": "Request ID not found.", "requestid": requestid, "wait": self.wait_seconds}
        if export.polls_left > 0:
            export.polls_left -= 1
            return {"status": 1, "requestid": requestid, "wait": self.wait_seconds}
        export.finished = True
        if export.fault == "failed":
            return {"status": 4, "error": "Export failed: a program ended with an error.", "requestid": requestid}
        return {
            "status": 0,
            "requestid": requestid,
            "method": "url",
            "protocol": "FITS",
            "dir": f"/SUM11/{requestid}/S00000",
            "wait": 0,
            "count": len(export.entries),
            "data": [{"record": r, "filename": NO_FILE if c is None else name} for r, name, c in export.entries],
        }

    def _file(self, path: str) -> bytes | None:
        _, _, requestid, _, name = path.split("/", 4)
        for _, its_name, content in self.exports[requestid].entries if requestid in self.exports else ():
            if its_name == name and content is not None:
                return content if isinstance(content, bytes) else content.read_bytes()
        return None

    def _hek(self, query: dict[str, str]) -> dict:
        """Events that overlap the time asked for and fulfil its conditions, a page of them, sorted by start."""
        first, last = (datetime.fromisoformat(query[name]) for name in ("event_starttime", "event_endtime"))
        conditions = [
            (query[f"param{i}"], query[f"op{i}"], query[f"value{i}"]) for i in range(9) if f"param{i}" in query
        ]
        kinds = query.get("event_type", "**").split(",")
        found = [
            event
            for event in sorted(self.events, key=lambda e: (e["event_starttime"], e.get("kb_archivid", "")))
            if datetime.fromisoformat(event["event_starttime"]) <= last
            and datetime.fromisoformat(event["event_endtime"]) >= first
            and ("**" in kinds or event.get("event_type", "FL") in kinds)
            and all(COMPARISONS[op](str(event.get(name.lower(), "")), value) for name, op, value in conditions)
        ]
        size = int(query.get("result_limit", self.events_a_page))
        start = (int(query.get("page", "1")) - 1) * size
        return {"result": found[start : start + size], "overmax": start + size < len(found), "association": []}


def _record_name(series: Series, record: dict[str, str]) -> str:
    return f"{series.name}[{record[series.region_keyword]}][{record['T_REC']}]"


def _selected_region(series: Series, records: list[dict[str, str]], part: str) -> list[dict[str, str]]:
    """Records of region numbers such as `1`, `1-3` or `1,3-5`."""
    wanted: set[int] = set()
    for one in part.split(","):
        first, _, last = one.partition("-")
        if not first.strip().isdecimal() or not (last or "0").strip().isdecimal():
            raise BadRecordSetError(f"bad prime key {part}")
        wanted |= set(range(int(first), int(last or first) + 1))
    return [record for record in records if int(record[series.region_keyword]) in wanted]


def _selected_time(_: Series, records: list[dict[str, str]], part: str) -> list[dict[str, str]]:
    """Records of times such as `t`, `t1,t2` or `t1-t2@96m`; the cadence counts from t1, as JSOC's slots do."""
    text, _, cadence = part.partition("@")
    if "-" not in text:
        return [record for record in records if record["T_REC"] in text.split(",")]
    first, last = (_time(one) for one in text.split("-"))
    step = timedelta(0)
    if cadence:
        step = timedelta(minutes=int(cadence[:-1]) * MINUTES_OF_UNIT[cadence[-1]])
    found = []
    for record in records:
        since = _time(record["T_REC"]) - first
        if first <= _time(record["T_REC"]) <= last and not (step and since % step):
            found.append(record)
    return found


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text.strip(), T_REC_FORMAT)  # noqa: DTZ007  (TAI has no zone)
    except ValueError as error:
        raise BadRecordSetError(str(error)) from error


def _fulfils(record: dict[str, str], conditions: str) -> bool:
    """Whether a record fulfils conditions such as `QUALITY<65536 AND NOAA_NUM>=1`; QUALITY is signed, as at JSOC."""
    for condition in re.split(r"\s+AND\s+", conditions, flags=re.IGNORECASE):
        match = re.fullmatch(r"\s*(\w+)\s*(<=|>=|!=|<|>|=)\s*(\S+)\s*", condition)
        if match is None or match[1].upper() not in record:
            raise BadRecordSetError(f"bad condition {condition!r}")
        try:
            value = float(int(record[match[1].upper()], 0))
        except ValueError:
            return False
        if value >= 1 << 31 and match[1].upper() == "QUALITY":
            value -= 1 << 32
        if not COMPARISONS[match[2]](value, float(match[3])):
            return False
    return True
