# results/{archive}/raw/ -> tables, cubes, flares, region_summaries, regions; beside each the counts of what was read
# (.json) and, one by one with the reason, what was left out (.rejected.csv)


rule curate_jsoc_keywords:
    """Curate keyword records as JSOC gives them: TAI to UTC, ranges checked, bad records listed."""
    input:
        raw=raw_of_tables,
    output:
        table="results/{archive}/{tables}/{instrument}-{shard}.nc",
        counts="results/{archive}/{tables}/{instrument}-{shard}.json",
        rejected="results/{archive}/{tables}/{instrument}-{shard}.rejected.csv",
    log:
        "results/{archive}/logs/curate_jsoc_keywords/{tables}/{instrument}-{shard}.log",
    wildcard_constraints:
        archive="embedded|jsoc",
        tables="|".join(archive_files.RAW_OF_TABLES),
    conda:
        "../envs/curate_jsoc_keywords.yaml"
    params:
        code=code_digest("curate_jsoc_keywords.py"),
    script:
        "../scripts/curate_jsoc_keywords.py"


rule curate_cubes:
    """Curate magnetograms: both instruments on one grid, resized to one shape, in one Zarr file a shard."""
    input:
        index="results/{archive}/raw/segments/{instrument}-{shard}.json",
    output:
        cube="results/{archive}/cubes/{instrument}-{shard}.zarr.zip",
        counts="results/{archive}/cubes/{instrument}-{shard}.json",
        rejected="results/{archive}/cubes/{instrument}-{shard}.rejected.csv",
    log:
        "results/{archive}/logs/curate_cubes/{instrument}-{shard}.log",
    conda:
        "../envs/curate_cubes.yaml"
    params:
        settings=config["curation"]["cubes"],
        code=code_digest("curate_cubes.py"),
    script:
        "../scripts/curate_cubes.py"


rule curate_goes_flares:
    """Curate lists of GOES flares into one: matched by peak time and class, disagreements listed."""
    input:
        unpack(lambda wildcards: flare_lists(wildcards.archive)),
    output:
        flares="results/{archive}/flares/goes.nc",
        counts="results/{archive}/flares/goes.json",
        rejected="results/{archive}/flares/goes.rejected.csv",
        disagreements="results/{archive}/flares/goes.disagreements.csv",
    log:
        "results/{archive}/logs/curate_goes_flares.log",
    wildcard_constraints:
        archive="embedded|jsoc",
    conda:
        "../envs/curate_goes_flares.yaml"
    params:
        **config["curation"]["flares"],
        lists=lambda wildcards: config["archives"][wildcards.archive]["flare_lists"],
        code=code_digest("curate_goes_flares.py"),
    script:
        "../scripts/curate_goes_flares.py"


rule curate_region_summaries:
    """Curate NOAA's daily region summaries: position, area, McIntosh and Mount Wilson class of each region and day."""
    input:
        archives=raw_of_summaries,
    output:
        table="results/{archive}/region_summaries.nc",
        counts="results/{archive}/region_summaries.json",
        rejected="results/{archive}/region_summaries.rejected.csv",
    log:
        "results/{archive}/logs/curate_region_summaries.log",
    conda:
        "../envs/curate_region_summaries.yaml"
    params:
        code=code_digest("curate_region_summaries.py"),
    script:
        "../scripts/curate_region_summaries.py"


rule curate_regions:
    """Curate the list of HARPs and TARPs: times, NOAA numbers held against JSOC's map, what NOAA says of them."""
    input:
        tables=curated_files("tables"),
        harp_noaa=raw_files("harp_noaa"),
        region_summaries=curated_files("region_summaries"),
    output:
        regions="results/{archive}/regions.nc",
        counts="results/{archive}/regions.json",
    log:
        "results/{archive}/logs/curate_regions.log",
    conda:
        "../envs/curate_regions.yaml"
    params:
        code=code_digest("curate_regions.py"),
    script:
        "../scripts/curate_regions.py"


rule curate_labelled_samples:
    """Curate published samples: keyword records, and the flare list that their labels were made from."""
    input:
        raw="results/published/raw/zeyusun_smarp_sharp/d1d1be5/{instrument}_{shard}.csv",
    output:
        table="results/published/tables/{instrument}-{shard}.nc",
        flares="results/published/flares/{instrument}-{shard}.nc",
        counts="results/published/tables/{instrument}-{shard}.json",
    log:
        "results/published/logs/curate_labelled_samples/{instrument}-{shard}.log",
    conda:
        "../envs/curate_labelled_samples.yaml"
    params:
        instrument=lambda wildcards: wildcards.instrument,
        code=code_digest("curate_labelled_samples.py"),
    script:
        "../scripts/curate_labelled_samples.py"


rule curate_swansf:
    """Curate windows of SWAN-SF: keyword records, and the windows with the labels of their file names."""
    input:
        files=ARCHIVES["published"].raw["swansf_windows"],
    output:
        table="results/published/swansf/records.nc",
        windows="results/published/swansf/windows.nc",
        counts="results/published/swansf/counts.json",
        rejected="results/published/swansf/rejected.csv",
    log:
        "results/published/logs/curate_swansf.log",
    conda:
        "../envs/curate_swansf.yaml"
    params:
        code=code_digest("curate_swansf.py"),
    script:
        "../scripts/curate_swansf.py"
