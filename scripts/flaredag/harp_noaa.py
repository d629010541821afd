"""JSOC's map from HARPs to NOAA active regions (all_harps_with_noaa_ars.txt)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.rejections import Rejection

HEADER = ("HARPNUM", "NOAA_ARS")
_LINE = re.compile(r"\s*(\d{1,7})\s+(\d{4,5}(?:\s*,\s*\d{4,5})*)\s*", re.ASCII)


def read_harp_noaa(path: str | Path) -> tuple[pd.DataFrame, list[Rejection]]:
    """Pairs of `region` (HARPNUM) and `noaa_ar`, int64, each once and sorted, and the lines left out.

    Raises InputError where the file is unreadable, cut off, or has no header "HARPNUM NOAA_ARS".
    """
    try:
        text = Path(path).read_bytes().decode("utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path}: not readable ({error}). Delete the file to have it fetched again.") from error
    lines = text.splitlines()
    if not lines or tuple(lines[0].split()) != HEADER:
        raise InputError(
            f"{path}: begins with {lines[0][:80] if lines else ''!r}; wanted the header {' '.join(HEADER)!r}. "
            "Delete the file to have it fetched again."
        )
    if not text.endswith("\n"):
        raise InputError(f"{path}: its last line has no end: cut off? Delete the file to have it fetched again.")
    pairs, rejected = [], []
    for place, line in enumerate(lines[1:], start=2):
        match = _LINE.fullmatch(line)
        if match:
            pairs.extend((int(match[1]), int(noaa_ar)) for noaa_ar in match[2].split(","))
        elif line.strip():
            rejected.append(Rejection(str(path), f"line {place}", "not a HARP and its NOAA regions", line))
    table = pd.DataFrame(pairs, columns=["region", "noaa_ar"], dtype=np.int64)
    return table.drop_duplicates().sort_values(["region", "noaa_ar"], ignore_index=True), rejected


def with_noaa_numbers(records: pd.DataFrame, harp_noaa: pd.DataFrame) -> pd.DataFrame:
    """`records` where those of SHARP without NOAA numbers have those of the map (pairs `region`, `noaa_ar`)."""
    joined = harp_noaa.astype({"noaa_ar": str}).groupby("region")["noaa_ar"].agg(",".join)
    of_map = records["region"].map(joined).fillna("")
    lacking = (records["instrument"] == "sharp") & (records["noaa_ars"] == "")
    return records.assign(noaa_ars=records["noaa_ars"].mask(lacking, of_map))
