# predictions -> results/{archive}/{study}/: intervals, strata, flare lists, diagnostics, leaks, and the ladder's figures


rule bound_scores:
    """Bound every score, and every difference that is asked for, by resampling regions and solar rotations."""
    input:
        predictions=lambda wildcards: [path for _, _, path in verified(wildcards)],
        scores="results/{archive}/{study}/scores.csv",
    output:
        intervals="results/{archive}/{study}/intervals.csv",
        differences="results/{archive}/{study}/differences.csv",
    log:
        "results/{archive}/logs/bound_scores/{study}.log",
    conda:
        "../envs/bound_scores.yaml"
    threads: 2
    params:
        datasets=lambda wildcards: [dataset for dataset, _, _ in verified(wildcards)],
        study=lambda wildcards: wildcards.study,
        families=of_study("comparisons"),
        settings=of_verification("resamples", "seed", "level"),
        reliability_bins=bins_of_reliability,
        code=code_digest("bound_scores.py"),
    script:
        "../scripts/bound_scores.py"


rule describe_windows:
    """Tell of every window to which strata it belongs: first flare, place on the disk, phase of the cycle, McIntosh."""
    input:
        unpack(told_of_regions),
        windows="results/{archive}/{study}/windows.nc",
        tables=source_of_study("tables"),
        flares=source_of_study("flares"),
    output:
        strata="results/{archive}/{study}/strata.nc",
    log:
        "results/{archive}/logs/describe_windows/{study}.log",
    conda:
        "../envs/describe_windows.yaml"
    params:
        labels=of_study("labels"),
        solar_cycles=of_study("solar_cycles"),
        code=code_digest("describe_windows.py"),
    script:
        "../scripts/describe_windows.py"


rule verify_strata:
    """Verify the headline's models in each stratum of the windows, and their all-clears."""
    input:
        predictions=lambda wildcards: predictions_of(wildcards, study_series.strata_series),
        strata="results/{archive}/{study}/strata.nc",
    output:
        verified="results/{archive}/{study}/strata.csv",
    log:
        "results/{archive}/logs/verify_strata/{study}.log",
    conda:
        "../envs/verify_strata.yaml"
    params:
        datasets=lambda wildcards: datasets_of(wildcards, study_series.strata_series),
        models=lambda wildcards: list(
            dict.fromkeys(one["model"] for one in study_series.strata_series(STUDIES[wildcards.study]))
        ),
        study=lambda wildcards: wildcards.study,
        bootstrap=of_verification("resamples", "seed", "level"),
        greatest_missed_share=config["verification"]["all_clear_missed_fraction"],
        code=code_digest("verify_strata.py"),
    script:
        "../scripts/verify_strata.py"


rule relabel_predictions:
    """Score the same forecasts under each flare list by itself, with and without the factor 0.7 of GOES 8-15."""
    input:
        unpack(relabelled_by),
        windows="results/{archive}/{study}/windows.nc",
        tables=source_of_study("tables"),
        scores="results/{archive}/{study}/scores.csv",
        predictions=lambda wildcards: [path for _, path in relabelled(wildcards)],
    output:
        labels="results/{archive}/{study}/labels.csv",
    log:
        "results/{archive}/logs/relabel_predictions/{study}.log",
    conda:
        "../envs/relabel_predictions.yaml"
    params:
        study=lambda wildcards: wildcards.study,
        flare_lists=lambda wildcards: list(STUDIES[wildcards.study]["label_lists"]),
        datasets=lambda wildcards: [dataset for dataset, _ in relabelled(wildcards)],
        settings=relabelling_settings,
        code=code_digest("relabel_predictions.py"),
    script:
        "../scripts/relabel_predictions.py"


rule diagnose_forecasts:
    """Diagnose forecasts as they would be issued: CORP reliability, economic value, Murphy diagrams."""
    input:
        predictions=lambda wildcards: predictions_of(wildcards, study_series.diagnosed_series),
    output:
        diagnostics="results/{archive}/{study}/diagnostics.csv",
        decomposition="results/{archive}/{study}/decomposition.csv",
    log:
        "results/{archive}/logs/diagnose_forecasts/{study}.log",
    conda:
        "../envs/diagnose_forecasts.yaml"
    params:
        datasets=lambda wildcards: datasets_of(wildcards, study_series.diagnosed_series),
        series=lambda wildcards: study_series.diagnosed_series(STUDIES[wildcards.study]),
        settings=of_verification("resamples", "seed", "level"),
        code=code_digest("diagnose_forecasts.py"),
    script:
        "../scripts/diagnose_forecasts.py"


rule plot_diagnostics:
    """Draw reliability, value and Murphy diagram of the forecasts of one data set."""
    input:
        diagnostics="results/{archive}/{study}/diagnostics.csv",
        decomposition="results/{archive}/{study}/decomposition.csv",
    output:
        figure="results/{archive}/{study}/figures/diagnostics_{diagnosed}.svg",
    log:
        "results/{archive}/logs/plot_diagnostics/{study}-{diagnosed}.log",
    conda:
        "../envs/plot_diagnostics.yaml"
    params:
        dataset=lambda wildcards: wildcards.diagnosed.upper(),
        models=lambda wildcards: [
            one["model"]
            for one in study_series.diagnosed_series(STUDIES[wildcards.study])
            if one["dataset"] == wildcards.diagnosed.upper()
        ],
        title=lambda wildcards: f"{wildcards.study}: calibration and value on {wildcards.diagnosed.upper()}",
        mark=mark_of_archive,
        code=code_digest("plot_diagnostics.py"),
    script:
        "../scripts/plot_diagnostics.py"


rule plot_ladder:
    """Draw how the scores of one model change as the protocol becomes a forecaster's, a rung at a time."""
    input:
        intervals="results/{archive}/{study}/intervals.csv",
    output:
        figure="results/{archive}/{study}/figures/ladder_{model}.svg",
    log:
        "results/{archive}/logs/plot_ladder/{study}-{model}.log",
    conda:
        "../envs/plot_ladder.yaml"
    params:
        ladders=of_study("ladders"),
        model=lambda wildcards: wildcards.model,
        mark=mark_of_archive,
        code=code_digest("plot_ladder.py"),
    script:
        "../scripts/plot_ladder.py"
