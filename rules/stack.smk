# predictions of base learners -> results/{archive}/{study}/ensembles/, weights.csv: combinations, fitted on validation


rule stack_predictions:
    """Combine the models of a data set, with weights fitted on the validation split."""
    input:
        predictions=learner_files,
    output:
        predictions="results/{archive}/{study}/ensembles/{dataset}.nc",
        weights="results/{archive}/{study}/ensembles/{dataset}.weights.csv",
    log:
        "results/{archive}/logs/stack_predictions/{study}-{dataset}.log",
    conda:
        "../envs/stack_predictions.yaml"
    params:
        dataset=lambda wildcards: wildcards.dataset,
        ensembles=lambda wildcards: study_series.ensembles_on(STUDIES[wildcards.study], wildcards.dataset),
        code=code_digest("stack_predictions.py"),
    script:
        "../scripts/stack_predictions.py"


rule join_tables:
    """Join the tables of a study of which each part has its own: weights of ensembles, checks of explanations and others."""
    input:
        tables=tables_to_join,
    output:
        joined="results/{archive}/{study}/{table}.csv",
    log:
        "results/{archive}/logs/join_tables/{study}-{table}.log",
    wildcard_constraints:
        table="weights|checks|conformal|importance",
    conda:
        "../envs/join_tables.yaml"
    params:
        code=code_digest("join_tables.py"),
    script:
        "../scripts/join_tables.py"


rule plot_ensembles:
    """Draw one figure of the first ensemble of a study, as Figures 9 to 11 of Sun et al. 2022."""
    input:
        sources=in_ensemble_figure,
    output:
        figure="results/{archive}/{study}/figures/{figure}.svg",
    log:
        "results/{archive}/logs/plot_ensembles/{study}-{figure}.log",
    wildcard_constraints:
        figure="ensemble_[a-z]+",
    conda:
        "../envs/plot_ensembles.yaml"
    params:
        kind=lambda wildcards: wildcards.figure,
        ensemble=lambda wildcards: STUDIES[wildcards.study]["ensembles"][0],
        datasets=lambda wildcards: datasets_in_ensemble_figure(STUDIES[wildcards.study]),
        seed=lambda wildcards: STUDIES[wildcards.study]["seeds"][0],
        criterion="accuracy",
        study=lambda wildcards: wildcards.study,
        mark=mark_of_archive,
        code=code_digest("plot_ensembles.py"),
    script:
        "../scripts/plot_ensembles.py"
