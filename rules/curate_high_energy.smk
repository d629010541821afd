# Parameters of the region of high free energy density (HED) in the day before the largest flare of each region, with the
# SHARP keywords: results/{archive}/high_energy*. Of `published` they are as others published them; elsewhere tables and
# flares say which days they are, and they are measured on the vector field of those records, which is raw data.


use rule retrieve_published_magnetograms as retrieve_high_energy_parameters with:
    output:
        ON_REQUEST.raw["high_energy_series"],
        ON_REQUEST.raw["high_energy_events"],
    log:
        "results/published/logs/retrieve_high_energy_parameters.log",


rule curate_high_energy_regions:
    """Curate published parameters of regions of high free energy density (HED), and the flares that they come before."""
    input:
        series=ON_REQUEST.raw["high_energy_series"][0],
        flares=ON_REQUEST.raw["high_energy_events"][0],
        harp_noaa=ON_REQUEST.raw["map_of_harps"][0],
    output:
        table=ON_REQUEST.curated["high_energy_tables"][0],
        flares=ON_REQUEST.curated["high_energy_flares"][0],
        counts=ON_REQUEST.curated["high_energy_tables_counts"][0],
        rejected=ON_REQUEST.curated["high_energy_tables_rejected"][0],
    log:
        "results/published/logs/curate_high_energy_regions.log",
    conda:
        "../envs/curate_high_energy_regions.yaml"
    params:
        code=code_digest("curate_high_energy_regions.py"),
    script:
        "../scripts/curate_high_energy_regions.py"


rule join_sharp_records:
    """Join the published HED parameters with the SHARP keywords of the same regions and times."""
    input:
        tables=ON_REQUEST.curated["high_energy_tables"],
        sharp_tables=ON_REQUEST.curated["sharp_table"],
        harp_noaa=ON_REQUEST.raw["map_of_harps"][0],
    output:
        table=ON_REQUEST.curated["high_energy_sharp_tables"][0],
        counts=ON_REQUEST.curated["high_energy_sharp_tables_counts"][0],
        rejected=ON_REQUEST.curated["high_energy_sharp_tables_rejected"][0],
    log:
        "results/published/logs/join_sharp_records.log",
    conda:
        "../envs/join_sharp_records.yaml"
    params:
        code=code_digest("join_sharp_records.py"),
    script:
        "../scripts/join_sharp_records.py"


rule list_days_before_flares:
    """List the records of one shard in the day before the largest flare of each region."""
    input:
        table=table_of_vector_field,
        flares=curated_files("flares"),
    output:
        days="results/{archive}/days_before_flares/{instrument}-{shard}.csv",
    log:
        "results/{archive}/logs/list_days_before_flares/{instrument}-{shard}.log",
    wildcard_constraints:
        archive="embedded|jsoc",
        instrument=OF_VECTOR_FIELD,
    conda:
        "../envs/list_days_before_flares.yaml"
    params:
        **config["curation"]["days_before_flares"],
        cadence_minutes=lambda wildcards: archive_files.cadence_of_vector_field_minutes(
            config["archives"][wildcards.archive]
        ),
        code=code_digest("list_days_before_flares.py"),
    script:
        "../scripts/list_days_before_flares.py"


rule curate_high_energy_records:
    """Curate HED parameters of listed records from their vector field, with the SHARP keywords of the same records."""
    input:
        records="results/{archive}/days_before_flares/{instrument}-{shard}.csv",
        index="results/{archive}/raw/vector_segments/{instrument}-{shard}.json",
        table=table_of_vector_field,
    output:
        table="results/{archive}/high_energy_sharp_tables/{instrument}-{shard}.nc",
        counts="results/{archive}/high_energy_sharp_tables/{instrument}-{shard}.json",
        rejected="results/{archive}/high_energy_sharp_tables/{instrument}-{shard}.rejected.csv",
    log:
        "results/{archive}/logs/curate_high_energy_records/{instrument}-{shard}.log",
    wildcard_constraints:
        archive="embedded|jsoc",
        instrument=OF_VECTOR_FIELD,
    conda:
        "../envs/curate_high_energy_records.yaml"
    params:
        code=code_digest("curate_high_energy_records.py"),
    script:
        "../scripts/curate_high_energy_records.py"
