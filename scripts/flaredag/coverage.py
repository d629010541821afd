"""What an archive holds: records, regions, images and flares by month; what was left out of it and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flaredag.artifacts import read_json
from flaredag.errors import InputError
from flaredag.goes import CLASS_FLUX_W_M2, reaches

if TYPE_CHECKING:
    from collections.abc import Sequence

FLARE_LETTERS = ("C", "M", "X")
FLARE_COLUMNS = tuple(f"flares_{letter.lower()}" for letter in FLARE_LETTERS)
COVERAGE_COLUMNS = ("instrument", "month", "records", "regions", "images", *FLARE_COLUMNS)
GOES = "goes"  # instrument of the rows that count flares


def coverage(records: pd.DataFrame, images: pd.DataFrame, flares: pd.DataFrame) -> pd.DataFrame:
    """Records, regions, images and flares of each month (UTC) that has any, columns `COVERAGE_COLUMNS`.

    `records` and `images` have columns instrument, region, time, `flares` start_time and peak_flux (W m-2). A row an
    instrument and month, images 0 where there are no cubes; flares are of no instrument and have rows of their own
    (instrument "goes"). What does not apply to a row is empty.
    """
    month = records["time"].dt.strftime("%Y-%m")
    of_month = records.assign(month=month).groupby(["instrument", "month"], as_index=False)
    counted = of_month.agg(records=("region", "size"), regions=("region", "nunique"))
    n_images = images.assign(month=images["time"].dt.strftime("%Y-%m")).groupby(["instrument", "month"]).size()
    counted = counted.merge(n_images.rename("images").reset_index(), on=["instrument", "month"], how="left")
    counted["images"] = counted["images"].fillna(0)
    letters = pd.Series(flare_letters(flares["peak_flux"].to_numpy()), index=flares.index)
    of_goes = pd.DataFrame({"month": flares["start_time"].dt.strftime("%Y-%m")})
    for letter, column in zip(FLARE_LETTERS, FLARE_COLUMNS, strict=True):
        of_goes[column] = letters == letter
    of_goes = of_goes.groupby("month", as_index=False).sum().assign(instrument=GOES)
    table = pd.concat([counted, of_goes]).sort_values(["instrument", "month"], kind="stable", ignore_index=True)
    numeric = {name: "Int64" for name in COVERAGE_COLUMNS[2:]}
    return table.reindex(columns=list(COVERAGE_COLUMNS)).astype(numeric)


def flare_letters(peak_flux: np.ndarray) -> np.ndarray:
    """Letter of each peak flux (W m-2): C, M or X, and "" below C1.0."""
    rank = np.sum([reaches(peak_flux, CLASS_FLUX_W_M2[letter]) for letter in FLARE_LETTERS], axis=0)
    return np.array(["", *FLARE_LETTERS])[rank]


def holdings(records: pd.DataFrame, images: pd.DataFrame, flares: pd.DataFrame) -> dict[str, Any]:
    """What an archive holds in all: `instruments` (records, regions, images, first and last day), and `flares`.

    Arguments as of `coverage`. Flares are counted by letter, those below C1.0 as `below_c`.
    """
    instruments = {}
    for name, of_instrument in records.groupby("instrument", sort=True):
        instruments[str(name)] = {
            "records": len(of_instrument),
            "regions": int(of_instrument["region"].nunique()),
            "images": int((images["instrument"] == name).sum()),
            **_days(of_instrument["time"]),
        }
    letters = flare_letters(flares["peak_flux"].to_numpy())
    counted = {letter or "below_c": int((letters == letter).sum()) for letter in ("", *FLARE_LETTERS)}
    return {"instruments": instruments, "flares": counted | _days(flares["start_time"])}


def summed_counts(paths: Sequence[str | Path]) -> dict[str, dict[str, int]]:
    """Counts of what was read and left out, summed over shards: {instrument or list: {count: n}}.

    Files are named {instrument}-{shard}.json or {list}.json. InputError where one holds anything but whole numbers.
    """
    summed: dict[str, dict[str, int]] = {}
    for path in paths:
        counts = read_json(path)
        if not isinstance(counts, dict) or not all(type(n) is int for n in counts.values()):
            raise InputError(
                f"{path}: wanted an object of whole numbers, counts of what was read. Delete it to have it made again."
            )
        of_name = summed.setdefault(instrument_of(path), {})
        for name, n in counts.items():
            of_name[name] = of_name.get(name, 0) + n
    return summed


def rejections_by_reason(rejections: pd.DataFrame) -> list[dict[str, Any]]:
    """Reasons of what was left out (columns of flaredag.rejections), most frequent first: number and one example."""
    rows = []
    for reason, of_reason in rejections.groupby("reason", sort=True):
        rows.append({"reason": reason, "n": len(of_reason), "example": of_reason.iloc[0].drop("reason").to_dict()})
    return sorted(rows, key=lambda row: -row["n"])


def disagreements_by_kind(disagreements: pd.DataFrame, flares: pd.DataFrame, *, n_examples: int) -> dict[str, Any]:
    """Disagreements of flare lists: how many of each kind with each list, and those of the largest flares.

    `disagreements`: columns of flaredag.flare_reconciliation, texts. `kinds` counts by kind and by `list_b`, the list
    that was not believed. `examples` have the class of the flare of `flares` that peaks then, "" where none does.
    """
    peak_time = pd.to_datetime(disagreements["peak_time"], format="ISO8601").astype("datetime64[s]")
    by_peak = flares.sort_values("peak_flux", kind="stable").drop_duplicates("peak_time", keep="last")
    of_flare = by_peak.set_index("peak_time")[["goes_class", "peak_flux"]].reindex(peak_time)
    table = disagreements.assign(
        peak_time=peak_time.dt.strftime("%Y-%m-%d %H:%M").to_numpy(),
        goes_class=of_flare["goes_class"].fillna("").to_numpy(),
    )
    order = np.argsort(-of_flare["peak_flux"].fillna(0.0).to_numpy(), kind="stable")
    kinds: dict[str, dict[str, int]] = {}
    for (kind, name), n in table.groupby(["kind", "list_b"], sort=True).size().items():  # pyright: ignore[reportGeneralTypeIssues]
        kinds.setdefault(kind, {})[name] = int(n)
    return {"kinds": kinds, "examples": table.iloc[order[:n_examples]].to_dict("records"), "n": len(table)}


def largest_flares(regions: pd.DataFrame, flares: pd.DataFrame) -> pd.DataFrame:
    """Class and peak flux (W m-2) of the largest flare of each region, "" and 0 where it gave none.

    `regions`: a row a patch and NOAA number, columns instrument, region, noaa_ar (text), first and last (UTC); a flare
    belongs to the patch that shows its NOAA region while it starts. Columns instrument, region, goes_class, peak_flux.
    """
    named = flares[["noaa_ar", "start_time", "goes_class", "peak_flux"]].astype({"noaa_ar": str})
    seen = regions.merge(named, on="noaa_ar")
    seen = seen[seen["start_time"].between(seen["first"], seen["last"])].sort_values("peak_flux", kind="stable")
    largest = seen.drop_duplicates(["instrument", "region"], keep="last")
    patches = regions[["instrument", "region"]].drop_duplicates()
    columns = ["instrument", "region", "goes_class", "peak_flux"]
    found = patches.merge(largest[columns], on=["instrument", "region"], how="left")
    return found.fillna({"goes_class": "", "peak_flux": 0.0}).reset_index(drop=True)


def instrument_of(path: str | Path) -> str:
    """Instrument or list that a curated file is of: files are named {instrument}-{shard} or {list}."""
    return Path(path).name.partition(".")[0].partition("-")[0]


def _days(times: pd.Series) -> dict[str, str]:
    """First and last day of some times; empty where there are none."""
    days = times.dt.strftime("%Y-%m-%d")
    return {"first": days.min(), "last": days.max()} if len(days) else {"first": "", "last": ""}
