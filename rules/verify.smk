# predictions -> results/{archive}/{study}/: scores.csv, curves.csv, runs.csv, comparisons.csv, papers.csv, figures/


rule list_fits:
    """List which digest is what: the fits of a study, for people and for `make prune`."""
    input:
        index="results/{archive}/{study}/index.json",
    output:
        fits="results/{archive}/{study}/fits.csv",
    log:
        "results/{archive}/logs/list_fits/{study}.log",
    conda:
        "../envs/list_fits.yaml"
    params:
        fits=lambda wildcards: store.fit_rows(fits_of(wildcards.study)),
        code=code_digest("list_fits.py"),
    script:
        "../scripts/list_fits.py"


rule verify_predictions:
    """Verify every prediction of a study by one code: scores at each threshold, and curves."""
    input:
        predictions=lambda wildcards: [path for _, _, path in verified(wildcards)],
    output:
        scores="results/{archive}/{study}/scores.csv",
        curves="results/{archive}/{study}/curves.csv",
    log:
        "results/{archive}/logs/verify_predictions/{study}.log",
    conda:
        "../envs/verify_predictions.yaml"
    params:
        datasets=lambda wildcards: [dataset for dataset, _, _ in verified(wildcards)],
        protocols=lambda wildcards: [protocol for _, protocol, _ in verified(wildcards)],
        archive=lambda wildcards: wildcards.archive,
        study=lambda wildcards: wildcards.study,
        reliability_bins=bins_of_reliability,
        code=code_digest("verify_predictions.py"),
    script:
        "../scripts/verify_predictions.py"


rule verify_overlapping_runs:
    """Score fits that lack a training fold on test samples that lack a test fold; compare two models over these runs."""
    input:
        predictions=lambda wildcards: [path for _, path in in_runs(wildcards)],
    output:
        runs="results/{archive}/{study}/runs.csv",
        comparisons="results/{archive}/{study}/runs_comparison.csv",
    log:
        "results/{archive}/logs/verify_overlapping_runs/{study}.log",
    conda:
        "../envs/verify_overlapping_runs.yaml"
    params:
        datasets=lambda wildcards: [dataset for dataset, _ in in_runs(wildcards)],
        asked=runs_asked,
        settings=of_verification("resamples", "seed", "level"),
        code=code_digest("verify_overlapping_runs.py"),
    script:
        "../scripts/verify_overlapping_runs.py"


rule export_predictions:
    """Write the predictions of a data set as CSV, in the form in which anybody's forecasts are taken in."""
    input:
        predictions=prediction_files,
    output:
        exported="results/{archive}/{study}/predictions/{dataset}.csv",
    log:
        "results/{archive}/logs/export_predictions/{study}-{dataset}.log",
    conda:
        "../envs/export_predictions.yaml"
    params:
        code=code_digest("export_predictions.py"),
    script:
        "../scripts/export_predictions.py"


rule compare_models:
    """Test which model or data set is better: over seeds, as papers do and corrected, and by resampled regions."""
    input:
        scores="results/{archive}/{study}/scores.csv",
        differences="results/{archive}/{study}/differences.csv",
        index="results/{archive}/{study}/index.json",
        daily=lambda wildcards: list(full_disk_of(wildcards.study).values()),
    output:
        comparisons="results/{archive}/{study}/comparisons.csv",
    log:
        "results/{archive}/logs/compare_models/{study}.log",
    conda:
        "../envs/compare_models.yaml"
    params:
        settings=of_study("comparisons"),
        study=lambda wildcards: wildcards.study,
        daily_datasets=lambda wildcards: list(full_disk_of(wildcards.study)),
        code=code_digest("compare_models.py"),
    script:
        "../scripts/compare_models.py"


rule compare_papers:
    """Put each published figure beside ours, and say where they disagree and why."""
    input:
        papers=lambda wildcards: beside_snakefile(STUDIES[wildcards.study]["published_figures"]),
        scores="results/{archive}/{study}/scores.csv",
        comparisons="results/{archive}/{study}/comparisons.csv",
        samples="results/{archive}/{study}/samples.json",
        index="results/{archive}/{study}/index.json",
        runs="results/{archive}/{study}/runs.csv",
    output:
        papers="results/{archive}/{study}/papers.csv",
    log:
        "results/{archive}/logs/compare_papers/{study}.log",
    conda:
        "../envs/compare_papers.yaml"
    params:
        archive=lambda wildcards: wildcards.archive,
        study=lambda wildcards: wildcards.study,
        agreement=of_study("agreement"),
        reasons=of_study("reasons"),
        code=code_digest("compare_papers.py"),
    script:
        "../scripts/compare_papers.py"


rule plot_verification:
    """Plot reliability diagram, ROC and skill score profiles of a group of models, with the spread over seeds."""
    input:
        curves="results/{archive}/{study}/curves.csv",
        scores="results/{archive}/{study}/scores.csv",
    output:
        figure="results/{archive}/{study}/figures/{figure}.svg",
    log:
        "results/{archive}/logs/plot_verification/{study}-{figure}.log",
    wildcard_constraints:
        figure="(?!ensemble_|explained_|ladder_|diagnostics_|importance_|ranking_|search_|training_)[a-z0-9_]+",
    conda:
        "../envs/plot_verification.yaml"
    params:
        group=lambda wildcards: configuration.figure_settings(STUDIES[wildcards.study], wildcards.figure),
        study=lambda wildcards: wildcards.study,
        mark=mark_of_archive,
        # Ensembles, many of each, have a section and figures of their own.
        left_out=lambda wildcards: study_series.names_of_ensembles(STUDIES[wildcards.study]["ensembles"]),
        in_training_folds=lambda wildcards: study_series.datasets_in_training_folds(STUDIES[wildcards.study]),
        code=code_digest("plot_verification.py"),
    script:
        "../scripts/plot_verification.py"


rule check_artefacts:
    """Check what a study left behind: units, gaps, leaks. A failed check fails the build."""
    input:
        checks=beside_snakefile("tests/artefacts/test_study.py"),
        windows="results/{archive}/{study}/windows.nc",
        datasets="results/{archive}/{study}/datasets.nc",
        predictions=lambda wildcards: [path for _, path in predicted(wildcards)],
        scores="results/{archive}/{study}/scores.csv",
    output:
        checked="results/{archive}/{study}/checked.json",
    log:
        "results/{archive}/logs/check_artefacts/{study}.log",
    conda:
        "../envs/check_artefacts.yaml"
    params:
        predicted=lambda wildcards: [dataset for dataset, _ in predicted(wildcards)],
        settings=of_study("labels", "splits", "datasets"),
        drawn=lambda wildcards: studies.settings_of_datasets(STUDIES[wildcards.study]),
        code=code_digest("check_artefacts.py"),
    script:
        "../scripts/check_artefacts.py"
