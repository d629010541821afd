# data sets -> {store}/searches/{dataset_digest}/{search_digest}/: trials.csv, optimum.json
# -> results/{archive}/{study}/: searches.csv, optima.yaml, figures/


rule search_hyperparameters:
    """Search the hyperparameters of a model on one data set by its scores on the validation splits."""
    input:
        unpack(search_inputs),
    output:
        trials=f"{STORE}/searches/{{dataset_digest}}/{{search_digest}}/trials.csv",
        optimum=f"{STORE}/searches/{{dataset_digest}}/{{search_digest}}/optimum.json",
        provenance=f"{STORE}/searches/{{dataset_digest}}/{{search_digest}}/provenance.json",
    log:
        "results/logs/search_hyperparameters/{dataset_digest}-{search_digest}.log",
    wildcard_constraints:
        search_digest="[0-9a-f]{16}",
    conda:
        "../envs/search_hyperparameters.yaml"
    params:
        made_from=lambda wildcards: search_asked(wildcards)[1].made_from,
    script:
        "../scripts/search_hyperparameters.py"


rule list_searches:
    """Join what the hyperparameter searches of a study came to: settings, scores, and where the trials lie."""
    input:
        unpack(optima_of),
    output:
        searches="results/{archive}/{study}/searches.csv",
    log:
        "results/{archive}/logs/list_searches/{study}.log",
    conda:
        "../envs/list_searches.yaml"
    params:
        searches=listed_searches,
        study=lambda wildcards: wildcards.study,
        code=code_digest("list_searches.py"),
    script:
        "../scripts/list_searches.py"


rule write_optima:
    """Write the optima of a study's searches as a configuration that lays them over the configured settings."""
    input:
        unpack(optima_of),
    output:
        optima="results/{archive}/{study}/optima.yaml",
    log:
        "results/{archive}/logs/write_optima/{study}.log",
    conda:
        "../envs/write_optima.yaml"
    params:
        searches=models_of_optima,
        study=lambda wildcards: wildcards.study,
        code=code_digest("write_optima.py"),
    script:
        "../scripts/write_optima.py"


rule plot_search:
    """Draw the validation score of each trial of a hyperparameter search, and the best so far."""
    input:
        trials=lambda wildcards: f"{searches_stored(wildcards.study)[wildcards.search].folder}/trials.csv",
    output:
        figure="results/{archive}/{study}/figures/search_{search}.svg",
    log:
        "results/{archive}/logs/plot_search/{study}-{search}.log",
    wildcard_constraints:
        search="[a-z0-9_]+",
    conda:
        "../envs/plot_search.yaml"
    params:
        shown=lambda wildcards: search_settings.searches_of(STUDIES[wildcards.study])[wildcards.search],
        mark=mark_of_archive,
        code=code_digest("plot_search.py"),
    script:
        "../scripts/plot_search.py"
