"""What the rules share: settings, digests, where an archive's tables lie, what a study's index names. Runs nothing."""

import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

SCRIPTS = Path(workflow.basedir, "scripts")
sys.path.insert(0, str(SCRIPTS))

from flaredag import provenance, sources, store
from flaredag.errors import InputError

ARCHIVE = config["archive"]
EFFORT = (
    config["archives"][ARCHIVE]["effort"]
    if config["effort"] == "of_archive"
    else config["effort"]
)
update_config(config, config["efforts"][EFFORT])
# What an effort changes must be as sound as what stands in the file.
validate(config, "config.schema.yaml")
# On the command line a list of studies is a text: --config studies=sun2022,li2024.
STUDIES = (
    config["studies"].split(",")
    if isinstance(config["studies"], str)
    else config["studies"]
)
if unknown := [name for name in STUDIES if name not in config["study"]]:
    raise WorkflowError(
        f"studies: no study {', '.join(unknown)}; config.yaml describes {', '.join(config['study'])}."
    )
STORE = config["store"]


wildcard_constraints:
    archive="embedded|published",
    study="|".join(config["study"]),
    instrument="[a-z]+",
    shard="[0-9]+",
    dataset_digest="[0-9a-f]{16}",
    models_digest="[0-9a-f]{16}",
    figure="[a-z0-9_]+",


def told(function, *arguments, **settings):
    """The function's value; its InputError as Snakemake's own, which ends without a traceback."""
    try:
        return function(*arguments, **settings)
    except InputError as error:
        raise WorkflowError(str(error)) from None


def code_digest(script):
    """Digest of the code of a script and of all it imports from flaredag; comments and layout don't count."""
    return told(provenance.code_digest, script, SCRIPTS)


def beside_snakefile(name):
    """Path of a file of the project, relative to where Snakemake runs: so a moved checkout reruns nothing."""
    return os.path.relpath(Path(workflow.basedir, name))


MANIFEST = beside_snakefile("rules/published_sources.yaml")
PUBLISHED_FILES = told(
    lambda: list(sources.files_by_name(sources.read_manifest(MANIFEST)).values())
)
# Shards of each archive: an embedded instrument has one, a published one a file each.
SHARDS = {
    "embedded": [f"{instrument}-0" for instrument in ("sharp", "smarp")],
    "published": [f"{file.instrument}-{file.shard}" for file in PUBLISHED_FILES],
}
FLARE_LISTS = {"embedded": ["goes"], "published": SHARDS["published"]}
CURATED = {"tables": SHARDS, "flares": FLARE_LISTS}


def curated(kind, suffix):
    """Paths of an archive's curated tables or flares (`kind`), for the archive of the job's wildcards."""
    names = {"tables": SHARDS, "flares": FLARE_LISTS}[kind]
    return lambda wildcards: [
        f"results/{wildcards.archive}/{kind}/{name}{suffix}"
        for name in names[wildcards.archive]
    ]


def index_of(archive, study):
    """What a study's checkpoint wrote: the data sets and their digests."""
    path = checkpoints.draw_datasets.get(archive=archive, study=study).output.index
    return json.loads(Path(path).read_text())


FIT_CODE = {kind: code_digest(f"fit_{kind}.py") for kind in ("networks", "baselines")}
FIT_ENVIRONMENTS = {
    kind: told(provenance.environment_digest, beside_snakefile(f"envs/fit_{kind}.yaml"))
    for kind in FIT_CODE
}


def fits_of(study):
    """All fits that a study of the chosen archive needs (`flaredag.store.StoredFit`), once its index is there."""
    return store.fits_of_study(
        index_of(ARCHIVE, study),
        config["study"][study]["fits"],
        models=config["models"],
        code=FIT_CODE,
        environments=FIT_ENVIRONMENTS,
        store=STORE,
    )


