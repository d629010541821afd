# anybody's forecasts (`--config forecasts=FILE.csv`) -> results/forecasts/, results/verification.pdf; reads no archive


rule curate_forecasts:
    """Take in anybody's forecasts, to be verified by the same code as ours."""
    input:
        forecasts=config["forecasts"] or [],
    output:
        predictions="results/forecasts/predictions.nc",
        source="results/forecasts/source.json",
    log:
        "results/forecasts/logs/curate_forecasts.log",
    conda:
        "../envs/curate_forecasts.yaml"
    params:
        code=code_digest("curate_forecasts.py"),
    script:
        "../scripts/curate_forecasts.py"


rule verify_forecasts:
    """Verify the forecasts: scores with intervals, curves, comparisons, diagrams of calibration and value."""
    input:
        predictions="results/forecasts/predictions.nc",
    output:
        scores="results/forecasts/scores.csv",
        intervals="results/forecasts/intervals.csv",
        curves="results/forecasts/curves.csv",
        comparisons="results/forecasts/comparisons.csv",
        diagnostics="results/forecasts/diagnostics.csv",
        decomposition="results/forecasts/decomposition.csv",
    log:
        "results/forecasts/logs/verify_forecasts.log",
    conda:
        "../envs/verify_forecasts.yaml"
    params:
        settings={key: config["verification"][key] for key in ("resamples", "seed", "level")},
        code=code_digest("verify_forecasts.py"),
    script:
        "../scripts/verify_forecasts.py"


rule audit_forecasts:
    """Look for leaks in the forecasts. They are told, and nothing fails: they are not ours to mend."""
    input:
        predictions="results/forecasts/predictions.nc",
    output:
        audit="results/forecasts/audit.csv",
    log:
        "results/forecasts/logs/audit_forecasts.log",
    conda:
        "../envs/audit_forecasts.yaml"
    params:
        settings={key: config["audit"][key] for key in ("window_hours", "horizon_hours")},
        code=code_digest("audit_forecasts.py"),
    script:
        "../scripts/audit_forecasts.py"


rule plot_forecasts:
    """Draw the figures of the verification: skill of all models; curves, calibration and value of the best."""
    input:
        scores="results/forecasts/scores.csv",
        intervals="results/forecasts/intervals.csv",
        curves="results/forecasts/curves.csv",
        diagnostics="results/forecasts/diagnostics.csv",
        decomposition="results/forecasts/decomposition.csv",
    output:
        skill="results/forecasts/figures/skill.svg",
        curves="results/forecasts/figures/curves.svg",
        diagnostics="results/forecasts/figures/diagnostics.svg",
    log:
        "results/forecasts/logs/plot_forecasts.log",
    conda:
        "../envs/plot_forecasts.yaml"
    params:
        code=code_digest("plot_forecasts.py"),
    script:
        "../scripts/plot_forecasts.py"


rule write_verification:
    """Write the verification of the forecasts as PDF: what was verified, the answer, leaks, tables and figures."""
    input:
        predictions="results/forecasts/predictions.nc",
        source="results/forecasts/source.json",
        intervals="results/forecasts/intervals.csv",
        comparisons="results/forecasts/comparisons.csv",
        diagnostics="results/forecasts/diagnostics.csv",
        decomposition="results/forecasts/decomposition.csv",
        audit="results/forecasts/audit.csv",
        figures=[f"results/forecasts/figures/{name}.svg" for name in ("skill", "curves", "diagnostics")],
        template=beside_snakefile("scripts/verification.typ"),
        looks=beside_snakefile("scripts/report_looks.typ"),
    output:
        verification="results/verification.pdf",
    log:
        "results/forecasts/logs/write_verification.log",
    conda:
        "../envs/write_verification.yaml"
    params:
        level=config["verification"]["level"],
        packages=["numpy", "pandas", "scipy", "scores", "snakemake", "xarray"],
        code=code_digest("write_verification.py"),
    script:
        "../scripts/write_verification.py"
