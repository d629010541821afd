# JSOC, NOAA, HEK, published tables -> results/{archive}/raw/. What a rule asks for hangs on `as_of`: a shard or year that
# was final then is never asked for again, a later `as_of` asks again for the rest.


rule retrieve_keywords:
    """Retrieve the keyword records of one shard of regions from JSOC; of `hourly_keywords` with the Lorentz forces."""
    output:
        table="results/jsoc/raw/{records}/{instrument}-{shard}.csv",
    log:
        "results/jsoc/logs/retrieve_keywords/{records}/{instrument}-{shard}.log",
    wildcard_constraints:
        records="|".join(archive_files.RAW_OF_TABLES.values()),
    conda:
        "../envs/retrieve_keywords.yaml"
    params:
        as_of=as_of_of_shard,
        settings=settings_of_records,
        code=code_digest("retrieve_keywords.py"),
    script:
        "../scripts/retrieve_keywords.py"


rule retrieve_segments:
    """Retrieve the magnetograms of one shard of regions from JSOC: exports in small batches, each file checked."""
    input:
        records="results/jsoc/raw/keywords/{instrument}-{shard}.csv",
    output:
        index="results/jsoc/raw/segments/{instrument}-{shard}.json",
    log:
        "results/jsoc/logs/retrieve_segments/{instrument}-{shard}.log",
    conda:
        "../envs/retrieve_segments.yaml"
    params:
        settings={"series": RETRIEVAL["series"], "segments": [RETRIEVAL["segment"]]},
        code=code_digest("retrieve_segments.py"),
    script:
        "../scripts/retrieve_segments.py"


use rule retrieve_segments as retrieve_vector_segments with:
    input:
        records="results/jsoc/days_before_flares/{instrument}-{shard}.csv",
    output:
        index="results/jsoc/raw/vector_segments/{instrument}-{shard}.json",
    log:
        "results/jsoc/logs/retrieve_vector_segments/{instrument}-{shard}.log",
    wildcard_constraints:
        instrument=OF_VECTOR_FIELD,
    params:
        settings={"series": RETRIEVAL["series"], "segments": list(vector_segments.MAPS)},
        code=code_digest("retrieve_segments.py"),


rule retrieve_flare_reports:
    """Retrieve the GOES flare report of a year from NCEI."""
    output:
        report="results/jsoc/raw/ncei/goes-xrs-report_{year}.txt",
    log:
        "results/jsoc/logs/retrieve_flare_reports/{year}.log",
    conda:
        "../envs/retrieve_flare_reports.yaml"
    params:
        as_of=as_of_of_year,
        code=code_digest("retrieve_flare_reports.py"),
    script:
        "../scripts/retrieve_flare_reports.py"


rule retrieve_hek_flares:
    """Retrieve the GOES flares of a year from HEK."""
    output:
        events="results/jsoc/raw/hek/{year}.json",
    log:
        "results/jsoc/logs/retrieve_hek_flares/{year}.log",
    conda:
        "../envs/retrieve_hek_flares.yaml"
    params:
        as_of=as_of_of_year,
        code=code_digest("retrieve_hek_flares.py"),
    script:
        "../scripts/retrieve_hek_flares.py"


rule retrieve_daily_reports:
    """Retrieve a year of NOAA's daily texts, region summaries (SRS) or SWPC's events, packed into one archive."""
    output:
        archive="results/jsoc/raw/{product}/{year}_{suffix}.tar.gz",
    log:
        "results/jsoc/logs/retrieve_daily_reports/{product}-{year}-{suffix}.log",
    wildcard_constraints:
        product="srs|swpc",
        suffix="SRS|events",
    conda:
        "../envs/retrieve_daily_reports.yaml"
    params:
        as_of=as_of_of_year,
        code=code_digest("retrieve_daily_reports.py"),
    script:
        "../scripts/retrieve_daily_reports.py"


rule retrieve_harp_noaa:
    """Retrieve JSOC's map of HARPs to NOAA regions."""
    output:
        map="results/jsoc/raw/harp_noaa/all_harps_with_noaa_ars.txt",
    log:
        "results/jsoc/logs/retrieve_harp_noaa.log",
    conda:
        "../envs/retrieve_harp_noaa.yaml"
    params:
        as_of=RETRIEVAL["as_of"],
        code=code_digest("retrieve_harp_noaa.py"),
    script:
        "../scripts/retrieve_harp_noaa.py"


# What only some studies read of the published files is retrieved by rules/curate_published.smk.
EVERYBODYS_RAW = archive_files.published_files(SOURCES).all_raw()


rule retrieve_published:
    """Take published tables from the mirror, or from their address; nothing is trusted before its sha256."""
    input:
        manifest=MANIFEST,
    output:
        EVERYBODYS_RAW,
    log:
        "results/published/logs/retrieve_published.log",
    conda:
        "../envs/retrieve_published.yaml"
    params:
        raw_dir=folder_of_raw,
        code=code_digest("retrieve_published.py"),
    script:
        "../scripts/retrieve_published.py"
