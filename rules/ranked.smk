"""What the rules share of feature rankings: settings, batches of feature subsets, where their scores lie. Runs nothing."""

from flaredag import feature_subsets, ranking_settings

SUBSET_CODE = code_digest("score_subsets.py")
SUBSET_ENVIRONMENT = told(provenance.environment_digest, beside_snakefile("envs/score_subsets.yaml"))


def ranking_of(study):
    """The `ranking` of a study; one of nothing where it has none."""
    return STUDIES[study]["ranking"] or {"datasets": [], "orders": {}, "directions": []}


def of_ranking(*keys):
    """Input function: some settings of the ranking of the study of the job's wildcards, those that it has."""
    return lambda wildcards: {key: own for key, own in ranking_of(wildcards.study).items() if key in keys}


def orders_by_training(study, dataset):
    """Names of the orders that one training on a data set serves, for each training, and settings of their models."""
    ranking, own = ranking_of(study), STUDIES[study]["datasets"][dataset]
    models = {name: order.model for name, order in ranking_settings.orders_of(ranking).items()}
    settings = {model: told(store.settings_on_dataset, config["models"], own, model) for model in models.values()}
    return [
        (orders, {models[name]: settings[models[name]] for name in orders})
        for orders in ranking_settings.orders_by_training(ranking, settings)
    ]


def batches_on(study, dataset, batches, models):
    """Where the scores of batches of subsets lie (`flaredag.store.StoredFit`), once the study's index is there."""
    index = checkpoints.draw_datasets.get(archive=ARCHIVE, study=study).output.index
    return feature_subsets.batches_of_subsets(
        batches,
        json.loads(Path(index).read_text())["datasets"][dataset]["seeds"],
        dataset=dataset,
        seeds=ranking_of(study)["seeds"],
        features=studies.features_of_dataset(STUDIES[study], dataset),
        models=models,
        code=SUBSET_CODE,
        environment=SUBSET_ENVIRONMENT,
        store=STORE,
    )


def individual_batches(study, dataset):
    """Batches of every feature by itself."""
    features = studies.features_of_dataset(STUDIES[study], dataset)
    subsets = feature_subsets.individual_subsets(features, ranking_of(study)["subsets_per_job"])
    return [
        batch
        for _, models in orders_by_training(study, dataset)
        for batch in batches_on(study, dataset, subsets, models)
    ]


def cumulative_batches(study, dataset):
    """Batches of the first or last features of the orders together, once features are ranked."""
    ranked = checkpoints.rank_features.get(archive=ARCHIVE, study=study, dataset=dataset).output.ranking
    ranking = ranking_of(study)
    in_order = told(feature_subsets.features_in_order, ranked, list(ranking["orders"]))
    found = []
    for orders, models in orders_by_training(study, dataset):
        subsets = feature_subsets.cumulative_subsets(
            [in_order[name] for name in orders],
            studies.features_of_dataset(STUDIES[study], dataset),
            ranking["subsets_per_job"],
            directions=ranking["directions"],
            sizes=ranking.get("cumulative_sizes"),
        )
        found += batches_on(study, dataset, subsets, models)
    return found


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
    """Inputs of a batch."""
    study, _ = subsets_asked(wildcards)
    return drawn_samples(study)


def scores_of_batches(batches):
    """Scores of batches, each file once."""
    return list(dict.fromkeys(f"{batch.folder}/scores.csv" for batch in batches))


def orders_of(wildcards):
    """Orders of the features of each data set that they are ranked on."""
    datasets = ranking_of(wildcards.study)["datasets"]
    return [f"results/{wildcards.archive}/{wildcards.study}/ranking/{dataset}.csv" for dataset in datasets]


def assessed(wildcards):
    """What the ranking of a study is joined from: of each data set its orders and the scores of all subsets."""
    study, datasets = wildcards.study, ranking_of(wildcards.study)["datasets"]
    files = {f"order_{name}": path for name, path in zip(datasets, orders_of(wildcards), strict=True)}
    # Of a study that ranks nothing, no other data set is a reason to join nothing again.
    files["index"] = [f"results/{wildcards.archive}/{study}/index.json"] if datasets else []
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


def shown_in_ranking(wildcards):
    """What a figure of a ranking shows: `dataset`, `kind` and `order` (`flaredag.ranking_settings.RankingFigure`)."""
    figures = dict(ranking_settings.figures_of_ranking(ranking_of(wildcards.study)))
    return figures[f"ranking_{wildcards.ranked}"]._asdict()
