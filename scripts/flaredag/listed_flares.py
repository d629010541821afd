"""Lists of GOES flares: their files read, each list by itself made canonical, the days that it covers."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.compiled_lists import read_compiled_list
from flaredag.errors import InputError
from flaredag.flare_lists import REPAIRS
from flaredag.goes import flux_scale, unscaled_classes
from flaredag.hek_events import read_hek_events
from flaredag.joblog import Progress
from flaredag.ncei_reports import read_ncei_report
from flaredag.swpc_events import read_swpc_events
from flaredag.tables import NOT_GIVEN, curated_flares, read_raw_csv, utc_times

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from flaredag.rejections import Rejection

LOG = logging.getLogger("flaredag")

READERS: dict[str, Callable[[str], tuple[pd.DataFrame, list[Rejection]]]] = {
    "ncei": read_ncei_report,
    "hek": read_hek_events,
    "swpc": read_swpc_events,
    # SWPC's edited events since 1996, as others compiled them; there is no other form of this list.
    "edited": read_compiled_list,
}
# Columns by which a flare that a list holds twice is known.
KEY = ["start_time", "peak_time", "end_time", "goes_class", "noaa_ar"]
COVERED_COLUMNS = ["begin", "end"]
_YEAR_IN_NAME = re.compile(r"(?<!\d)(\d{4})(?!\d)")


def read_lists(reports: Mapping[str, Sequence[str]]) -> tuple[dict[str, pd.DataFrame], list[Rejection], dict[str, int]]:
    """Flares of each list, what was left out of them, and counts; a file .csv or .csv.gz is a published compilation."""
    useless = sorted(name for name, paths in reports.items() if name not in READERS or not paths)
    if useless or not reports:
        raise InputError(
            f"flare lists {', '.join(useless) or '(none)'}: not known, or without files; wanted files of one or more "
            f"of {', '.join(READERS)}. Mend the names of the lists."
        )
    lists, rejected, counts = {}, [], {}
    progress = Progress(LOG, "flare lists", sum(len(paths) for paths in reports.values()))
    for name in sorted(reports):
        of_list, n_rejected_before = [], len(rejected)
        for path in sorted(reports[name]):
            read = read_compiled_list if ".csv" in Path(path).suffixes else READERS[name]
            flares, left_out = read(path)
            of_list.append(flares)
            rejected += left_out
            progress.advance(path)
        lists[name] = pd.concat(of_list, ignore_index=True)
        counts[f"flares_read_{name}"] = len(lists[name])
        counts[f"flares_rejected_{name}"] = len(rejected) - n_rejected_before
    return lists, rejected, counts


def repairs_counted(listed: pd.DataFrame) -> dict[str, int]:
    """How many flares of a list (columns `FLARE_LIST_COLUMNS`) were repaired, by repair."""
    repairs = listed["repairs"].str.get_dummies(",").reindex(columns=list(REPAIRS), fill_value=0).sum()
    return {repair: int(repairs[repair]) for repair in REPAIRS}


def flares_of_one_list(listed: pd.DataFrame, *, name: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """Canonical flares of a list (columns `FLARE_LIST_COLUMNS`) of this `name`, each once, and counts."""
    counts = {f"flares_repaired_{repair}": n for repair, n in repairs_counted(listed).items()}
    repeated = listed.duplicated(KEY)
    given = listed[~repeated].assign(start_uncertainty=0.0, instrument="", region=NOT_GIVEN, lists=name)
    flares, found = curated_flares(given)
    counts |= found | {
        "flares_repeated": int(repeated.sum()),
        "flares_without_noaa_ar": int((flares["noaa_ar"] == 0).sum()),
    }
    return flares, counts


def with_true_flux(flares: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """`flares` with the classes of the fluxes without the factor 0.7 of GOES 8-15, and how many that changes.

    `flares` has `satellite`, `start_time` and `goes_class`.
    """
    scale = flux_scale(flares["satellite"], flares["start_time"].to_numpy(dtype="datetime64[s]"))
    classes = unscaled_classes(flares["goes_class"], scale)
    counts = {
        "flares_of_goes_8_to_15": int((scale < 1).sum()),
        "flares_of_unknown_flux_scale": int(np.isnan(scale).sum()),
        "flares_unscaled": int((classes != flares["goes_class"].to_numpy(dtype=object)).sum()),
    }
    return flares.assign(goes_class=classes), counts


def covered_periods(listed: pd.DataFrame) -> pd.DataFrame:
    """Periods that a list covers: `begin` and `end`, the starts of the first and the last flare of each, UTC.

    `listed` has `source`, the file of each flare, and `start_time`. A file with a year in its name covers that year,
    any other the time from its first flare to its last; files that follow on each other cover one period, so that a
    year whose file is missing is no year without flares.
    """
    spans = []
    for source, start in listed.groupby("source")["start_time"]:
        years = _YEAR_IN_NAME.findall(Path(str(source)).name)
        year = pd.Timestamp(f"{years[0]}-01-01") if len(years) == 1 else None
        spans.append((year, year + pd.DateOffset(years=1)) if year is not None else (start.min(), start.max()))
    spans.sort()
    begins, ends = (pd.Series([span[side] for span in spans], dtype="datetime64[s]") for side in (0, 1))
    start = listed["start_time"].sort_values()
    # A gap stands where a file begins after all earlier ones have ended.
    period = (begins > ends.cummax().shift(fill_value=begins.iloc[0])).cumsum()
    periods = []
    for begin, end in zip(begins.groupby(period).min(), ends.groupby(period).max(), strict=True):
        own = start[start.between(begin, end)]
        periods.append((own.iloc[0], own.iloc[-1]))
    return pd.DataFrame(periods, columns=COVERED_COLUMNS)


def read_covered_periods(path: str) -> pd.DataFrame:
    """Periods as `covered_periods` gives them, from their CSV file; InputError where it cannot be read."""
    table = read_raw_csv(path, COVERED_COLUMNS)
    return table.assign(**{name: utc_times(table[name], path=path) for name in COVERED_COLUMNS})


def within_periods(
    begin: NDArray[np.datetime64], end: NDArray[np.datetime64], periods: pd.DataFrame
) -> NDArray[np.bool_]:
    """Whether each time from `begin` to `end`, (window,), lies in one of the `periods` (columns `COVERED_COLUMNS`)."""
    within = np.zeros(len(begin), dtype=bool)
    for period in periods.itertuples(index=False):
        within |= (begin >= np.datetime64(period.begin)) & (end <= np.datetime64(period.end))
    return within
