"""What the rules share of feature rankings: batches of feature subsets, where their scores lie, tasks. Runs nothing."""

from flaredag import feature_subsets

SUBSET_CODE = code_digest("score_subsets.py")
SUBSET_ENVIRONMENT = told(provenance.environment_digest, beside_snakefile("envs/score_subsets.yaml"))


def ranking_of(study):
    """The `ranking` of a study; one without data sets where it has none."""
    return STUDIES[study]["ranking"] or {"datasets": []}


def tasks_ranked(wildcards):
    """Task of each data set that features are ranked on."""
    datasets = STUDIES[wildcards.study]["datasets"]
    return {name: datasets[name].get("task", "") for name in ranking_of(wildcards.study)["datasets"]}


def batches_on(study, dataset, batches):
    """Where the scores of batches of subsets lie (`flaredag.store.StoredFit`), once the study's index is there."""
    index = checkpoints.draw_datasets.get(archive=ARCHIVE, study=study).output.index
    ranking = ranking_of(study)
    return feature_subsets.batches_of_subsets(
        batches,
        json.loads(Path(index).read_text())["datasets"][dataset]["seeds"],
        ranking,
        dataset=dataset,
        features=studies.features_of_dataset(STUDIES[study], dataset),
        settings=config["models"][ranking["model"]],
        code=SUBSET_CODE,
        environment=SUBSET_ENVIRONMENT,
        store=STORE,
    )


def individual_batches(study, dataset):
    """Batches of every feature by itself."""
    features = studies.features_of_dataset(STUDIES[study], dataset)
    subsets = feature_subsets.individual_subsets(features, ranking_of(study)["subsets_per_job"])
    return batches_on(study, dataset, subsets)


def cumulative_batches(study, dataset):
    """Batches of the first features of the ranking, once features are ranked."""
    ranked = checkpoints.rank_features.get(archive=ARCHIVE, study=study, dataset=dataset).output.ranking
    order = told(feature_subsets.features_in_order, ranked)
    ranking = ranking_of(study)
    features = studies.features_of_dataset(STUDIES[study], dataset)
    subsets = feature_subsets.cumulative_subsets(
        order, features, ranking["subsets_per_job"], ranking.get("cumulative_sizes")
    )
    return batches_on(study, dataset, subsets)


def subsets_of(study):
    """All batches of a study, once its features are ranked."""
    return [
        batch
        for dataset in ranking_of(study)["datasets"]
        for batch in (*individual_batches(study, dataset), *cumulative_batches(study, dataset))
    ]


def subsets_asked(wildcards):
    """Study and batch of a path's digests; an error where no study asks for them (a made-up path).

    Cumulative batches are looked at last, and of this data set alone: those of single features wait for no ranking.
    """
    found = {}
    for study in STUDIES:
        for dataset in ranking_of(study)["datasets"]:
            batches = individual_batches(study, dataset)
            if batches[0].dataset_digest != wildcards.dataset_digest:
                continue
            if wildcards.subsets_digest not in [batch.models_digest for batch in batches]:
                batches = cumulative_batches(study, dataset)
            found.setdefault(study, []).extend(batches)
    return told(
        store.stored_fit,
        found,
        kind=feature_subsets.KIND,
        dataset_digest=wildcards.dataset_digest,
        models_digest=wildcards.subsets_digest,
    )


def subset_inputs(wildcards):
    """Inputs of a batch. Ancient, as those of fits are: the digests in its name say what they must hold."""
    study, _ = subsets_asked(wildcards)
    files = {"windows": "windows.nc", "datasets": "datasets.nc", "index": "index.json"}
    return {name: ancient(f"results/{ARCHIVE}/{study}/{file}") for name, file in files.items()}


def scores_of_batches(batches):
    """Scores of batches, each file once."""
    return list(dict.fromkeys(f"{batch.folder}/scores.csv" for batch in batches))


def orders_of(wildcards):
    """Order of the features of each data set that they are ranked on."""
    datasets = ranking_of(wildcards.study)["datasets"]
    return [f"results/{wildcards.archive}/{wildcards.study}/ranking/{dataset}.csv" for dataset in datasets]


def assessed(wildcards):
    """What the ranking of a study is joined from: of each data set its order and the scores of all subsets."""
    study, datasets = wildcards.study, ranking_of(wildcards.study)["datasets"]
    files = {f"order_{name}": path for name, path in zip(datasets, orders_of(wildcards), strict=True)}
    for dataset in datasets:
        batches = [*individual_batches(study, dataset), *cumulative_batches(study, dataset)]
        files[f"scores_{dataset}"] = scores_of_batches(batches)
    return files


def of_published_ranking(key):
    """Input function: the file of a published ranking that a study names under `key`; none where it names none."""

    def files(wildcards):
        named = ranking_of(wildcards.study).get(key)
        return [beside_snakefile(named)] if named else []

    return files
