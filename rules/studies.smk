"""What the rules share of studies: their settings, sources, fits and predictions. Runs nothing."""


def of_study(*keys):
    """A study's settings, that of the one key or a dict of several, for the study of the job's wildcards."""

    def settings(wildcards):
        study = STUDIES[wildcards.study]
        return study[keys[0]] if len(keys) == 1 else {key: study[key] for key in keys if key in study}

    return settings


def of_verification(*keys):
    """Some settings of verification."""
    return {key: config["verification"][key] for key in keys}


def bins_of_reliability(wildcards):
    """Bins of the reliability diagrams of the study of the job's wildcards."""
    return verification_settings.reliability_bins(STUDIES[wildcards.study])


def of_studies(name):
    """Path of a file of every study of this run."""
    return [f"results/{ARCHIVE}/{study}/{name}" for study in STUDIES]


FIT_CODE = {
    kind: code_digest(f"fit_{kind}.py") for kind in ("networks", "baselines", "classifiers", store.ON_MAGNETOGRAMS)
}
FIT_ENVIRONMENTS = {
    kind: told(provenance.environment_digest, beside_snakefile(f"envs/fit_{kind}.yaml")) for kind in FIT_CODE
}


def fits_of(study):
    """All fits that a study of the chosen archive needs (`flaredag.store.StoredFit`), once its index is there."""
    index = checkpoints.draw_datasets.get(archive=ARCHIVE, study=study).output.index
    return told(
        store.fits_of_study,
        json.loads(Path(index).read_text()),
        STUDIES[study]["fits"],
        datasets=STUDIES[study]["datasets"],
        models=config["models"],
        code=FIT_CODE,
        environments=FIT_ENVIRONMENTS,
        store=STORE,
    )


def checkpoints_of(study, dataset, models, seeds=None):
    """Checkpoints of the fits of some models on one data set, and of some seeds where given; each file once."""
    fits = [fit for fit in fits_of(study) if fit.dataset == dataset and set(models) & set(fit.made_from["models"])]
    fits = [fit for fit in fits if seeds is None or set(seeds) & set(fit.made_from["seeds"])]
    return list(dict.fromkeys(f"{fit.folder}/checkpoint.safetensors" for fit in fits))


def source_of_study(kind):
    """Input function: curated files that a study takes its tables, flares or magnetograms from; none where it has none."""

    def files(wildcards):
        curated = STUDIES[wildcards.study]["source"].get(kind)
        return ARCHIVES[ARCHIVE].curated[curated] if curated else []

    return files


def ensembles_of(study):
    """Predictions of the ensembles of a study, by data set."""
    stacked = study_series.stacked_datasets(STUDIES[study])
    return {dataset: f"results/{ARCHIVE}/{study}/ensembles/{dataset}.nc" for dataset in stacked}


def learner_files(wildcards):
    """Predictions of every fit of a study, or of its one data set if the wildcards name one; each file once."""
    dataset = wildcards.get("dataset")
    fits = [fit for fit in fits_of(wildcards.study) if dataset in (None, fit.dataset)]
    return list(dict.fromkeys(f"{fit.folder}/predictions.nc" for fit in fits))


def predicted(wildcards):
    """(data set, predictions) of fits and ensembles of a study, or of its one data set if the wildcards name one."""
    study, dataset = wildcards.study, wildcards.get("dataset")
    fits = [(fit.dataset, f"{fit.folder}/predictions.nc") for fit in fits_of(study)]
    found = dict.fromkeys([*fits, *ensembles_of(study).items()])
    return [(name, path) for name, path in found if dataset in (None, name)]


def prediction_files(wildcards):
    """Predictions of fits and ensembles, as `predicted`; each file once."""
    return list(dict.fromkeys(path for _, path in predicted(wildcards)))


def verified(wildcards):
    """(data set, protocol, predictions) of everything that is verified in a study: ours, and forecasts given."""
    protocol = STUDIES[wildcards.study]["protocol"]
    ours = [(dataset, protocol, path) for dataset, path in ours_in(wildcards)]
    given = [("FORECASTS", "as_given", "results/forecasts/predictions.nc")] if config["forecasts"] else []
    return [*ours, *given]


def ours_in(wildcards):
    """(data set, predictions) of all that is ours and verified in a study."""
    return [
        *predicted(wildcards),
        *calibrated_of(wildcards.study).items(),
        *full_disk_of(wildcards.study).items(),
    ]


