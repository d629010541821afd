# what a study is made from and has left -> results/{archive}/{study}/audit.csv; anybody's samples -> results/audit.csv


rule audit_leaks:
    """Look for leaks in a study's windows, splits, statistics, thresholds and forecasts. An undeclared leak fails."""
    input:
        windows="results/{archive}/{study}/windows.nc",
        datasets="results/{archive}/{study}/datasets.nc",
        scores="results/{archive}/{study}/scores.csv",
        predictions=lambda wildcards: [path for _, path in ours_in(wildcards)],
        tables=source_of_study("tables"),
        flares=source_of_study("flares"),
        cubes=source_of_study("magnetograms"),
    output:
        audit="results/{archive}/{study}/audit.csv",
    log:
        "results/{archive}/logs/audit_leaks/{study}.log",
    conda:
        "../envs/audit_leaks.yaml"
    params:
        predicted=lambda wildcards: [dataset for dataset, _ in ours_in(wildcards)],
        study=lambda wildcards: wildcards.study,
        settings=of_study("instruments", "features", "flare_history", "selection", "windows", "labels", "magnetograms"),
        drawn=lambda wildcards: studies.settings_of_datasets(STUDIES[wildcards.study]),
        declared_leaks=lambda wildcards: [
            {key: leak[key] for key in ("setting", "value") if key in leak}
            for leak in STUDIES[wildcards.study]["declared_leaks"]
        ],
        seed=config["audit"]["seed"],
        code=code_digest("audit_leaks.py"),
    script:
        "../scripts/audit_leaks.py"


rule audit_samples:
    """Look for leaks in anybody's data set or forecasts (`--config audited=FILE.csv`). A leak fails."""
    input:
        audited=audited_samples,
        altered=config["altered"] or [],
    output:
        audit="results/audit.csv",
    log:
        "results/logs/audit_samples.log",
    conda:
        "../envs/audit_samples.yaml"
    params:
        altered_from=config["altered_from"],
        window_hours=config["audit"]["window_hours"],
        horizon_hours=config["audit"]["horizon_hours"],
        code=code_digest("audit_samples.py"),
    script:
        "../scripts/audit_samples.py"
