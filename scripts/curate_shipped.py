"""Tables that a paper's authors shipped with their code -> forecasts of their model, and what each column really is."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.column_names import ColumnStatistics, possible_keywords, read_sizes, why_impossible
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.keyword_ranges import KEYWORDS
from flaredag.matched_columns import keywords_of_samples, matched_columns, time_of_value
from flaredag.shipped_forecasts import (
    FORECAST_COLUMNS,
    ShippedSamples,
    read_shipped_forecasts,
    read_shipped_samples,
)
from flaredag.shipped_results import NAMED_COLUMNS, TOLD
from flaredag.shipped_tables import ShippedTable, ShippedTables, read_shipped_tables
from flaredag.tables import read_records

LOG = logging.getLogger("flaredag")


def curate_shipped(
    shipped: ShippedSamples,
    table: ShippedTable,
    records: pd.DataFrame,
    sizes: Mapping[str, float],
    *,
    facts: ShippedTables,
    path: str,
) -> pd.DataFrame:
    """What each physical column of a table is: a row a column, columns `NAMED_COLUMNS` without `table`.

    Statistics (`told_*`, those of the authors' program) say which keywords are `possible` and `why` that of the header
    is not; values say which keyword of `records` the column is (`flaredag.matched_columns`). `new_name` is that of the
    other hand; `lowest_*` and `highest_*` tell when the one record was taken that gave the told extreme, and in which
    split of the paper. InputError where the statistics are not as many as the columns.
    """
    names = list(shipped.features)
    if any(len(values) != len(names) for values in table.statistics.values()):
        raise InputError(
            f"{path}: {len(names)} columns of features, and statistics of {len(table.statistics['mean'])}; wanted as "
            "many. Mend the statistics of the table."
        )
    known = [name for name in sizes if name in records.columns]
    matched = matched_columns(shipped.features, keywords_of_samples(shipped.samples, records, known))
    rows = []
    for place, name in enumerate(names):
        if name.lower() not in sizes:
            continue
        row = dict.fromkeys(NAMED_COLUMNS[1:], "") | dict.fromkeys(TOLD, np.nan) | matched.iloc[place].to_dict()
        row |= {"position": place + 1, "name": name}
        row["new_names_by"] = facts.new_names_by
        row["new_name"] = name if table.has_new_names else facts.new_names.get(name, name)
        if table.statistics:
            told = ColumnStatistics(*(table.statistics[what][place] for what in ColumnStatistics._fields))
            row |= dict(zip(TOLD, told, strict=True))
            row["possible"] = " ".join(keyword.upper() for keyword in possible_keywords(told, sizes))
            row["why"] = why_impossible(name.lower(), told, sizes)
            if row["keyword"]:
                row |= _when(told, records, row["keyword"], facts.split_years)
        row["keyword"] = row["keyword"].upper()
        rows.append(row)
    return pd.DataFrame(rows, columns=list(NAMED_COLUMNS[1:]))


def _when(
    told: ColumnStatistics, records: pd.DataFrame, keyword: str, split_years: Mapping[str, Sequence[int]]
) -> dict[str, str]:
    """When the extremes that were told were observed, and in which split."""
    found = {}
    for what, value in (("lowest", told.lowest), ("highest", told.highest)):
        time = time_of_value(records, keyword, value)
        if time is not None:
            found[f"{what}_time"] = time.strftime("%Y-%m-%dT%H:%M:%SZ")
            splits = [name for name, (first, last) in split_years.items() if first <= time.year <= last]
            found[f"{what}_split"] = " ".join(splits)
    return found


def main(inputs: Mapping[str, Sequence[str]], forecasts: str, columns: str, *, raw_dir: str) -> None:
    """Read the `inputs`; write `forecasts` (CSV, `FORECAST_COLUMNS`) and `columns` (CSV, `NAMED_COLUMNS`).

    `inputs`: `facts` (the file of facts on the tables, or none: then both are without rows), `sizes` (of keywords) and
    `records` (tables of SHARP keywords). The published files lie below `raw_dir` under their names.
    """
    written_forecasts = [pd.DataFrame(columns=list(FORECAST_COLUMNS))]
    written_columns = [pd.DataFrame(columns=list(NAMED_COLUMNS))]
    for path in inputs["facts"]:
        facts = read_shipped_tables(path)
        (sizes_path,) = inputs["sizes"]
        sizes = read_sizes(sizes_path)
        records = read_records(inputs["records"])
        records = records[["region", "time", *(name for name in records.columns if name in KEYWORDS)]]
        progress = Progress(LOG, "tables", len(facts.tables))
        for name, table in facts.tables.items():
            samples_path = f"{raw_dir}/{table.samples}"
            shipped = read_shipped_samples(samples_path, least_class=table.least_class)
            if table.forecasts:
                forecast = read_shipped_forecasts(f"{raw_dir}/{table.forecasts}", samples_path=samples_path)
                written_forecasts.append(shipped.samples.assign(table=name, forecast=forecast))
            curated = curate_shipped(shipped, table, records, sizes, facts=facts, path=samples_path)
            written_columns.append(curated.assign(table=name))
            progress.advance(name)
    rows = pd.concat(written_forecasts[1:] or written_forecasts)[list(FORECAST_COLUMNS)]
    kept = pd.concat(written_columns[1:] or written_columns)[list(NAMED_COLUMNS)]
    LOG.info("%s: %d forecasts; %s: %d columns", forecasts, len(rows), columns, len(kept))
    write_csv(forecasts, rows)
    write_csv(columns, kept, float_format="%.10g")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            {name: list(snakemake.input[name]) for name in ("facts", "sizes", "records")},
            snakemake.output.forecasts,
            snakemake.output.columns,
            raw_dir=snakemake.params.raw_dir,
        )