def runs_asked(wildcards):
    """What the study of the job's wildcards asks of runs that overlap; nothing where it asks for none."""
    return verification_settings.overlapping_runs(STUDIES[wildcards.study])


def in_runs(wildcards):
    """(data set, predictions) of the fits that overlapping runs are made of; none where the study asks for none."""
    asked = runs_asked(wildcards).get("datasets", {})
    return [(dataset, path) for dataset, path in (predicted(wildcards) if asked else []) if dataset in asked]


def datasets_in_ensemble_figure(study):
    """Data sets on which the first ensemble of a study, which its figures show, is made."""
    return study_series.stacked_datasets(study, study["ensembles"][0]["name"])


def in_ensemble_figure(wildcards):
    """What a figure of the first ensemble is drawn from: scores, weights of all its data sets, or forecasts on one."""
    below = f"results/{ARCHIVE}/{wildcards.study}"
    datasets = datasets_in_ensemble_figure(STUDIES[wildcards.study])
    stacked = {name: path for name, path in ensembles_of(wildcards.study).items() if name in datasets}
    if wildcards.figure == "ensemble_weights":
        return [path.replace(".nc", ".weights.csv") for path in stacked.values()]
    if wildcards.figure == "ensemble_scores":
        return [f"{below}/scores.csv"]
    first = next(iter(stacked))
    return list(
        dict.fromkeys(f"{fit.folder}/predictions.nc" for fit in fits_of(wildcards.study) if fit.dataset == first)
    )


def in_training_curves(wildcards):
    """(data set, provenance) of the fits of which the figures of a study show training curves."""
    asked = study_figures.training_curves_asked(STUDIES[wildcards.study])
    fits = [fit for fit in (fits_of(wildcards.study) if asked else []) if fit.dataset in asked]
    return [
        (fit.dataset, f"{fit.folder}/provenance.json")
        for fit in fits
        if set(asked[fit.dataset]) & set(fit.made_from["models"])
    ]


def tables_to_join(wildcards):
    """Tables of a study of which each has a part: `checks` of what is explained, the others a data set."""
    if wildcards.table == "weights":
        return [path.replace(".nc", ".weights.csv") for path in ensembles_of(wildcards.study).values()]
    if wildcards.table == "conformal":
        return [path.replace(".nc", ".conformal.csv") for path in calibrated_of(wildcards.study).values()]
    if wildcards.table == "importance":
        return [
            f"results/{ARCHIVE}/{wildcards.study}/importance/{dataset}.csv"
            for dataset in importance_settings.permuted_datasets(STUDIES[wildcards.study])
        ]
    return [path.replace(".nc", ".checks.csv") for path in explanations_of(wildcards.study)]


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


def drawn_samples(study):
    """Windows, data sets and index of a study, for what is named by digests of its samples.

    Ancient: the digests say what they must hold, and that is checked.
    """
    files = {"windows": "windows.nc", "datasets": "datasets.nc", "index": "index.json"}
    return {name: ancient(f"results/{ARCHIVE}/{study}/{file}") for name, file in files.items()}


def fit_inputs(kind):
    """Inputs of a fit."""

    def inputs(wildcards):
        study, _ = fit_of(kind, wildcards)
        found = drawn_samples(study)
        if kind == store.ON_MAGNETOGRAMS:
            found["cubes"] = [
                ancient(path) for path in ARCHIVES[ARCHIVE].curated[STUDIES[study]["source"]["magnetograms"]]
            ]
        return found

    return inputs


def facts_of_shipped(wildcards):
    """File of facts on what the authors of a study shipped; none where it names none, or of another archive."""
    name = STUDIES[wildcards.study].get("shipped") if wildcards.archive == "published" else None
    return [beside_snakefile(f"rules/papers/{name}.yaml")] if name else []


def in_shipped(wildcards):
    """What shipped files are curated from, each a list of files; none where a study has none."""
    facts = facts_of_shipped(wildcards)
    named = [name for path in facts for name in told(shipped_tables.read_shipped_tables, path).files()]
    return {
        "facts": facts,
        "shipped": [f"{archive_files.PUBLISHED}/raw/{name}" for name in named],
        "sizes": [beside_snakefile("rules/keyword_magnitudes.csv") for _ in facts],
        "records": [path for _ in facts for path in ON_REQUEST.curated["sharp_table"]],
    }
