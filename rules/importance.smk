# checkpoints + samples -> results/{archive}/{study}/importance/, figures: which features the models lean on


rule permute_features:
    """Permute groups of correlated features of the test samples of a data set, and tell what its fits lose by it."""
    input:
        # Ancient: the digests say what they must hold, and that is checked; another data set beside changes nothing.
        windows=ancient("results/{archive}/{study}/windows.nc"),
        datasets=ancient("results/{archive}/{study}/datasets.nc"),
        checkpoints=lambda wildcards: checkpoints_of(
            wildcards.study,
            wildcards.dataset,
            STUDIES[wildcards.study]["importance"]["models"],
            permuted_seeds(wildcards),
        ),
    output:
        importance="results/{archive}/{study}/importance/{dataset}.csv",
    log:
        "results/{archive}/logs/permute_features/{study}-{dataset}.log",
    conda:
        "../envs/permute_features.yaml"
    params:
        task=lambda wildcards: STUDIES[wildcards.study]["datasets"][wildcards.dataset].get("task", ""),
        digests=permuted_digests,
        settings=permutation_settings,
        code=code_digest("permute_features.py"),
    script:
        "../scripts/permute_features.py"


rule plot_importance:
    """Draw what models of a data set lose, a bar a group of features."""
    input:
        importance="results/{archive}/{study}/importance.csv",
    output:
        figure="results/{archive}/{study}/figures/importance_{permuted}.svg",
    log:
        "results/{archive}/logs/plot_importance/{study}-{permuted}.log",
    conda:
        "../envs/plot_importance.yaml"
    params:
        dataset=lambda wildcards: next(
            name
            for name in importance_settings.permuted_datasets(STUDIES[wildcards.study])
            if name.lower() == wildcards.permuted
        ),
        study=lambda wildcards: wildcards.study,
        mark=mark_of_archive,
        code=code_digest("plot_importance.py"),
    script:
        "../scripts/plot_importance.py"
