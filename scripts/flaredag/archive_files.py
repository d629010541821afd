"""Which files an archive consists of, by kind: shards and years are known before anything is made."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flaredag.shards import shards_between
from flaredag.simulated_regions import numbers_by_shard, years
from flaredag.sources import files_of_form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flaredag.sources import Source

# A list of flares, and how the file of a year is called.
FILE_OF_FLARE_LIST = {
    "ncei": "ncei/goes-xrs-report_{year}.txt",
    "hek": "hek/{year}.json",
    "swpc": "swpc/{year}_events.tar.gz",
}
# NCEI's reports end here (operational GOES 15 fluxes to June 2017).
LAST_YEAR_OF_FLARE_LIST = {"ncei": 2017}
REGION_SUMMARIES = "srs/{year}_SRS.tar.gz"
HARP_NOAA = "harp_noaa/all_harps_with_noaa_ars.txt"
FIGURES = {
    "coverage": "Records and flares of each month.",
    "magnetograms": (
        "Line-of-sight magnetograms of some regions of each instrument, from the most to the least flaring, early, "
        "halfway and late in their passage; black is 500 G of negative, white of positive polarity."
    ),
    "regressions": (
        "SMARP keywords against SHARP keywords of the same regions and times, with the least-squares fit "
        "(Fig. 2 of Sun et al. 2022)."
    ),
    "quantiles": (
        "Quantiles of the pixels of SMARP against those of SHARP magnetograms, a line a pair of patches, lighter at "
        "higher latitudes, and of all pairs together (Fig. 1 of Sun et al. 2022)."
    ),
}


@dataclass(frozen=True)
class ArchiveFiles:
    """Files of one archive, paths by kind.

    `shards`: "{instrument}-{shard}"; `raw`, `curated`: kind -> paths. Kinds of `curated` end in `_counts` (JSON)
    and `_rejected` (CSV) for what was counted and left out in making the kind they begin with.
    """

    shards: list[str]
    raw: dict[str, list[str]]
    curated: dict[str, list[str]]

    def all_raw(self) -> list[str]:
        """All raw files, each once."""
        return list(itertools.chain.from_iterable(self.raw.values()))

    def all_curated(self) -> list[str]:
        """All curated files, each once."""
        return list(itertools.chain.from_iterable(self.curated.values()))

    def figures(self) -> list[str]:
        """Names of the figures that can be drawn: without magnetograms that of the coverage alone."""
        return list(FIGURES) if "cubes" in self.curated else ["coverage"]


def observed_files(archive: str, settings: Mapping[str, Any]) -> ArchiveFiles:
    """Files of an archive of patches and lists as observatories give them, simulated or not.

    `settings`: of the archive in the configuration; with `simulation` its shards and years are those of the
    simulated Sun, else those of `regions` (first and last of each instrument) and `years` under `retrieval`.
    """
    raw, curated = f"results/{archive}/raw", f"results/{archive}"
    names, covered = _shards(settings), _years(settings)
    per_shard = {"tables": ".nc", "cubes": ".zarr.zip"}
    files: dict[str, list[str]] = {}
    for kind, suffix in per_shard.items():
        files[kind] = [f"{curated}/{kind}/{name}{suffix}" for name in names]
        files[f"{kind}_counts"] = [f"{curated}/{kind}/{name}.json" for name in names]
        files[f"{kind}_rejected"] = [f"{curated}/{kind}/{name}.rejected.csv" for name in names]
    for kind, path in {"flares": "flares/goes", "region_summaries": "region_summaries"}.items():
        files[kind] = [f"{curated}/{path}.nc"]
        files[f"{kind}_counts"] = [f"{curated}/{path}.json"]
        files[f"{kind}_rejected"] = [f"{curated}/{path}.rejected.csv"]
    files["disagreements"] = [f"{curated}/flares/goes.disagreements.csv"]
    files["regions"] = [f"{curated}/regions.nc"]
    files["regions_counts"] = [f"{curated}/regions.json"]
    return ArchiveFiles(
        shards=names,
        raw={
            "keywords": [f"{raw}/keywords/{name}.csv" for name in names],
            "segments": [f"{raw}/segments/{name}.json" for name in names],
            # What the simulation knows of its flares and regions; nothing downstream reads it.
            **({"simulated": [f"{raw}/simulated/{name}.csv" for name in names]} if "simulation" in settings else {}),
            **{
                name: [
                    f"{raw}/{FILE_OF_FLARE_LIST[name].format(year=year)}"
                    for year in covered
                    if year <= LAST_YEAR_OF_FLARE_LIST.get(name, year)
                ]
                for name in settings["flare_lists"]
            },
            "srs": [f"{raw}/{REGION_SUMMARIES.format(year=year)}" for year in covered],
            "harp_noaa": [f"{raw}/{HARP_NOAA}"],
        },
        curated=files,
    )


def published_files(sources: Mapping[str, Source]) -> ArchiveFiles:
    """Files of the archive of published tables: a shard a file of labelled samples."""
    folder = "results/published"
    samples, windows = (files_of_form(dict(sources), form) for form in ("labelled_samples", "swansf_windows"))
    names = [f"{file.instrument}-{file.shard}" for file in samples]
    curated = {
        "tables": [f"{folder}/tables/{name}.nc" for name in names],
        "tables_counts": [f"{folder}/tables/{name}.json" for name in names],
        "flares": [f"{folder}/flares/{name}.nc" for name in names],
        "regions": [f"{folder}/regions.nc"],
        "regions_counts": [f"{folder}/regions.json"],
    }
    if windows:
        curated |= {
            "swansf": [f"{folder}/swansf/{name}.nc" for name in ("records", "windows")],
            "swansf_counts": [f"{folder}/swansf/counts.json"],
            "swansf_rejected": [f"{folder}/swansf/rejected.csv"],
        }
    return ArchiveFiles(
        shards=names,
        raw={
            "labelled_samples": [f"{folder}/raw/{file.name}" for file in samples],
            "swansf_windows": [f"{folder}/raw/{file.name}" for file in windows],
        },
        curated=curated,
    )


def _shards(settings: Mapping[str, Any]) -> list[str]:
    if "simulation" in settings:
        simulation = settings["simulation"]
        return list(numbers_by_shard(simulation["regions"], simulation["seed"]))
    regions = settings["retrieval"]["regions"]
    return [f"{instrument}-{shard}" for instrument, ends in regions.items() for shard in shards_between(*ends)]


def _years(settings: Mapping[str, Any]) -> list[int]:
    if "simulation" in settings:
        simulation = settings["simulation"]
        return years(simulation["regions"], simulation["seed"])
    first, last = settings["retrieval"]["years"]
    return list(range(first, last + 1))
