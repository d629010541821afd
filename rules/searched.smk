"""What the rules share of hyperparameter searches: settings, where their trials lie. Runs nothing."""

import yaml
from jsonschema.validators import validator_for

from flaredag import search_settings

SEARCH_CODE = code_digest("search_hyperparameters.py")
SEARCH_ENVIRONMENT = told(provenance.environment_digest, beside_snakefile("envs/search_hyperparameters.yaml"))


def check_space(name, study):
    """An error where a search would try a setting that no model may have."""
    schema = yaml.safe_load(Path(workflow.basedir, "rules/config.schema.yaml").read_text())
    of_models = schema["properties"]["models"] | {"$defs": schema["$defs"], "required": []}
    for model, settings in search_settings.settings_at_ends(study, config["models"]):
        for error in validator_for(schema)(of_models).iter_errors({model: settings}):
            setting = ".".join(map(str, error.absolute_path))
            raise WorkflowError(f"study {name}: search.space: {setting}: {error.message}. Mend `search.space`.")


for name, settings in STUDIES.items():
    told(
        search_settings.check_search,
        name,
        settings,
        seeds={dataset: own["seeds"] for dataset, own in studies.settings_of_datasets(settings).items()},
        on_keywords=study_checks.models_on_keywords(settings),
        models=config["models"],
    )
    if search_settings.searches_of(settings):
        check_space(name, settings)


def searches_stored(study):
    """Where the trials of each search of a study lie (`flaredag.store.StoredFit`), once its index is there."""
    if not search_settings.searches_of(STUDIES[study]):
        return {}
    index = checkpoints.draw_datasets.get(archive=ARCHIVE, study=study).output.index
    return search_settings.stored_searches(
        STUDIES[study],
        json.loads(Path(index).read_text()),
        models=config["models"],
        code=SEARCH_CODE,
        environment=SEARCH_ENVIRONMENT,
        store=STORE,
    )


def search_asked(wildcards):
    """Study and search of a path's digests; an error where no study asks for it (a made-up path)."""
    return told(
        store.stored_fit,
        {study: list(searches_stored(study).values()) for study in STUDIES},
        kind=search_settings.KIND,
        dataset_digest=wildcards.dataset_digest,
        models_digest=wildcards.search_digest,
    )


def search_inputs(wildcards):
    """Inputs of a search."""
    study, _ = search_asked(wildcards)
    return drawn_samples(study)


def optima_of(wildcards):
    """What each search of a study came to, by its name."""
    stored = searches_stored(wildcards.study)
    return {f"optimum_{name}": f"{search.folder}/optimum.json" for name, search in stored.items()}


def listed_searches(wildcards):
    """Of each search of a study where it lies in the store, and its space in words."""
    return {
        name: store.fit_rows([search])[0] | {"space": search_settings.space_in_words(search)}
        for name, search in searches_stored(wildcards.study).items()
    }


def models_of_optima(wildcards):
    """Of each search of a study the models that its optimum is for, and their settings."""
    study = STUDIES[wildcards.study]
    return search_settings.models_of_searches(
        study, on_keywords=study_checks.models_on_keywords(study), models=config["models"]
    )
