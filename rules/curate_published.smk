# What only some studies read of the archive `published`: synoptic charts, lists of flares, magnetograms of one region,
# the 12-minute SHARP table; and of any archive each of its flare lists by itself. Nothing of it is fetched or made
# unless such a study is asked for.


rule retrieve_synoptic_charts:
    """Take the synoptic charts from the mirror, or each from its address, and pack them into one file."""
    input:
        manifest=MANIFEST,
    output:
        charts=ON_REQUEST.raw["synoptic_charts"][0],
    log:
        "results/published/logs/retrieve_synoptic_charts.log",
    conda:
        "../envs/retrieve_synoptic_charts.yaml"
    params:
        code=code_digest("retrieve_synoptic_charts.py"),
    script:
        "../scripts/retrieve_synoptic_charts.py"


rule retrieve_published_magnetograms:
    """Take published magnetograms from the mirror, or from their address."""
    input:
        manifest=MANIFEST,
    output:
        ON_REQUEST.raw["case_magnetograms"],
    log:
        "results/published/logs/retrieve_published_magnetograms.log",
    conda:
        "../envs/retrieve_published.yaml"
    params:
        raw_dir=folder_of_raw,
        code=code_digest("retrieve_published.py"),
    script:
        "../scripts/retrieve_published.py"


use rule retrieve_published_magnetograms as retrieve_published_summaries with:
    output:
        ON_REQUEST.raw["region_summaries"],
    log:
        "results/published/logs/retrieve_published_summaries.log",


use rule retrieve_published_magnetograms as retrieve_srs_archives with:
    output:
        ON_REQUEST.raw["srs_archives"],
    log:
        "results/published/logs/retrieve_srs_archives.log",


use rule retrieve_published_magnetograms as retrieve_published_flares with:
    output:
        ON_REQUEST.raw["listed_flares"],
    log:
        "results/published/logs/retrieve_published_flares.log",


use rule retrieve_published_magnetograms as retrieve_published_lists with:
    output:
        ON_REQUEST.raw["hek_flares"],
        ON_REQUEST.raw["edited_events"],
        ON_REQUEST.raw["ncei_reports"],
    log:
        "results/published/logs/retrieve_published_lists.log",


use rule retrieve_published_magnetograms as retrieve_map_of_harps with:
    output:
        ON_REQUEST.raw["map_of_harps"],
    log:
        "results/published/logs/retrieve_map_of_harps.log",


rule retrieve_sharp_table:
    """Take the table of SHARP keywords from the mirror, or that of each region from its address, and pack them."""
    input:
        manifest=MANIFEST,
        digests=beside_snakefile("rules/sharp_12min_files.csv"),
    output:
        table=ON_REQUEST.raw["sharp_table"][0],
    log:
        "results/published/logs/retrieve_sharp_table.log",
    conda:
        "../envs/retrieve_sharp_table.yaml"
    params:
        code=code_digest("retrieve_sharp_table.py"),
    script:
        "../scripts/retrieve_sharp_table.py"


rule index_published_magnetograms:
    """Put published magnetograms where those of JSOC lie, with an index, so that one rule curates both."""
    input:
        files=lambda wildcards: archive_files.magnetograms_of_shard(SOURCES, wildcards.instrument, wildcards.shard),
    output:
        index="results/published/raw/segments/{instrument}-{shard}.json",
    log:
        "results/published/logs/index_published_magnetograms/{instrument}-{shard}.log",
    conda:
        "../envs/index_published_magnetograms.yaml"
    params:
        code=code_digest("index_published_magnetograms.py"),
    script:
        "../scripts/index_published_magnetograms.py"


rule curate_synoptic_charts:
    """Curate patches of synoptic charts: a record and a picture of each NOAA region as it passes the central meridian."""
    input:
        charts=ON_REQUEST.raw["synoptic_charts"][0],
        summaries=ON_REQUEST.raw["region_summaries"][0],
    output:
        table=ON_REQUEST.curated["synoptic_tables"][0],
        cube=ON_REQUEST.curated["synoptic_cubes"][0],
        counts=ON_REQUEST.curated["synoptic_tables_counts"][0],
        rejected=ON_REQUEST.curated["synoptic_tables_rejected"][0],
    log:
        "results/published/logs/curate_synoptic_charts.log",
    conda:
        "../envs/curate_synoptic_charts.yaml"
    params:
        settings=config["curation"]["synoptic_charts"],
        code=code_digest("curate_synoptic_charts.py"),
    script:
        "../scripts/curate_synoptic_charts.py"


rule curate_listed_flares:
    """Curate a published list of GOES flares."""
    input:
        lists=ON_REQUEST.raw["listed_flares"],
    output:
        flares=ON_REQUEST.curated["listed_flares"][0],
        counts=ON_REQUEST.curated["listed_flares_counts"][0],
        rejected=ON_REQUEST.curated["listed_flares_rejected"][0],
    log:
        "results/published/logs/curate_listed_flares.log",
    conda:
        "../envs/curate_listed_flares.yaml"
    params:
        name="swpc",
        code=code_digest("curate_listed_flares.py"),
    script:
        "../scripts/curate_listed_flares.py"


rule curate_sharp_table:
    """Curate the published table of 12-minute SHARP keywords, with the NOAA regions of each HARP."""
    input:
        tables=ON_REQUEST.raw["sharp_table"],
        harp_noaa=ON_REQUEST.raw["map_of_harps"][0],
    output:
        table=ON_REQUEST.curated["sharp_table"][0],
        counts=ON_REQUEST.curated["sharp_table_counts"][0],
        rejected=ON_REQUEST.curated["sharp_table_rejected"][0],
    log:
        "results/published/logs/curate_sharp_table.log",
    conda:
        "../envs/curate_sharp_table.yaml"
    params:
        code=code_digest("curate_sharp_table.py"),
    script:
        "../scripts/curate_sharp_table.py"


rule curate_flare_list:
    """Curate one list of GOES flares by itself, with and without the factor 0.7 of GOES 8-15."""
    input:
        reports=raw_of_flare_list,
    output:
        flares="results/{archive}/flares/lists/{flare_list}.nc",
        unscaled="results/{archive}/flares/lists/{flare_list}.unscaled.nc",
        covered="results/{archive}/flares/lists/{flare_list}.covered.csv",
        counts="results/{archive}/flares/lists/{flare_list}.json",
        rejected="results/{archive}/flares/lists/{flare_list}.rejected.csv",
    log:
        "results/{archive}/logs/curate_flare_list/{flare_list}.log",
    wildcard_constraints:
        flare_list="[a-z]+",
    conda:
        "../envs/curate_flare_list.yaml"
    params:
        name=lambda wildcards: wildcards.flare_list,
        code=code_digest("curate_flare_list.py"),
    script:
        "../scripts/curate_flare_list.py"
