"""What the rules share: settings, digests, where an archive's tables lie, what a study's index names. Runs nothing."""

import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

SCRIPTS = Path(workflow.basedir, "scripts")
sys.path.insert(0, str(SCRIPTS))

from flaredag import (
    archive_files,
    combinations,
    configuration,
    importance_settings,
    kept_shards,
    noaa_files,
    overrides,
    provenance,
    shards,
    shipped_tables,
    simulated_regions,
    sources,
    store,
    studies,
    study_checks,
    study_figures,
    study_series,
    vector_segments,
    verification_settings,
)
from flaredag.errors import InputError


def told(function, *arguments, **settings):
    """The function's value; its InputError as Snakemake's own, which ends without a traceback."""
    try:
        return function(*arguments, **settings)
    except InputError as error:
        raise WorkflowError(str(error)) from None


def beside_snakefile(name):
    """Path of a file of the project, relative to where Snakemake runs: so a moved checkout reruns nothing."""
    return os.path.relpath(Path(workflow.basedir, name))


ARCHIVE = config["archive"]
EFFORT = configuration.chosen_effort(config)
config.update(told(overrides.overridden, config, effort=EFFORT))
# What an effort or an archive changes must be as sound as what stands in the file.
validate(config, "config.schema.yaml")
STORE = config["store"]

MANIFEST = beside_snakefile("rules/published_sources.yaml")
SOURCES = told(sources.read_manifest, MANIFEST)
KINDS_USED = told(studies.kinds_used, config)
ARCHIVES = {
    name: archive_files.observed_files(name, config["archives"][name], used=KINDS_USED) for name in ("embedded", "jsoc")
} | {"published": archive_files.published_files(SOURCES, used=KINDS_USED)}
# What only some studies read of `published`.
ON_REQUEST = archive_files.published_files(SOURCES, used=archive_files.all_optional_kinds())
STUDIES = told(studies.studies_of_archive, config, ARCHIVES[ARCHIVE])
for name, settings in STUDIES.items():
    told(study_checks.check_study, name, settings)
SIMULATION = config["archives"]["embedded"]["simulation"]
RETRIEVAL = config["archives"]["jsoc"]["retrieval"]
FINAL = {"as_of": RETRIEVAL["as_of"], "final_after_days": RETRIEVAL["final_after_days"]}
OF_VECTOR_FIELD = "|".join(archive_files.INSTRUMENTS_OF_VECTOR_FIELD)


wildcard_constraints:
    archive="|".join(ARCHIVES),
    study="|".join(STUDIES),
    instrument="[a-z]+",
    shard="[0-9]+",
    figure="[a-z0-9_]+",
    dataset="[A-Za-z0-9_]+",
    dataset_digest="[0-9a-f]{16}",
    models_digest="[0-9a-f]{16}",


def code_digest(script):
    """Digest of the code of a script and of all it imports from flaredag; comments and layout don't count."""
    return told(provenance.code_digest, script, SCRIPTS)


def raw_files(kind):
    """Input function: raw files of one kind of the archive of the job's wildcards; none where it has no such files."""
    return lambda wildcards: ARCHIVES[wildcards.archive].raw.get(kind, [])


def folder_of_raw(wildcards, output):
    """Folder of raw files, below which published ones lie as their manifest names them."""
    folders = Path(output[0]).parts
    return str(Path(*folders[: folders.index("raw") + 1]))


def curated_files(*kinds):
    """Input function: curated files of some kinds of the archive of the job's wildcards."""
    return lambda wildcards: [path for kind in kinds for path in ARCHIVES[wildcards.archive].curated.get(kind, [])]


def flare_lists(archive):
    """Raw files of every flare list of an archive, by the name of the list."""
    return {name: ARCHIVES[archive].raw[name] for name in config["archives"][archive]["flare_lists"]}


def of_simulation(*keys):
    """Settings of the simulated Sun that a rule takes."""
    return {key: SIMULATION[key] for key in keys}


