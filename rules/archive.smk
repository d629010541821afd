# curated files -> results/{archive}/coverage.csv, archive.json, overlap/, figures/: what the archive holds

OVERLAP = config["curation"]["overlap"]


rule summarise_archive:
    """Summarise what an archive holds: records, images and flares of each month, what was left out and why."""
    input:
        unpack(kept_and_left_out),
        tables=curated_files("tables"),
        cubes=curated_files("cubes"),
        flares=curated_files("flares"),
        disagreements=curated_files("disagreements"),
    output:
        coverage="results/{archive}/coverage.csv",
        archive="results/{archive}/archive.json",
    log:
        "results/{archive}/logs/summarise_archive.log",
    conda:
        "../envs/summarise_archive.yaml"
    params:
        code=code_digest("summarise_archive.py"),
    script:
        "../scripts/summarise_archive.py"


rule compare_instruments:
    """Compare SHARP and SMARP where both see the same regions: keywords by regression, pixels by quantiles."""
    input:
        sharp_tables=of_instrument("tables", "sharp"),
        smarp_tables=of_instrument("tables", "smarp"),
        sharp_cubes=of_instrument("cubes", "sharp"),
        smarp_cubes=of_instrument("cubes", "smarp"),
    output:
        matched="results/{archive}/overlap/matched.csv",
        regressions="results/{archive}/overlap/regressions.csv",
        quantiles="results/{archive}/overlap/quantiles.csv",
        factors="results/{archive}/overlap/factors.csv",
    log:
        "results/{archive}/logs/compare_instruments.log",
    conda:
        "../envs/compare_instruments.yaml"
    params:
        settings=OVERLAP,
        code=code_digest("compare_instruments.py"),
    script:
        "../scripts/compare_instruments.py"


rule plot_archive:
    """Draw one figure of an archive."""
    input:
        unpack(in_figure),
    output:
        figure="results/{archive}/figures/{figure}.svg",
    log:
        "results/{archive}/logs/plot_archive/{figure}.log",
    conda:
        "../envs/plot_archive.yaml"
    params:
        max_longitude_deg=OVERLAP["max_longitude_deg"],
        mark=lambda wildcards: "SIMULATED" if config["archives"][wildcards.archive]["simulated"] else "",
        code=code_digest("plot_archive.py"),
    script:
        "../scripts/plot_archive.py"
