"""What the rules share: settings, digests, where an archive's tables lie, what a study's index names. Runs nothing."""

import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

SCRIPTS = Path(workflow.basedir, "scripts")
sys.path.insert(0, str(SCRIPTS))

from flaredag import configuration, provenance, sources, store
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
PUBLISHED_FILES = list(sources.files_by_name(SOURCES).values())
RAW = {
    "embedded": [f"results/embedded/raw/{name}.csv" for name in ("sharp-keywords", "smarp-keywords", "goes-flares")],
    "published": [f"results/published/raw/{file.name}" for file in PUBLISHED_FILES],
}
# Curated files of each archive: an embedded instrument has one shard, a published one a shard a file.
SHARDS = {
    "embedded": ["sharp-0", "smarp-0"],
    "published": [f"{file.instrument}-{file.shard}" for file in PUBLISHED_FILES],
}
CURATED = {"tables": SHARDS, "flares": {"embedded": ["goes"], "published": SHARDS["published"]}}
# Which of them have counts of what was read and dropped: where one job makes both, they stand beside the table.
COUNTED = {"embedded": ["tables", "flares"], "published": ["tables"]}


wildcard_constraints:
    archive="embedded|published",
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


def curated(kind, suffix, archive=None):
    """Paths of the curated tables or flares (`kind`) of an archive, by default that of the job's wildcards."""

    def paths(wildcards):
        folder = archive or wildcards.archive
        return [f"results/{folder}/{kind}/{name}{suffix}" for name in CURATED[kind][folder]]

    return paths(None) if archive else paths


def curated_counts(archive):
    """Paths of the counts of what was read and dropped in curating an archive."""
    return [path for kind in COUNTED[archive] for path in curated(kind, ".json", archive)]


def curated_files(archive):
    """Paths of all that curating an archive makes: tables, flares, counts."""
    return [*(path for kind in CURATED for path in curated(kind, ".nc", archive)), *curated_counts(archive)]


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
