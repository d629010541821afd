# anybody's members (`--config members=FILE.csv`) -> results/ensemble/members.nc, source.json; and those of the
# combinations in the configuration: published files, flare lists, forecasts of the whole disk by our models ->
# results/{archive}/combinations/{combination}/members.nc, source.json. Nothing of it is made unless it is asked for.


wildcard_constraints:
    combination="|".join(SETS) or "(?!)",
    source="[a-z0-9_]+",


use rule retrieve_published_magnetograms as retrieve_operational_forecasts with:
    output:
        [
            f"results/published/raw/{file.name}"
            for form in ("operational_forecasts", "class_counts")
            for file in sources.files_of_form(SOURCES, form)
        ],
    log:
        "results/published/logs/retrieve_operational_forecasts.log",


rule curate_members:
    """Take in anybody's forecasts that are to be combined."""
    input:
        file=config["members"] or [],
    output:
        members="results/ensemble/members.nc",
        source="results/ensemble/source.json",
    log:
        "results/ensemble/logs/curate_members.log",
    conda:
        "../envs/curate_members.yaml"
    params:
        settings=config["ensemble"],
        code=code_digest("curate_members.py"),
    script:
        "../scripts/curate_members.py"


rule unpack_r_table:
    """Unpack a published table of R, to be read as any other."""
    input:
        packed="results/published/raw/{r_table}.rda",
    output:
        table="results/published/r_tables/{r_table}.csv",
    log:
        "results/published/logs/unpack_r_table/{r_table}.log",
    conda:
        "../envs/unpack_r_table.yaml"
    params:
        code=code_digest("unpack_r_table.py"),
    script:
        "../scripts/unpack_r_table.py"


use rule curate_members as curate_table_of_members with:
    input:
        file=table_of_source,
    output:
        members="results/published/combinations/{combination}/sources/{source}.nc",
        source="results/published/combinations/{combination}/sources/{source}.json",
    log:
        "results/published/logs/curate_table_of_members/{combination}-{source}.log",
    wildcard_constraints:
        source=names_of_sources(combinations.TABLE),
    params:
        settings=lambda wildcards: combinations.settings_of_table(SETS[wildcards.combination], wildcards.source),
        code=code_digest("curate_members.py"),


rule curate_bulletins:
    """Curate forecasts as centres issued them: one a day of each, with the event days of a flare list."""
    input:
        files=files_of_source,
        flares=listed(".nc"),
        covered=listed(".covered.csv"),
    output:
        members="results/{archive}/combinations/{combination}/sources/{source}.nc",
        notes="results/{archive}/combinations/{combination}/sources/{source}.json",
    log:
        "results/{archive}/logs/curate_bulletins/{combination}-{source}.log",
    wildcard_constraints:
        archive="published",
        source=names_of_sources(combinations.BULLETINS),
    conda:
        "../envs/curate_bulletins.yaml"
    params:
        described=described_source,
        event=lambda wildcards: combinations.event_of_set(SETS[wildcards.combination]),
        code=code_digest("curate_bulletins.py"),
    script:
        "../scripts/curate_bulletins.py"


rule forecast_from_classes:
    """Forecast the whole disk from the McIntosh classes of the day's groups, as of a Poisson process (MCSTAT)."""
    input:
        groups=ON_REQUEST.raw["region_summaries"][0],
        counts=lambda wildcards: files_of_source(wildcards)[0],
        flares=listed(".nc"),
        covered=listed(".covered.csv"),
    output:
        members="results/{archive}/combinations/{combination}/sources/{source}.nc",
        notes="results/{archive}/combinations/{combination}/sources/{source}.json",
    log:
        "results/{archive}/logs/forecast_from_classes/{combination}-{source}.log",
    wildcard_constraints:
        archive="published",
        source=names_of_sources(combinations.CLASSES),
    conda:
        "../envs/forecast_from_classes.yaml"
    params:
        name=lambda wildcards: described_source(wildcards)["name"],
        event=lambda wildcards: combinations.event_of_set(SETS[wildcards.combination]),
        code=code_digest("forecast_from_classes.py"),
    script:
        "../scripts/forecast_from_classes.py"


rule join_members:
    """Join the sources of a combination on the days that all have; missing forecasts, gaps and doubles are told."""
    input:
        unpack(in_set),
    output:
        members="results/{archive}/combinations/{combination}/members.nc",
        source="results/{archive}/combinations/{combination}/source.json",
    log:
        "results/{archive}/logs/join_members/{combination}.log",
    conda:
        "../envs/join_members.yaml"
    params:
        names=lambda wildcards: SETS[wildcards.combination].get("members", []),
        disks=lambda wildcards: [disk for _, disk in disks_of_set(wildcards)],
        event=lambda wildcards: combinations.event_of_set(SETS[wildcards.combination]),
        code=code_digest("join_members.py"),
    script:
        "../scripts/join_members.py"
