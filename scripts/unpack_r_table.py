"""A table in a file of R (.rda) -> the same table as CSV."""

import logging

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.joblog import job_log
from flaredag.r_tables import read_r_table

LOG = logging.getLogger("flaredag")
# Digits by which every float64 is told from all others.
EXACT = "%.17g"


def unpack_r_table(table: pd.DataFrame) -> pd.DataFrame:
    """`table` with its times as text in ISO 8601, as a day alone where all of them are midnight."""
    times = table.select_dtypes("datetime").columns
    return table.assign(**{name: _iso(table[name].to_numpy(dtype="datetime64[s]")) for name in times})


def _iso(times: np.ndarray) -> np.ndarray:
    midnight = times == times.astype("datetime64[D]")
    return np.datetime_as_string(times, unit="D" if (midnight | np.isnat(times)).all() else "s")


def main(packed: str, table: str) -> None:
    """Read a file of R that holds one table, write the table (CSV)."""
    found = read_r_table(packed)
    LOG.info("%s: %d rows, columns %s", packed, len(found), ", ".join(found.columns))
    write_csv(table, unpack_r_table(found), float_format=EXACT)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake.input.packed, snakemake.output.table)
