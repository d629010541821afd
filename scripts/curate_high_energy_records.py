"""Vector field of listed records of one shard, and their keyword records -> records with HED and SHARP keywords."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from flaredag.artifacts import write_json
from flaredag.energy_density import high_energy_density_keywords
from flaredag.errors import InputError
from flaredag.fits_files import ListedFile, indexed_files, named_record, read_listed_image
from flaredag.high_energy_tables import KEYWORD_OF_COLUMN
from flaredag.joblog import Progress, job_log
from flaredag.jsoc import REGION_KEYWORD
from flaredag.record_lists import read_record_list
from flaredag.rejections import Rejection, write_rejections
from flaredag.tables import curated_records, read_records, write_records
from flaredag.vector_segments import FIELD_MAPS, MAPS

LOG = logging.getLogger("flaredag")

INSTRUMENT = "sharp"
# Those of the published series, so that a table has the same features in every archive.
PARAMETERS = tuple(KEYWORD_OF_COLUMN.values())


def curate_high_energy_records(
    listed: pd.DataFrame, files: Sequence[ListedFile], folder: Path, sharp: pd.DataFrame, *, source: str
) -> tuple[pd.DataFrame, list[Rejection], dict[str, int]]:
    """Canonical records with HED parameters, records that cannot be used, and counts of what was found.

    `listed`: `region` and `t_rec` of the records wanted; `files`, in `folder`, the segments of their vector field;
    `sharp`: canonical records of the same regions, whose keywords and `split_group` those of the same T_REC have.
    Parameters are those of `flaredag.energy_density.high_energy_density_keywords`, on pixels of the size that the
    header tells; hed_alp_mean is without sign, as Li et al. published it. A record without a region of high free energy
    has no parameters: it is left out, and counted. Raises InputError where a parameter is out of its range in more than
    1 % of the records.
    """
    of_file = {named_record(file.name): file for file in files}
    with_keywords = set(zip(sharp["region"], sharp["t_rec"].to_numpy(), strict=True))
    rows, rejected, n_without_region = [], [], 0
    progress = Progress(LOG, f"{source}: vector fields", len(listed))
    for region, t_rec in zip(listed["region"], listed["t_rec"].to_numpy(), strict=True):
        place = f"{REGION_KEYWORD[INSTRUMENT]} {region}, T_REC {t_rec}"
        segments = {name: of_file.get((region, t_rec, name)) for name in MAPS}
        if (region, t_rec) in with_keywords:
            found = _parameters(segments, folder, source=source, place=place)
        else:
            found = Rejection(source, place, "no record of SHARP keywords", "not in the table of its shard")
        if isinstance(found, Rejection):
            rejected.append(found)
        elif found:
            rows.append({"region": region, "t_rec": t_rec, **found})
        else:
            n_without_region += 1
        progress.advance()
    parameters = pd.DataFrame(rows, columns=["region", "t_rec", *PARAMETERS])
    parameters = parameters.astype({"region": np.int64, "t_rec": "datetime64[s]"} | dict.fromkeys(PARAMETERS, float))
    records, counts = curated_records(parameters.merge(sharp, on=["region", "t_rec"]), path=source)
    counts |= {
        "records_read": len(listed),
        "records_rejected": len(rejected),
        "records_without_high_energy_region": n_without_region,
        "records_kept": len(records),
        "regions": records["region"].nunique(),
    }
    return records, rejected, counts


def _parameters(
    segments: Mapping[str, ListedFile | None], folder: Path, *, source: str, place: str
) -> dict[str, float] | Rejection:
    """HED parameters of a record from the files of its segments; none where it has no such region."""
    maps, sizes_deg = {}, set()
    for name, file in segments.items():
        if file is None:
            return Rejection(source, place, f"no {name}", "not among the files of its shard")
        found = read_listed_image(folder, file, source=source, in_gauss=name in FIELD_MAPS)
        if isinstance(found, Rejection):
            return found
        maps[name] = found.image
        sizes_deg.add(found.header.cdelt_deg)
    if len(sizes_deg) > 1:
        told = ", ".join(f"{size:g}" for size in sorted(sizes_deg))
        return Rejection(source, place, "segments with pixels of different size", f"CDELT1 {told} degrees")
    try:
        keywords = high_energy_density_keywords(maps, pixel_degrees=sizes_deg.pop())
    except InputError as error:
        return Rejection(source, place, "segments of different shapes, or too small", str(error))
    if np.isnan(keywords["hed_area"]):
        return Rejection(source, place, "no value in the patch", "all its surely disambiguated pixels are NaN")
    if keywords["hed_area"] == 0:
        return {}
    return {name: keywords[name] for name in PARAMETERS} | {"hed_alp_mean": abs(keywords["hed_alp_mean"])}


def main(listed: str, index: str, table: str, outputs: Mapping[str, str]) -> None:
    """Read list (CSV), index of the files (JSON) and keyword records (netCDF); write the `outputs`.

    `outputs`: records with both (`table`, netCDF), `counts` (JSON) and what was left out (`rejected`, CSV).
    """
    files, folder = indexed_files(index)
    records, rejected, counts = curate_high_energy_records(
        read_record_list(listed, instrument=INSTRUMENT), files, folder, read_records([table]), source=Path(index).name
    )
    LOG.info("%s: %s", outputs["table"], counts)
    write_records(outputs["table"], records, instrument=INSTRUMENT)
    write_json(outputs["counts"], counts)
    write_rejections(outputs["rejected"], rejected)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.records,
            snakemake.input.index,
            snakemake.input.table,
            {name: snakemake.output[name] for name in ("table", "counts", "rejected")},
        )
