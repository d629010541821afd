# tables + flares -> results/{archive}/{study}/windows.nc -> datasets.nc and the index of their digests


rule make_windows:
    """Make the windows of a study, with evolution types and labels, from all tables and flares of an archive."""
    input:
        tables=source_of_study("tables"),
        flares=source_of_study("flares"),
        cubes=source_of_study("magnetograms"),
    output:
        windows="results/{archive}/{study}/windows.nc",
        samples="results/{archive}/{study}/samples.json",
    log:
        "results/{archive}/logs/make_windows/{study}.log",
    conda:
        "../envs/make_windows.yaml"
    params:
        settings=of_study("instruments", "features", "flare_history", "selection", "windows", "labels", "magnetograms"),
        code=code_digest("make_windows.py"),
    script:
        "../scripts/make_windows.py"


checkpoint draw_datasets:
    """Draw the data sets of a study for every seed, and index what they hold by digest."""
    input:
        windows="results/{archive}/{study}/windows.nc",
    output:
        index="results/{archive}/{study}/index.json",
        datasets="results/{archive}/{study}/datasets.nc",
    log:
        "results/{archive}/logs/draw_datasets/{study}.log",
    conda:
        "../envs/draw_datasets.yaml"
    params:
        settings=lambda wildcards: studies.settings_of_datasets(STUDIES[wildcards.study]),
        explanation=lambda wildcards: studies.explained(STUDIES[wildcards.study]),
        code=code_digest("draw_datasets.py"),
    script:
        "../scripts/draw_datasets.py"
