"""Which files an archive consists of, by kind: shards and years are known before anything is made."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flaredag.shards import shards_between
from flaredag.simulated_regions import CADENCE_MINUTES, numbers_by_shard, years
from flaredag.sources import FORMS, files_of_form

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from flaredag.sources import Source

# A list of flares, and how the file of a year is called.
FILE_OF_FLARE_LIST = {
    "ncei": "ncei/goes-xrs-report_{year}.txt",
    "hek": "hek/{year}.json",
    "swpc": "swpc/{year}_events.tar.gz",
}
# NCEI's reports end here (operational GOES 15 fluxes to June 2017).
LAST_YEAR_OF_FLARE_LIST = {"ncei": 2017}
# Form of the published files of a list, by its name in every archive.
FORM_OF_FLARE_LIST = {
    "ncei": "ncei_reports",
    "hek": "hek_flares",
    "swpc": "listed_flares",
    "edited": "edited_events",
}
# Raw records of each kind of keyword tables: those at the cadence of the magnetograms, and those of every hour.
RAW_OF_TABLES = {"tables": "keywords", "hourly_tables": "hourly_keywords", "vector_tables": "vector_keywords"}
REGION_SUMMARIES = "srs/{year}_SRS.tar.gz"
# Series of the vector field, and of the Lorentz forces, go by HARPs.
INSTRUMENTS_OF_VECTOR_FIELD = ("sharp",)
PUBLISHED = "results/published"
SYNOPTIC_CHARTS = "hmi_synoptic_small/charts.nc"
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


def observed_files(archive: str, settings: Mapping[str, Any], *, used: Collection[str] = ()) -> ArchiveFiles:
    """Files of an archive of patches and lists as observatories give them, simulated or not.

    `settings`: of the archive in the configuration; with `simulation` its shards and years are those of the
    simulated Sun, else those of `regions` (first and last of each instrument) and `years` under `retrieval`. Each
    flare list by itself is there only where one of them is `used`. So are, of instruments that see the vector field,
    hourly tables with the Lorentz forces, where the archive is retrieved, and tables with HED parameters, with those of
    their own cadence that a retrieved archive makes them from.
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
    if "flare_lists" in _groups(used):
        files |= _flare_lists(curated, settings["flare_lists"])
    of_vector_field = [name for name in names if name.partition("-")[0] in INSTRUMENTS_OF_VECTOR_FIELD]
    hourly = of_vector_field if "hourly_tables" in used and "retrieval" in settings else []
    energetic = of_vector_field if "high_energy_sharp_tables" in used else []
    besides = {"hourly_tables": hourly, tables_of_vector_field(settings): energetic}
    # Of the simulated Sun they are those that are there in any case.
    besides.pop("tables", None)
    for kind, shards in {**besides, "high_energy_sharp_tables": energetic}.items():
        for name in shards:
            for of_kind, paths in _with_counts(kind, f"{curated}/{kind}/{name}", ".nc").items():
                files.setdefault(of_kind, []).extend(paths)
    if energetic:
        files["days_before_flares"] = [f"{curated}/days_before_flares/{name}.csv" for name in energetic]
    return ArchiveFiles(
        shards=names,
        raw={
            "keywords": [f"{raw}/keywords/{name}.csv" for name in names],
            **{
                RAW_OF_TABLES[kind]: [f"{raw}/{RAW_OF_TABLES[kind]}/{name}.csv" for name in shards]
                for kind, shards in besides.items()
                if shards
            },
            "segments": [f"{raw}/segments/{name}.json" for name in names],
            **({"vector_segments": [f"{raw}/vector_segments/{name}.json" for name in energetic]} if energetic else {}),
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


# Kinds that only some studies read, of `published` unless they are flare lists or `high_energy_sharp_tables`, and apart
# from the tables and flares that all others do: each group comes and goes as a whole.
OPTIONAL_KINDS = {
    "synoptic": ("synoptic_tables", "synoptic_cubes"),
    "listed_flares": ("listed_flares",),
    "case": ("case_cubes",),
    "sharp_table": ("sharp_table",),
    "high_energy": ("high_energy_tables", "high_energy_flares", "high_energy_sharp_tables"),
    "flare_lists": ("flares_ncei", "flares_hek", "flares_swpc", "flares_edited"),
}
# With these come JSOC's map of HARPs and NOAA's region summaries, which tell what their regions are.
GROUPS_OF_HARPS = ("sharp_table", "high_energy", "flare_lists")


def all_optional_kinds() -> list[str]:
    """Every kind that only some studies read."""
    return list(itertools.chain.from_iterable(OPTIONAL_KINDS.values()))


def magnetograms_of_shard(sources: Mapping[str, Source], instrument: str, shard: str) -> list[str]:
    """Raw files of the published magnetograms of a shard."""
    files = files_of_form(dict(sources), "magnetograms")
    return [f"{PUBLISHED}/raw/{file.name}" for file in files if (file.instrument, file.shard) == (instrument, shard)]


def kinds_of_flare_lists(names: Collection[str]) -> list[str]:
    """Kinds of the curated files of each flare list by itself."""
    return [f"flares_{name}" for name in names]


def raw_of_flare_list(files: ArchiveFiles, name: str) -> list[str]:
    """Raw files of a flare list, of an archive that has it."""
    return files.raw.get(name) or files.raw[FORM_OF_FLARE_LIST[name]]


def published_files(sources: Mapping[str, Source], *, used: Collection[str] = ()) -> ArchiveFiles:
    """Files of the archive of published tables: a shard a file of labelled samples.

    Of the kinds in `OPTIONAL_KINDS` those `used` are there, with what is made along with them: nothing else wants them.
    """
    folder = PUBLISHED
    by_form = {form: files_of_form(dict(sources), form) for form in FORMS}
    samples = by_form["labelled_samples"]
    names = [f"{file.instrument}-{file.shard}" for file in samples]
    raw = {form: [f"{folder}/raw/{file.name}" for file in files] for form, files in by_form.items()}
    kept = {form: raw[form] for form in ("labelled_samples", "swansf_windows")}
    curated = {
        "tables": [f"{folder}/tables/{name}.nc" for name in names],
        "tables_counts": [f"{folder}/tables/{name}.json" for name in names],
        "flares": [f"{folder}/flares/{name}.nc" for name in names],
        "regions": [f"{folder}/regions.nc"],
        "regions_counts": [f"{folder}/regions.json"],
    }
    if by_form["swansf_windows"]:
        curated |= {
            "swansf": [f"{folder}/swansf/{name}.nc" for name in ("records", "windows")],
            "swansf_counts": [f"{folder}/swansf/counts.json"],
            "swansf_rejected": [f"{folder}/swansf/rejected.csv"],
        }
    groups = _groups(used)
    if "synoptic" in groups:
        kept |= {"synoptic_charts": [f"{folder}/raw/{SYNOPTIC_CHARTS}"], "region_summaries": raw["region_summaries"]}
        curated |= _with_counts("synoptic_tables", f"{folder}/synoptic/synoptic", ".nc")
        curated["synoptic_cubes"] = [f"{folder}/synoptic/synoptic.zarr.zip"]
    if "listed_flares" in groups:
        kept["listed_flares"] = raw["listed_flares"]
        curated |= _with_counts("listed_flares", f"{folder}/flares/swpc", ".nc")
    if "case" in groups:
        shards = sorted({f"{file.instrument}-{file.shard}" for file in by_form["magnetograms"]})
        kept["case_magnetograms"] = raw["magnetograms"]
        kept["case_segments"] = [f"{folder}/raw/segments/{shard}.json" for shard in shards]
        of_shards = [_with_counts("case_cubes", f"{folder}/cubes/{shard}", ".zarr.zip") for shard in shards]
        curated |= {kind: [path for files in of_shards for path in files[kind]] for kind in of_shards[0]}
    if "high_energy" in groups:
        kept |= {form: raw[form] for form in ("high_energy_series", "high_energy_events")}
        curated |= _with_counts("high_energy_tables", f"{folder}/high_energy/hed", ".nc")
        curated["high_energy_flares"] = [f"{folder}/high_energy/flares.nc"]
        curated |= _with_counts("high_energy_sharp_tables", f"{folder}/high_energy/hed_sharp", ".nc")
    # One of the tables of HED parameters has those keywords besides.
    if not groups.isdisjoint(("sharp_table", "high_energy")):
        kept["sharp_table"] = raw["sharp_table"]
        curated |= _with_counts("sharp_table", f"{folder}/sharp_table/sharp", ".nc")
    if "flare_lists" in groups:
        kept |= {form: raw[form] for form in FORM_OF_FLARE_LIST.values()}
        curated |= _flare_lists(folder, FORM_OF_FLARE_LIST)
    if not groups.isdisjoint(GROUPS_OF_HARPS):
        kept |= {"map_of_harps": raw["harp_noaa"], "srs_archives": raw["srs_archives"]}
        curated |= _with_counts("published_summaries", f"{folder}/region_summaries", ".nc")
    return ArchiveFiles(shards=names, raw=kept, curated=curated)


def _groups(used: Collection[str]) -> set[str]:
    """Groups of `OPTIONAL_KINDS` of which a kind is `used`."""
    return {group for group, kinds in OPTIONAL_KINDS.items() if not set(kinds).isdisjoint(used)}


def _flare_lists(folder: str, names: Collection[str]) -> dict[str, list[str]]:
    """Curated files of each flare list by itself, by kind: as given, without NOAA's factor, periods, counts."""
    files: dict[str, list[str]] = {}
    for kind, name in zip(kinds_of_flare_lists(names), names, strict=True):
        stem = f"{folder}/flares/lists/{name}"
        files |= _with_counts(kind, stem, ".nc")
        files |= {f"{kind}_unscaled": [f"{stem}.unscaled.nc"], f"{kind}_covered": [f"{stem}.covered.csv"]}
    return files


def _with_counts(kind: str, stem: str, suffix: str) -> dict[str, list[str]]:
    """A curated file, and what was counted and left out in making it, by kind."""
    return {kind: [f"{stem}{suffix}"], f"{kind}_counts": [f"{stem}.json"], f"{kind}_rejected": [f"{stem}.rejected.csv"]}


def tables_of_vector_field(settings: Mapping[str, Any]) -> str:
    """Kind of the tables whose records' vector field is had; `settings` as of `observed_files`."""
    return "tables" if "simulation" in settings else "vector_tables"


def cadence_of_vector_field_minutes(settings: Mapping[str, Any]) -> int:
    """Minutes between the records of those tables."""
    return CADENCE_MINUTES if "simulation" in settings else settings["retrieval"]["vector_keywords"]["cadence_minutes"]


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
