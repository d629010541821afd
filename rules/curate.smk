# results/{archive}/raw/ -> results/{archive}/tables/{instrument}-{shard}.nc, results/{archive}/flares/{list}.nc,
# and beside each the counts of what was read, dropped and why (.json)


rule curate_jsoc_keywords:
    """Curate keyword records as JSOC gives them: TAI to UTC, ranges checked, repetitions dropped and counted."""
    input:
        raw="results/embedded/raw/{instrument}-keywords.csv",
    output:
        table="results/embedded/tables/{instrument}-0.nc",
        counts="results/embedded/tables/{instrument}-0.json",
    log:
        "results/embedded/logs/curate_jsoc_keywords/{instrument}.log",
    conda:
        "../envs/curate_jsoc_keywords.yaml"
    params:
        instrument=lambda wildcards: wildcards.instrument,
        code=code_digest("curate_jsoc_keywords.py"),
    script:
        "../scripts/curate_jsoc_keywords.py"


rule curate_goes_flares:
    """Curate a GOES flare list: classes to peak flux, unknown classes dropped and counted."""
    input:
        raw="results/embedded/raw/goes-flares.csv",
    output:
        flares="results/embedded/flares/goes.nc",
        counts="results/embedded/flares/goes.json",
    log:
        "results/embedded/logs/curate_goes_flares.log",
    conda:
        "../envs/curate_goes_flares.yaml"
    params:
        code=code_digest("curate_goes_flares.py"),
    script:
        "../scripts/curate_goes_flares.py"


rule curate_labelled_samples:
    """Curate published samples: keyword records, and the flare list that their labels were made from."""
    input:
        raw="results/published/raw/zeyusun_smarp_sharp/d1d1be5/{instrument}_{shard}.csv",
    output:
        table="results/published/tables/{instrument}-{shard}.nc",
        flares="results/published/flares/{instrument}-{shard}.nc",
        counts="results/published/tables/{instrument}-{shard}.json",
    log:
        "results/published/logs/curate_labelled_samples/{instrument}-{shard}.log",
    conda:
        "../envs/curate_labelled_samples.yaml"
    params:
        instrument=lambda wildcards: wildcards.instrument,
        code=code_digest("curate_labelled_samples.py"),
    script:
        "../scripts/curate_labelled_samples.py"


rule curate_forecasts:
    """Take in anybody's forecasts (`--config forecasts=FILE.csv`), to be verified by the same code as ours."""
    input:
        forecasts=config["forecasts"] or [],
    output:
        predictions="results/forecasts/predictions.nc",
    log:
        "results/forecasts/logs/curate_forecasts.log",
    conda:
        "../envs/curate_forecasts.yaml"
    params:
        code=code_digest("curate_forecasts.py"),
    script:
        "../scripts/curate_forecasts.py"
