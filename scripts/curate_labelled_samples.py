"""Published samples, each with the flares of the day after it -> canonical table and flares.

The form is that of ZeyuSun/flare-prediction-smarp: keywords at `t_end` (TAI clock), and in `flares` the
classes of the region's flares from t_end to t_end + 24 h, both ends included, flare times in UTC compared
with t_end as they are.
"""

import logging

import numpy as np
import pandas as pd

from flaredag.artifacts import write_json
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.jsoc import utc_from_tai
from flaredag.sliding import flares_from_sliding_lists
from flaredag.tables import (
    NOT_GIVEN,
    curated_flares,
    curated_records,
    numbers,
    read_raw_csv,
    utc_times,
    whole_numbers,
    write_flares,
    write_records,
)

LOG = logging.getLogger("flaredag")

HORIZON_HOURS = 24
# The publisher's names (the line-of-sight quantities, whatever their headers say) and JSOC's.
KEYWORD_OF_COLUMN = {"AREA": "area", "USFLUX": "usfluxl", "MEANGBZ": "meangbl", "R_VALUE": "r_value"}
PREFIX = {"sharp": "HARP", "smarp": "TARP"}


def curate_labelled_samples(
    raw: pd.DataFrame, *, instrument: str, path: str
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Canonical records and flares of `raw` (texts), and counts of what was found."""
    strangers = raw["prefix"] != PREFIX[instrument]
    if strangers.any():
        raise InputError(
            f"{path}: record {int(np.flatnonzero(strangers)[0]) + 1} has prefix {raw['prefix'][strangers].iloc[0]!r}; "
            f"wanted {PREFIX[instrument]!r} in a table of {instrument}. Was the file put under another's name?"
        )
    t_rec = utc_times(raw["t_end"], path=path)
    records = pd.DataFrame(
        {
            "region": whole_numbers(raw["arpnum"], path=path),
            "t_rec": t_rec,
            "time": utc_from_tai(t_rec),
            "noaa_ars": "",
            "quality": NOT_GIVEN,
            "longitude_min": np.nan,
            "longitude_max": np.nan,
            "latitude_min": np.nan,
            "latitude_max": np.nan,
            **{name: numbers(raw[column], path=path) for column, name in KEYWORD_OF_COLUMN.items()},
            "flares": raw["flares"],
        }
    )
    records, counts = curated_records(records, path=path)
    classes = [text.split("|") if text else [] for text in records.pop("flares")]
    flares, n_contradictions = flares_from_sliding_lists(
        records["region"].to_numpy(), records["t_rec"].to_numpy(), classes, horizon_hours=HORIZON_HOURS
    )
    not_told = {"peak_time": pd.NaT, "end_time": pd.NaT, "lists": ""}
    flares, flare_counts = curated_flares(flares.assign(noaa_ar=0, instrument=instrument, **not_told))
    counts |= flare_counts | {"flares_contradicting_a_list": n_contradictions}
    return records, flares, counts


def main(raw: str, table: str, flares: str, counts: str, *, instrument: str) -> None:
    """Read published samples (CSV), write canonical table, flares and counts (JSON)."""
    columns = ["prefix", "arpnum", "t_end", "flares", *KEYWORD_OF_COLUMN]
    records, flare_list, found = curate_labelled_samples(read_raw_csv(raw, columns), instrument=instrument, path=raw)
    found["regions"] = len(np.unique(records["region"]))
    LOG.info("%s: %s", raw, found)
    write_records(table, records, instrument=instrument)
    write_flares(flares, flare_list)
    write_json(counts, found)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.raw,
            snakemake.output.table,
            snakemake.output.flares,
            snakemake.output.counts,
            instrument=snakemake.params.instrument,
        )
