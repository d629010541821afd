# fits, scores -> results/{archive}/{study}/: training_curves.csv, figures: how training went, and whether regions suffice


rule list_training_curves:
    """List loss and skill by epoch of the fits of which a study's figures show training curves."""
    input:
        provenances=lambda wildcards: [path for _, path in in_training_curves(wildcards)],
    output:
        training_curves="results/{archive}/{study}/training_curves.csv",
    log:
        "results/{archive}/logs/list_training_curves/{study}.log",
    conda:
        "../envs/list_training_curves.yaml"
    params:
        datasets=lambda wildcards: [dataset for dataset, _ in in_training_curves(wildcards)],
        asked=lambda wildcards: study_figures.training_curves_asked(STUDIES[wildcards.study]),
        code=code_digest("list_training_curves.py"),
    script:
        "../scripts/list_training_curves.py"


rule plot_training_curves:
    """Draw losses and skill of a training by epoch, a line a seed, with the epochs that are kept."""
    input:
        training_curves="results/{archive}/{study}/training_curves.csv",
    output:
        figure="results/{archive}/{study}/figures/{figure}.svg",
    log:
        "results/{archive}/logs/plot_training_curves/{study}-{figure}.log",
    wildcard_constraints:
        figure="training_curves[a-z0-9_]*",
    conda:
        "../envs/plot_training_curves.yaml"
    params:
        settings=lambda wildcards: configuration.figure_settings(STUDIES[wildcards.study], wildcards.figure),
        mark=mark_of_archive,
        code=code_digest("plot_training_curves.py"),
    script:
        "../scripts/plot_training_curves.py"


rule plot_training_regions:
    """Draw scores by the number of regions that train, mean and standard deviation over seeds."""
    input:
        scores="results/{archive}/{study}/scores.csv",
        index="results/{archive}/{study}/index.json",
    output:
        figure="results/{archive}/{study}/figures/{figure}.svg",
    log:
        "results/{archive}/logs/plot_training_regions/{study}-{figure}.log",
    wildcard_constraints:
        figure="training_regions[a-z0-9_]*",
    conda:
        "../envs/plot_training_regions.yaml"
    params:
        settings=lambda wildcards: configuration.figure_settings(STUDIES[wildcards.study], wildcards.figure),
        study=lambda wildcards: wildcards.study,
        mark=mark_of_archive,
        code=code_digest("plot_training_regions.py"),
    script:
        "../scripts/plot_training_regions.py"
