"""What the rules share of combinations of forecasts: their sets, and what the members of a set are made from. Runs nothing."""

SETS = told(combinations.described_sets, config)


def names_of_sources(kind):
    """Wildcard constraint: sources of one kind."""
    return "|".join(told(combinations.source_names, SETS, kind)) or "(?!)"


def described_source(wildcards):
    """Settings of the source of the job's wildcards."""
    return SETS[wildcards.combination]["sources"][wildcards.source]


def files_of_source(wildcards):
    """Published files that the source of the job's wildcards is made from."""
    return [f"results/published/raw/{name}" for name in combinations.files_of_source(described_source(wildcards))]


def table_of_source(wildcards):
    """Published table of the source of the job's wildcards, as CSV."""
    name = described_source(wildcards)["file"]
    if name.endswith(".rda"):
        return f"results/published/r_tables/{name.removesuffix('.rda')}.csv"
    return f"results/published/raw/{name}"


def listed(suffix):
    """Input function: a file of the flare list that tells the event days of the set."""
    return lambda wildcards: (
        f"results/{wildcards.archive}/flares/lists/{SETS[wildcards.combination]['flare_list']}{suffix}"
    )


def disks_of_set(wildcards):
    """(file, what `join_members` takes of it) of the forecasts of the whole disk by our models in a set."""
    described = SETS[wildcards.combination]
    disks = [described["sources"][name] for name in combinations.sources_of_kinds(described, combinations.FULL_DISK)]
    return [
        (
            f"results/{wildcards.archive}/{disk['study']}/full_disk/{disk['disk']}.nc",
            told(combinations.disk_of_source, disk, STUDIES),
        )
        for disk in disks
    ]


def in_set(wildcards):
    """What a set is joined from; of published sources the flare list besides."""
    described, folder = SETS[wildcards.combination], f"results/{wildcards.archive}/combinations/{wildcards.combination}"
    kinds = (combinations.TABLE, combinations.BULLETINS, combinations.CLASSES)
    published = [f"{folder}/sources/{name}" for name in combinations.sources_of_kinds(described, *kinds)]
    return {
        "members": [f"{path}.nc" for path in published],
        "notes": [f"{path}.json" for path in published],
        "disks": [path for path, _ in disks_of_set(wildcards)],
        "flares": [listed(".nc")(wildcards)] if published else [],
        "covered": [listed(".covered.csv")(wildcards)] if published else [],
    }
