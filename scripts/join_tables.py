"""Tables of the parts of a study -> one table of all; the columns alone where there is no part."""

import logging
from collections.abc import Sequence

import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.conformal import TABLE_COLUMNS as CONFORMAL_COLUMNS
from flaredag.ensemble_tables import WEIGHT_COLUMNS
from flaredag.explanations import CHECK_COLUMNS
from flaredag.importance_tables import IMPORTANCE_COLUMNS
from flaredag.joblog import job_log
from flaredag.tables import read_raw_csv

LOG = logging.getLogger("flaredag")
COLUMNS = {
    "weights": WEIGHT_COLUMNS,
    "checks": CHECK_COLUMNS,
    "conformal": CONFORMAL_COLUMNS,
    "importance": IMPORTANCE_COLUMNS,
}


def join_tables(tables: Sequence[str], *, columns: Sequence[str]) -> pd.DataFrame:
    """Rows of all tables, texts as they are, in the order given; InputError where one lacks a column."""
    parts = [read_raw_csv(path, columns)[list(columns)] for path in tables]
    return pd.concat([pd.DataFrame(columns=list(columns), dtype=str), *parts], ignore_index=True)


def main(tables: Sequence[str], joined: str, *, columns: Sequence[str]) -> None:
    """Read the tables (CSV), write them as one."""
    rows = join_tables(tables, columns=columns)
    LOG.info("%s: %d rows of %d tables", joined, len(rows), len(tables))
    write_csv(joined, rows)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake.input.tables, snakemake.output.joined, columns=COLUMNS[snakemake.wildcards.table])
