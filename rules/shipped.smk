# What a paper's authors shipped with their code, of the archive `published`:
# published files -> results/{archive}/{study}/shipped_*.csv

SHIPPED_FILES = [
    f"{archive_files.PUBLISHED}/raw/{file.name}" for file in sources.files_of_form(SOURCES, "shipped_forecasts")
]


use rule retrieve_published_magnetograms as retrieve_shipped with:
    output:
        SHIPPED_FILES,
    log:
        "results/published/logs/retrieve_shipped.log",


rule curate_shipped:
    """Curate what the authors shipped: the forecasts of their model, and which keyword each column really is."""
    input:
        unpack(in_shipped),
    output:
        forecasts="results/{archive}/{study}/shipped_forecasts.csv",
        columns="results/{archive}/{study}/shipped_columns.csv",
    log:
        "results/{archive}/logs/curate_shipped/{study}.log",
    conda:
        "../envs/curate_shipped.yaml"
    params:
        raw_dir=f"{archive_files.PUBLISHED}/raw",
        code=code_digest("curate_shipped.py"),
    script:
        "../scripts/curate_shipped.py"


rule verify_shipped:
    """Verify the forecasts that the authors shipped by the code that verifies ours."""
    input:
        facts=facts_of_shipped,
        forecasts="results/{archive}/{study}/shipped_forecasts.csv",
    output:
        scores="results/{archive}/{study}/shipped_scores.csv",
    log:
        "results/{archive}/logs/verify_shipped/{study}.log",
    conda:
        "../envs/verify_shipped.yaml"
    params:
        settings=of_verification("resamples", "seed", "level"),
        code=code_digest("verify_shipped.py"),
    script:
        "../scripts/verify_shipped.py"