def as_of_of_shard(wildcards):
    """Day from which the answer to a question for this shard counts, for a refresh."""
    return told(
        kept_shards.as_of_of_shard,
        f"results/jsoc/raw/{wildcards.records}",
        wildcards.instrument,
        int(wildcards.shard),
        **FINAL,
    )


def settings_of_records(wildcards):
    """What records are asked of JSOC: those that go with magnetograms, or the more frequent ones besides."""
    common = {key: RETRIEVAL[key] for key in ("series", "cadence_minutes", "quality_below", "final_after_days")}
    return common | RETRIEVAL.get(wildcards.records, {})


def raw_of_tables(wildcards):
    """Raw shard of a shard of keyword tables."""
    records = archive_files.RAW_OF_TABLES[wildcards.tables]
    return f"results/{wildcards.archive}/raw/{records}/{wildcards.instrument}-{wildcards.shard}.csv"


def table_of_vector_field(wildcards):
    """Curated shard of the keyword records whose vector field is had."""
    tables = archive_files.tables_of_vector_field(config["archives"][wildcards.archive])
    return f"results/{wildcards.archive}/{tables}/{wildcards.instrument}-{wildcards.shard}.nc"


def as_of_of_year(wildcards):
    """Day from which the answer to a question for this year counts, for a refresh."""
    return told(noaa_files.as_of_of_year, int(wildcards.year), **FINAL)


def kept_and_left_out(wildcards):
    """Counts and lists of what was left out, of every kind, under the kind's own name."""
    curated = ARCHIVES[wildcards.archive].curated
    return {kind: paths for kind, paths in curated.items() if kind.endswith(("_counts", "_rejected"))}


def of_instrument(kind, instrument):
    """Input function: files of one kind of the shards of one instrument."""
    return lambda wildcards: [
        path for path in curated_files(kind)(wildcards) if Path(path).name.startswith(f"{instrument}-")
    ]


def in_figure(wildcards):
    """What a figure of the archive is drawn from, each a list of files."""
    folder = f"results/{wildcards.archive}"
    return {
        "coverage": {"coverage": [f"{folder}/coverage.csv"]},
        "magnetograms": {kind: curated_files(kind)(wildcards) for kind in ("cubes", "tables", "flares")},
        "regressions": {name: [f"{folder}/overlap/{name}.csv"] for name in ("matched", "regressions")},
        "quantiles": {name: [f"{folder}/overlap/{name}.csv"] for name in ("quantiles", "factors")},
    }[wildcards.figure]


def audited_samples(wildcards):
    """Input function: the file of samples to be audited; an error where none is given."""
    if not config["audited"]:
        raise WorkflowError(
            "no samples are given. Name a CSV file with the columns time, region, split, label and features: "
            "snakemake results/audit.csv --config audited=FILE.csv"
        )
    return config["audited"]


def raw_of_flare_list(wildcards):
    """Raw files of one flare list of the archive of the job's wildcards."""
    files = ON_REQUEST if wildcards.archive == "published" else ARCHIVES[wildcards.archive]
    return archive_files.raw_of_flare_list(files, wildcards.flare_list)


def raw_of_summaries(wildcards):
    """Yearly archives of NOAA's region summaries of the archive of the job's wildcards."""
    return ON_REQUEST.raw["srs_archives"] if wildcards.archive == "published" else raw_files("srs")(wildcards)


def told_of_regions(wildcards):
    """NOAA's region summaries, and the map of HARPs whose records name no NOAA region; of `published` for HARPs alone."""
    files, of_harps = ARCHIVES[ARCHIVE], "sharp" in STUDIES[wildcards.study]["instruments"]
    published = files.curated.get("published_summaries", []) if of_harps else []
    return {
        "region_summaries": files.curated.get("region_summaries", published),
        "harp_noaa": files.raw.get("map_of_harps", []) if of_harps else [],
    }
