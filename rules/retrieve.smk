# JSOC, GOES, published tables -> results/{archive}/raw/


rule simulate_sun:
    """Simulate the raw files of the embedded archive: keyword records as JSOC gives them, a GOES flare list."""
    output:
        sharp="results/embedded/raw/sharp-keywords.csv",
        smarp="results/embedded/raw/smarp-keywords.csv",
        flares="results/embedded/raw/goes-flares.csv",
    log:
        "results/embedded/logs/simulate_sun.log",
    conda:
        "../envs/simulate_sun.yaml"
    params:
        **config["archives"]["embedded"]["simulation"],
        code=code_digest("simulate_sun.py"),
    script:
        "../scripts/simulate_sun.py"


rule retrieve_published:
    """Take published tables from the mirror, or from their address; nothing is trusted before its sha256."""
    input:
        manifest=MANIFEST,
    output:
        RAW["published"],
    log:
        "results/published/logs/retrieve_published.log",
    conda:
        "../envs/retrieve_published.yaml"
    params:
        raw_dir=lambda wildcards, output: output[0].removesuffix(PUBLISHED_FILES[0].name),
        code=code_digest("retrieve_published.py"),
    script:
        "../scripts/retrieve_published.py"
