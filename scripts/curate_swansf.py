"""Windows of SWAN-SF -> their keyword records in the canonical form, each once, and a table of the windows."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from flaredag.artifacts import write_json
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.keyword_ranges import KEYWORDS
from flaredag.rejections import Rejection, write_rejections
from flaredag.swansf import WINDOW_COLUMNS, read_window
from flaredag.table_files import write_table
from flaredag.tables import curated_records, write_records

LOG = logging.getLogger("flaredag")

# Some windows were printed with 15 digits, others with 17.
SAME_VALUE = 1e-12
KEY = ["region", "t_rec"]


def curate_swansf(files: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int], list[Rejection]]:
    """Records, windows (columns `WINDOW_COLUMNS`), counts, and what was left out: records, or whole windows.

    Windows of a region overlap: a record of several of them is taken once. Raises InputError where no file is a window.
    """
    parts, windows, rejected = [], [], []
    progress = Progress(LOG, "windows of SWAN-SF", len(files))
    for path in sorted(files, key=lambda path: Path(path).name):
        try:
            records, window, left_out = read_window(path)
        except InputError as error:
            rejected.append(Rejection(str(path), "file", "not a readable window", str(error)))
        else:
            parts.append(records.assign(source=str(path)))
            windows.append(window)
            rejected.extend(left_out)
        progress.advance()
    if not parts:
        told = f" ({rejected[0].text})" if rejected else ""
        raise InputError(f"none of {len(files)} files is a window of SWAN-SF{told}. Fetch them again.")
    records = pd.concat(parts, ignore_index=True)
    n_read = len(records)
    clash, repeated = _clashes(records)
    rejected += [
        Rejection(record.source, f"{record.t_rec}", "record that differs between windows", f"region {record.region}")
        for record in records[clash].itertuples()
    ]
    records, counts = curated_records(
        records[~clash & ~repeated].drop(columns="source"), path=f"{len(files)} windows of SWAN-SF"
    )
    # How the records follow each other is a matter of the files' names.
    del counts["records_unsorted"]
    counts |= {
        "records_read": n_read,
        "records_repeated": int((repeated & ~clash).sum()),
        "windows": len(windows),
        "rejected": len(rejected),
    }
    table = pd.DataFrame(windows)[list(WINDOW_COLUMNS)].sort_values(["region", "issue_time"], ignore_index=True)
    counts |= {f"windows_of_label_{label}": int(n) for label, n in table["label"].value_counts().items()}
    return records, table, counts, rejected


def _clashes(records: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Records of one region and time that differ, and those that were read before; bool, a value a record."""
    repeated = records.duplicated(KEY).to_numpy()
    names = [name for name in records.columns if name in KEYWORDS]
    first = records.drop_duplicates(KEY).set_index(KEY)
    first = first.loc[pd.MultiIndex.from_frame(records[KEY])]
    values, of_first = records[names].to_numpy(), first[names].to_numpy()
    same = np.isclose(values, of_first, rtol=SAME_VALUE, atol=0, equal_nan=True).all(axis=1)
    same &= (records["noaa_ars"].to_numpy() == first["noaa_ars"].to_numpy()) & (
        records["quality"].to_numpy() == first["quality"].to_numpy()
    )
    clash = pd.Series(~same).groupby([records[key] for key in KEY]).transform("any").to_numpy()
    return clash, repeated


def main(files: Sequence[str], table: str, windows: str, counts: str, rejected: str) -> None:
    """Read window files, write records and windows (netCDF), counts (JSON) and what was left out (CSV)."""
    records, samples, found, left_out = curate_swansf(files)
    LOG.info("%d windows of SWAN-SF: %s", len(files), found)
    write_records(table, records, instrument="sharp")
    write_table(windows, samples, dim="sample", columns=WINDOW_COLUMNS)
    write_json(counts, found)
    write_rejections(rejected, left_out)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.files,
            snakemake.output.table,
            snakemake.output.windows,
            snakemake.output.counts,
            snakemake.output.rejected,
        )
