# the simulated Sun -> results/embedded/raw/, in the form in which retrieve.smk writes results/jsoc/raw/

SIMULATED_NUMBERS = simulated_regions.numbers_by_shard(SIMULATION["regions"], SIMULATION["seed"])
SIMULATED = ARCHIVES["embedded"].raw


rule simulate_sun:
    """Simulate the patches of one shard: magnetograms as FITS, keyword records as JSOC gives them, their flares."""
    output:
        keywords="results/embedded/raw/keywords/{instrument}-{shard}.csv",
        index="results/embedded/raw/segments/{instrument}-{shard}.json",
        flares="results/embedded/raw/simulated/{instrument}-{shard}.csv",
    log:
        "results/embedded/logs/simulate_sun/{instrument}-{shard}.log",
    conda:
        "../envs/simulate_sun.yaml"
    params:
        **of_simulation("seed", "bad_record_fraction", "gaps_per_region"),
        numbers=lambda wildcards: SIMULATED_NUMBERS[f"{wildcards.instrument}-{wildcards.shard}"],
        code=code_digest("simulate_sun.py"),
    script:
        "../scripts/simulate_sun.py"


rule simulate_vector_segments:
    """Simulate the vector field of listed records of one shard: that of their keywords, with a core of high free energy."""
    input:
        records="results/embedded/days_before_flares/{instrument}-{shard}.csv",
    output:
        index="results/embedded/raw/vector_segments/{instrument}-{shard}.json",
    log:
        "results/embedded/logs/simulate_vector_segments/{instrument}-{shard}.log",
    wildcard_constraints:
        instrument=OF_VECTOR_FIELD,
    conda:
        "../envs/simulate_vector_segments.yaml"
    params:
        **of_simulation("seed", "bad_record_fraction", "gaps_per_region"),
        code=code_digest("simulate_vector_segments.py"),
    script:
        "../scripts/simulate_vector_segments.py"


rule simulate_catalogues:
    """Simulate what others list of the same Sun: flares by NCEI and HEK, region summaries, JSOC's map of HARPs."""
    input:
        flares=SIMULATED["simulated"],
    output:
        ncei=SIMULATED["ncei"],
        hek=SIMULATED["hek"],
        srs=SIMULATED["srs"],
        harp_noaa=SIMULATED["harp_noaa"][0],
    log:
        "results/embedded/logs/simulate_catalogues.log",
    conda:
        "../envs/simulate_catalogues.yaml"
    params:
        **of_simulation(
            "regions",
            "seed",
            "unattributed_flare_fraction",
            "misattributed_flare_fraction",
            "list_difference_fraction",
        ),
        years=simulated_regions.years(SIMULATION["regions"], SIMULATION["seed"]),
        code=code_digest("simulate_catalogues.py"),
    script:
        "../scripts/simulate_catalogues.py"