def fit_of(kind, wildcards):
    """Study and fit of a path's digests; an error where no study asks for them (a made-up path)."""
    for study in STUDIES:
        fits = [fit for fit in fits_of(study) if fit.kind == kind]
        digests = {
            "dataset_digest": wildcards.dataset_digest,
            "models_digest": wildcards.models_digest,
        }
        if any(
            (fit.dataset_digest, fit.models_digest) == tuple(digests.values())
            for fit in fits
        ):
            break
    return study, told(store.stored_fit, fits, kind=kind, **digests)


def fit_inputs(kind):
    """Inputs of a fit. Ancient: the digests in its name say what they must hold, and the fit checks that."""

    def inputs(wildcards):
        study, _ = fit_of(kind, wildcards)
        folder = f"results/{ARCHIVE}/{study}"
        return {
            "windows": ancient(f"{folder}/windows.nc"),
            "datasets": ancient(f"{folder}/datasets.nc"),
            "index": ancient(f"{folder}/index.json"),
        }

    return inputs


# A figure of this name, beside those that a study's configuration describes, shows all models on all data sets.
OVERVIEW = "overview"


def figures_of(study):
    """Figures of a study: those that it describes, then the overview."""
    return [*(figure["name"] for figure in config["study"][study]["figures"]), OVERVIEW]


def figure_settings(study, name):
    """Settings of one figure of a study; none for the overview."""
    return next((figure for figure in config["study"][study]["figures"] if figure["name"] == name), None)


def prediction_files(wildcards):
    """Predictions of every fit of a study, each file once."""
    return list(
        dict.fromkeys(
            f"{fit.folder}/predictions.nc" for fit in fits_of(wildcards.study)
        )
    )


def of_studies(name):
    """Path of a file of every study of this run."""
    return lambda wildcards: [f"results/{ARCHIVE}/{study}/{name}" for study in STUDIES]


def told_in_report(study):
    """What the report says of a study, from its configuration."""
    settings = config["study"][study]
    keys = ("title", "paper", "protocol_in_words", "headline", "published_tables", "agreement")
    leaks = [
        leak["text"]
        for leak in settings["declared_leaks"]
        if leak["value"] in (settings["splits"][leak["setting"]], *settings["splits"][leak["setting"]])
    ]
    overview = "True skill statistic of every model on every data set at threshold 0.5: mean and sd over seeds."
    return {key: settings[key] for key in keys} | {
        "name": study,
        "declared_leaks": leaks,
        "datasets": list(settings["datasets"]),
        "comparisons": [{key: family[key] for key in ("name", "title")} for family in settings["comparisons"]],
        "figures": [*(figure["title"] for figure in settings["figures"]), overview],
    }


def told_of_archive():
    """What the report says of the archive, its sources among it."""
    sources_of = {"published": told(sources.read_manifest, MANIFEST)}.get(ARCHIVE, {})
    keys = ("title", "licence", "citation")
    return {key: config["archives"][ARCHIVE][key] for key in ("title", "simulated")} | {
        "name": ARCHIVE,
        "sources": [
            {key: getattr(source, key) for key in keys} | {"address": source.files[0].address.rsplit("/", 1)[0]}
            for source in sources_of.values()
        ],
    }


def intermediate_artifacts():
    """Files between raw data and fits, with what each was made from, for the manifest."""
    folder = f"results/{ARCHIVE}"
    tables, flares = ([f"{folder}/{kind}/{name}.nc" for name in names[ARCHIVE]] for kind, names in CURATED.items())
    rows = [{"path": path, "made_from": [], "seeds": []} for path in dict.fromkeys([*tables, *flares])]
    for study in STUDIES:
        seeds = config["study"][study]["seeds"]
        windows = f"{folder}/{study}/windows.nc"
        rows.append({"path": windows, "made_from": [*tables, *flares], "seeds": []})
        for name in ("datasets.nc", "index.json"):
            rows.append({"path": f"{folder}/{study}/{name}", "made_from": [windows], "seeds": seeds})
    return rows
