# data sets -> {store}/subsets/{dataset_digest}/{subsets_digest}/scores.csv
# -> results/{archive}/{study}/: ranking/{dataset}.csv, ranking.csv, ranking_agreement.csv, ranking_claims.csv, figures/


rule score_subsets:
    """Fit models on subsets of the features of one data set, a batch of them on every seed; keep only the scores."""
    input:
        unpack(subset_inputs),
    output:
        scores=f"{STORE}/subsets/{{dataset_digest}}/{{subsets_digest}}/scores.csv",
        provenance=f"{STORE}/subsets/{{dataset_digest}}/{{subsets_digest}}/provenance.json",
    log:
        "results/logs/score_subsets/{dataset_digest}-{subsets_digest}.log",
    wildcard_constraints:
        subsets_digest="[0-9a-f]{16}",
    conda:
        "../envs/score_subsets.yaml"
    params:
        made_from=lambda wildcards: subsets_asked(wildcards)[1].made_from,
    script:
        "../scripts/score_subsets.py"


checkpoint rank_features:
    """Rank the features of one data set by the mean score that a model has on each alone, once for every order."""
    input:
        scores=lambda wildcards: scores_of_batches(individual_batches(wildcards.study, wildcards.dataset)),
    output:
        ranking="results/{archive}/{study}/ranking/{dataset}.csv",
    log:
        "results/{archive}/logs/rank_features/{study}-{dataset}.log",
    conda:
        "../envs/rank_features.yaml"
    params:
        features=lambda wildcards: studies.features_of_dataset(STUDIES[wildcards.study], wildcards.dataset),
        settings=of_ranking("orders"),
        code=code_digest("rank_features.py"),
    script:
        "../scripts/rank_features.py"


rule assess_features:
    """Join the scores of single features, and of the first or last of each order, of all data sets of a study."""
    input:
        unpack(assessed),
        published=of_published_ranking("published"),
    output:
        ranking="results/{archive}/{study}/ranking.csv",
    log:
        "results/{archive}/logs/assess_features/{study}.log",
    conda:
        "../envs/assess_features.yaml"
    params:
        study=lambda wildcards: wildcards.study,
        settings=of_ranking("datasets", "orders", "directions", "cumulative_sizes"),
        code=code_digest("assess_features.py"),
    script:
        "../scripts/assess_features.py"


rule compare_rankings:
    """Hold our ranking of features against a paper's, under both namings of its columns, and judge what it claims."""
    input:
        ranking="results/{archive}/{study}/ranking.csv",
        published=of_published_ranking("published"),
        claims=of_published_ranking("claims"),
    output:
        agreement="results/{archive}/{study}/ranking_agreement.csv",
        claims="results/{archive}/{study}/ranking_claims.csv",
    log:
        "results/{archive}/logs/compare_rankings/{study}.log",
    conda:
        "../envs/compare_rankings.yaml"
    params:
        study=lambda wildcards: wildcards.study,
        settings=of_ranking("datasets", "orders"),
        code=code_digest("compare_rankings.py"),
    script:
        "../scripts/compare_rankings.py"


use rule list_fits as list_subsets with:
    input:
        index="results/{archive}/{study}/index.json",
        orders=orders_of,
    output:
        fits="results/{archive}/{study}/subsets.csv",
    log:
        "results/{archive}/logs/list_subsets/{study}.log",
    params:
        fits=lambda wildcards: store.fit_rows(subsets_of(wildcards.study)),
        code=code_digest("list_fits.py"),


rule plot_ranking:
    """Draw the skill of every feature of a data set alone, in order, and of the first or last ones together."""
    input:
        ranking="results/{archive}/{study}/ranking.csv",
    output:
        figure="results/{archive}/{study}/figures/ranking_{ranked}.svg",
    log:
        "results/{archive}/logs/plot_ranking/{study}-{ranked}.log",
    wildcard_constraints:
        ranked="[a-z0-9_]+",
    conda:
        "../envs/plot_ranking.yaml"
    params:
        shown=shown_in_ranking,
        settings=of_ranking("orders", "directions"),
        mark=mark_of_archive,
        code=code_digest("plot_ranking.py"),
    script:
        "../scripts/plot_ranking.py"
