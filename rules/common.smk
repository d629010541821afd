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
    configuration,
    kept_shards,
    noaa_files,
    provenance,
    simulated_regions,
    sources,
    store,
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
update_config(config, config["efforts"][EFFORT])
# What an effort changes must be as sound as what stands in the file.
validate(config, "config.schema.yaml")
STUDIES = {name: config["study"][name] for name in told(configuration.chosen_studies, config)}
for name, settings in STUDIES.items():
    told(configuration.check_study, name, settings)
STORE = config["store"]

MANIFEST = beside_snakefile("rules/published_sources.yaml")
SOURCES = told(sources.read_manifest, MANIFEST)
ARCHIVES = {name: archive_files.observed_files(name, config["archives"][name]) for name in ("embedded", "jsoc")} | {
    "published": archive_files.published_files(SOURCES)
}
SIMULATION = config["archives"]["embedded"]["simulation"]
RETRIEVAL = config["archives"]["jsoc"]["retrieval"]
FINAL = {"as_of": RETRIEVAL["as_of"], "final_after_days": RETRIEVAL["final_after_days"]}


wildcard_constraints:
    archive="|".join(ARCHIVES),
    study="|".join(config["study"]),
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
        kept_shards.as_of_of_shard, "results/jsoc/raw/keywords", wildcards.instrument, int(wildcards.shard), **FINAL
    )


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


def of_study(*keys):
    """A study's settings, that of the one key or a dict of several, for the study of the job's wildcards."""

    def settings(wildcards):
        study = config["study"][wildcards.study]
        return study[keys[0]] if len(keys) == 1 else {key: study[key] for key in keys}

    return settings


def of_studies(name):
    """Path of a file of every study of this run."""
    return [f"results/{ARCHIVE}/{study}/{name}" for study in STUDIES]


FIT_CODE = {kind: code_digest(f"fit_{kind}.py") for kind in ("networks", "baselines")}
FIT_ENVIRONMENTS = {
    kind: told(provenance.environment_digest, beside_snakefile(f"envs/fit_{kind}.yaml")) for kind in FIT_CODE
}


def fits_of(study):
    """All fits that a study of the chosen archive needs (`flaredag.store.StoredFit`), once its index is there."""
    index = checkpoints.draw_datasets.get(archive=ARCHIVE, study=study).output.index
    return store.fits_of_study(
        json.loads(Path(index).read_text()),
        config["study"][study]["fits"],
        models=config["models"],
        code=FIT_CODE,
        environments=FIT_ENVIRONMENTS,
        store=STORE,
    )


def prediction_files(wildcards):
    """Predictions of every fit of a study, or of its one data set if the wildcards name one; each file once."""
    dataset = wildcards.get("dataset")
    fits = [fit for fit in fits_of(wildcards.study) if dataset in (None, fit.dataset)]
    return list(dict.fromkeys(f"{fit.folder}/predictions.nc" for fit in fits))


def verified(wildcards):
    """(data set, protocol, predictions) of everything that is verified in a study: our fits, and forecasts given."""
    protocol = config["study"][wildcards.study]["protocol"]
    ours = [(fit.dataset, protocol, f"{fit.folder}/predictions.nc") for fit in fits_of(wildcards.study)]
    given = [("FORECASTS", "as_given", "results/forecasts/predictions.nc")] if config["forecasts"] else []
    return [*ours, *given]


def fit_of(kind, wildcards):
    """Study and fit of a path's digests; an error where no study asks for them (a made-up path)."""
    fits = {study: fits_of(study) for study in STUDIES}
    return told(
        store.stored_fit,
        fits,
        kind=kind,
        dataset_digest=wildcards.dataset_digest,
        models_digest=wildcards.models_digest,
    )


def fit_inputs(kind):
    """Inputs of a fit. Ancient: the digests in its name say what they must hold, and the fit checks that."""

    def inputs(wildcards):
        study, _ = fit_of(kind, wildcards)
        files = {"windows": "windows.nc", "datasets": "datasets.nc", "index": "index.json"}
        return {name: ancient(f"results/{ARCHIVE}/{study}/{file}") for name, file in files.items()}

    return inputs
