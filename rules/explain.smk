# checkpoints + magnetograms -> results/{archive}/{study}/explanations/, checks.csv, figures: what the CNN looks at


rule explain_bipoles:
    """Explain synthetic bipoles of several strengths, separations and tilts by the CNNs of a data set."""
    input:
        checkpoints=lambda wildcards: explaining_checkpoints(
            wildcards.study, STUDIES[wildcards.study]["explanation"]["bipoles"]["dataset"]
        ),
    output:
        explanation="results/{archive}/{study}/explanations/bipoles.nc",
        table="results/{archive}/{study}/explanations/bipoles.csv",
        checks="results/{archive}/{study}/explanations/bipoles.checks.csv",
    log:
        "results/{archive}/logs/explain_bipoles/{study}.log",
    conda:
        "../envs/explain_bipoles.yaml"
    params:
        model=lambda wildcards: STUDIES[wildcards.study]["explanation"]["model"],
        settings=lambda wildcards: STUDIES[wildcards.study]["explanation"]["bipoles"],
        code=code_digest("explain_bipoles.py"),
    script:
        "../scripts/explain_bipoles.py"


rule explain_region:
    """Explain the forecasts of one region by the CNN of a fold that has not seen it."""
    input:
        unpack(explanation_inputs),
    output:
        explanation="results/{archive}/{study}/explanations/{instrument}-{region}.nc",
        checks="results/{archive}/{study}/explanations/{instrument}-{region}.checks.csv",
    log:
        "results/{archive}/logs/explain_region/{study}-{instrument}-{region}.log",
    conda:
        "../envs/explain_region.yaml"
    params:
        others=lambda wildcards: [STUDIES[wildcards.study]["explanation"]["bipoles"]["dataset"]],
        settings=explanation_settings,
        code=code_digest("explain_region.py"),
    script:
        "../scripts/explain_region.py"


rule show_explanation:
    """Show how a region's forecast came about: a page that steps through time, and an animation."""
    input:
        explanation="results/{archive}/{study}/explanations/{instrument}-{region}.nc",
        template=beside_snakefile("scripts/explanation.html"),
    output:
        page="results/{archive}/{study}/explanations/{instrument}-{region}.html",
        animation="results/{archive}/{study}/explanations/{instrument}-{region}.gif",
    log:
        "results/{archive}/logs/show_explanation/{study}-{instrument}-{region}.log",
    conda:
        "../envs/show_explanation.yaml"
    params:
        code=code_digest("show_explanation.py"),
    script:
        "../scripts/show_explanation.py"


rule plot_explanations:
    """Draw one figure of what is explained in a study, as Figures 12 to 15 of Sun et al. 2022."""
    input:
        explanations=lambda wildcards: regions_explained(wildcards.study, ".nc"),
        bipoles="results/{archive}/{study}/explanations/bipoles.nc",
        sweep="results/{archive}/{study}/explanations/bipoles.csv",
    output:
        figure="results/{archive}/{study}/figures/{figure}.svg",
    log:
        "results/{archive}/logs/plot_explanations/{study}-{figure}.log",
    wildcard_constraints:
        figure="explained_[a-z]+",
    conda:
        "../envs/plot_explanations.yaml"
    params:
        kind=lambda wildcards: wildcards.figure,
        mark=mark_of_archive,
        code=code_digest("plot_explanations.py"),
    script:
        "../scripts/plot_explanations.py"
