"""Flare events of the Heliophysics Events Knowledgebase (HEK), a year in one JSON file: {"result": [event, ...]}."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.errors import InputError
from flaredag.flare_lists import Faults, by_unique_text, flare_table, read_bytes, refuse_if_all_rejected
from flaredag.listed_texts import goes_classes, listed_numbers, listed_times

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from flaredag.rejections import Rejection

FIELDS = (
    "event_starttime", "event_peaktime", "event_endtime", "fl_goescls", "ar_noaanum", "obs_observatory",
    "event_coordsys", "event_coord1", "event_coord2", "kb_archivid",
)  # fmt: skip
HELIOGRAPHIC = "UTC-HGS-TOPO"


def read_hek_events(path: str | Path) -> tuple[pd.DataFrame, list[Rejection]]:
    """GOES flares of a year of HEK events (columns `FLARE_LIST_COLUMNS`), and the events that are none.

    Events of other observatories are refused: HEK mixes them in. HEK places a flare of unknown location at 0, 0, so
    that place counts as not given. InputError where the file is no JSON of that form or no event is a flare.
    """
    events = _events(path)
    faults = Faults(len(events))
    whole = np.array([isinstance(event, dict) for event in events], dtype=bool)
    faults.mark(~whole, "no event but another JSON value")
    text = {name: [_text(event.get(name)) if isinstance(event, dict) else "" for event in events] for name in FIELDS}
    observatory = by_unique_text(text["obs_observatory"], lambda name: name.upper().startswith("GOES"))
    faults.mark(~observatory.astype(bool), "not observed by GOES")
    start = listed_times(text["event_starttime"], faults, "start time", needed=True)
    peak = listed_times(text["event_peaktime"], faults, "peak time")
    end = listed_times(text["event_endtime"], faults, "end time")
    classes = goes_classes(text["fl_goescls"], faults)
    regions = listed_numbers(text["ar_noaanum"], faults, "NOAA region", whole=True)
    longitude, latitude = (listed_numbers(text[name], faults, "location") for name in ("event_coord1", "event_coord2"))
    heliographic = np.array([system == HELIOGRAPHIC for system in text["event_coordsys"]], dtype=bool)
    located = heliographic & ~((longitude == 0) & (latitude == 0))
    places = [f"event {n + 1} {name}".strip() for n, name in enumerate(text["kb_archivid"])]
    good = faults.good
    flares = flare_table(
        start_time=start,
        peak_time=peak,
        end_time=end,
        goes_class=classes,
        noaa_ar=np.nan_to_num(regions).astype(np.int64),
        latitude_deg=np.where(located, latitude, np.nan),
        longitude_deg=np.where(located, longitude, np.nan),
        satellite=text["obs_observatory"],
        source=[str(path)] * len(events),
        place=places,
    )
    # Only the texts of refused events are written out, as that takes longer than all the rest.
    texts = ["" if fine else json.dumps(event)[:500] for fine, event in zip(good, events, strict=True)]
    rejected = faults.rejections([str(path)] * len(events), places, texts)
    refuse_if_all_rejected(path, int(good.sum()), rejected, form="flare events of HEK")
    return flares[good].reset_index(drop=True), rejected


def _events(path: str | Path) -> list[Any]:
    try:
        content = json.loads(read_bytes(path).decode("utf-8", errors="replace"))
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error}). Delete the file to have it fetched again.") from error
    events = content.get("result") if isinstance(content, dict) else None
    if not isinstance(events, list):
        raise InputError(
            f'{path}: holds no list of events; wanted {{"result": [event, ...]}}. Delete the file to have it fetched '
            "again."
        )
    return events


def _text(value: Any) -> str:
    return "" if value is None else str(value)
