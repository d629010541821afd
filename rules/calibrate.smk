# predictions of regions -> results/{archive}/{study}/calibrated/, full_disk/: what a forecaster would issue


rule calibrate_predictions:
    """Calibrate the forecasts of a data set to the natural event rate, and make conformal sets of them."""
    input:
        predictions=learner_files,
        index="results/{archive}/{study}/index.json",
    output:
        calibrated="results/{archive}/{study}/calibrated/{dataset}.nc",
        conformal="results/{archive}/{study}/calibrated/{dataset}.conformal.csv",
    log:
        "results/{archive}/logs/calibrate_predictions/{study}-{dataset}.log",
    conda:
        "../envs/calibrate_predictions.yaml"
    params:
        study=lambda wildcards: wildcards.study,
        dataset=lambda wildcards: wildcards.dataset,
        undersampled=lambda wildcards: drawn_as(wildcards)["undersampled"],
        class_weighted=lambda wildcards: study_series.class_weighted(STUDIES[wildcards.study], config["models"]),
        settings=of_verification("resamples", "seed", "level", "coverage_targets"),
        code=code_digest("calibrate_predictions.py"),
    script:
        "../scripts/calibrate_predictions.py"


rule aggregate_full_disk:
    """Make one forecast a day for the whole disk from the calibrated forecasts of its regions."""
    input:
        predictions=lambda wildcards: calibrated_of(wildcards.study)[disk_settings(wildcards)["made_from"]],
        windows="results/{archive}/{study}/windows.nc",
        datasets="results/{archive}/{study}/datasets.nc",
        flares=lambda wildcards: ARCHIVES[ARCHIVE].curated[disk_settings(wildcards)["flares"]],
    output:
        disk="results/{archive}/{study}/full_disk/{dataset}.nc",
    log:
        "results/{archive}/logs/aggregate_full_disk/{study}-{dataset}.log",
    conda:
        "../envs/aggregate_full_disk.yaml"
    params:
        dataset=lambda wildcards: disk_settings(wildcards)["made_from"],
        task=lambda wildcards: disk_settings(wildcards)["task"],
        settings=lambda wildcards: disk_settings(wildcards)["settings"],
        code=code_digest("aggregate_full_disk.py"),
    script:
        "../scripts/aggregate_full_disk.py"
