"""Flares that HEK lists, asked month by month with sunpy's client and kept as HEK gives them.

A year at once hangs (sunpy issue 2434). `HEKClient.search` itself neither ends a wait nor tries again, and one event
without a unit of its coordinates fails the whole answer; so its attributes and parameters are used, and pages are
fetched here.
"""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sunpy.net import attr
from sunpy.net import attrs as net_attrs
from sunpy.net.hek import HEKClient
from sunpy.net.hek import attrs as hek_attrs

from flaredag.errors import InputError
from flaredag.joblog import Progress
from flaredag.noaa_files import Fault
from flaredag.noaa_requests import content_of

if TYPE_CHECKING:
    from flaredag.kept_answers import KeptAnswers
    from flaredag.noaa_requests import Archives

MIRROR = "hek/{year}.json"
FIELDS = (
    "SOL_standard",
    "active",
    "ar_noaanum",
    "event_coord1",
    "event_coord2",
    "event_coordsys",
    "event_coordunit",
    "event_endtime",
    "event_peaktime",
    "event_starttime",
    "event_type",
    "fl_goescls",
    "frm_daterun",
    "frm_name",
    "hgs_x",
    "hgs_y",
    "kb_archivdate",
    "kb_archivid",
    "obs_instrument",
    "obs_observatory",
    "revision",
)

Event = dict[str, Any]


def flares_of_year(archives: Archives, year: int, *, address: str, kept: KeptAnswers) -> list[Event]:
    """GOES flares by SWPC that start in `year`: `FIELDS` as HEK gives them, by (event_starttime, kb_archivid).

    Months that `kept` has are not asked for. HEK answers with all that overlaps a month, so that a flare over midnight
    comes twice: it is listed once, by its kb_archivid. InputError where a month does not come, or none has a flare.
    """
    mirrored = archives.mirrored([MIRROR.format(year=year)])
    if mirrored is not None:
        archives.log.info("HEK %d: from mirror %s", year, mirrored)
        listed = json.loads(content_of(mirrored, fault_of_list))["result"]
    else:
        listed = _asked(archives, year, address=address, kept=kept)
    events = {identity(event): {field: event.get(field) for field in FIELDS} for event in listed}
    found = [event for event in events.values() if _year_of_start(event) in (None, year)]
    if not found:
        raise InputError(f"HEK lists no GOES flare of {year}. Mend the address of HEK, or leave the year out.")
    return sorted(found, key=lambda event: (str(event["event_starttime"]), identity(event)))


def fault_of_list(content: bytes) -> Fault | None:
    """Fault of a list of events as it is kept here: no JSON, or no list of objects under `result`."""
    try:
        answer = json.loads(content)
    except ValueError:
        return Fault(f"no JSON ({len(content)} bytes)")
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(result, list) or not all(isinstance(event, dict) for event in result):
        return Fault("no list of events (result)")
    return None


def fault_of_page(content: bytes) -> Fault | None:
    """Fault of a page of HEK's answer: no such list, or it does not say whether more follows."""
    fault = fault_of_list(content)
    if fault is None and not isinstance(json.loads(content).get("overmax"), bool):
        return Fault("it does not say whether more pages follow (overmax)")
    return fault


def parameters(first: date, end: date) -> dict[str, str]:
    """Parameters of HEK's query for GOES flares by SWPC that overlap [first, end], as sunpy's client forms them."""
    query = attr.and_(
        net_attrs.Time(f"{first}", f"{end}"),
        hek_attrs.EventType("FL"),
        hek_attrs.FRM.Name == "SWPC",
        hek_attrs.OBS.Observatory == "GOES",
    )
    (formed,) = hek_attrs.walker.create(query, {})
    return {name.replace("operator", "op"): str(value) for name, value in (HEKClient.default | formed).items()}


def identity(event: Event) -> str:
    """What tells an event from all others: its kb_archivid, or all of it where it has none."""
    return str(event.get("kb_archivid") or json.dumps(event, sort_keys=True))


def _asked(archives: Archives, year: int, *, address: str, kept: KeptAnswers) -> list[Event]:
    """Events that overlap the months of a year, a month after the other."""
    spans = _months(year, as_of=kept.as_of)
    progress = Progress(archives.log, f"HEK {year} (months)", len(spans))
    events = []
    for first, end in spans:
        name = f"{first:%Y-%m}.json"
        content = kept.get(name, last_day=end - timedelta(days=1))
        if content is None:
            content = json.dumps(_flares_between(archives, address, first, end), sort_keys=True).encode()
            kept.keep(name, content)
        events += json.loads(content)
        progress.advance(f"{first:%Y-%m}")
    return events


def _flares_between(archives: Archives, address: str, first: date, end: date) -> list[Event]:
    """Events that overlap [first, end], page by page."""
    asked = parameters(first, end)
    events: dict[str, Event] = {}
    for page_number in itertools.count(1):
        what = f"HEK {first:%Y-%m} page {page_number}"
        content = archives.answer(address, what=what, fault=fault_of_page, params=asked | {"page": str(page_number)})
        if content is None:
            raise InputError(f"{what}: HTTP status 404. Mend the address of HEK.")
        page = json.loads(content)
        n_before = len(events)
        events |= {identity(event): event for event in page["result"]}
        if not page["overmax"]:
            break
        if len(events) == n_before:
            raise InputError(f"{what}: HEK announces more pages and gives nothing new. Run again later.")
    return list(events.values())


def _months(year: int, *, as_of: date) -> list[tuple[date, date]]:
    """Months of a year up to `as_of`: the first day of each, and the day after its last one or `as_of`."""
    starts = [date(year, month, 1) for month in range(1, 13)] + [date(year + 1, 1, 1)]
    return [(first, min(end, as_of)) for first, end in itertools.pairwise(starts) if first < as_of]


def _year_of_start(event: Event) -> int | None:
    text = str(event.get("event_starttime"))[:4]
    return int(text) if text.isdecimal() else None
