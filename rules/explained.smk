"""What the rules share of explanations: regions, networks that have not seen them, files. Runs nothing."""


def explained_of(study):
    """What is explained in a study: `instrument`, `region`, and `fold` that has not seen it; `case` if of another archive."""
    explanation = STUDIES[study]["explanation"]
    if not explanation:
        return []
    index = checkpoints.draw_datasets.get(archive=ARCHIVE, study=study).output.index
    instrument = STUDIES[study]["datasets"][explanation["dataset"]]["evaluated"]
    regions = [{"instrument": instrument, **one} for one in json.loads(Path(index).read_text())["explained"]]
    return [*regions, *({"fold": 0, "case": True, **case} for case in explanation["cases"])]


def regions_explained(study, suffix):
    """Files of every region that is explained in a study."""
    names = [f"{one['instrument']}-{one['region']}" for one in explained_of(study)]
    return [f"results/{ARCHIVE}/{study}/explanations/{name}{suffix}" for name in names]


def explanations_of(study):
    """Files of all that is explained in a study, synthetic bipoles first."""
    bipoles = [f"results/{ARCHIVE}/{study}/explanations/bipoles.nc"] if STUDIES[study]["explanation"] else []
    return [*bipoles, *regions_explained(study, ".nc")]


def explaining_checkpoints(study, dataset, seeds=None):
    """Checkpoints of the CNN that explains, of one data set and of some seeds where given; each file once."""
    return checkpoints_of(study, dataset, [STUDIES[study]["explanation"]["model"]], seeds)


def one_explained(wildcards):
    """What is explained under the job's wildcards."""
    names = {(one["instrument"], str(one["region"])): one for one in explained_of(wildcards.study)}
    return names[wildcards.instrument, wildcards.region]


def explanation_inputs(wildcards):
    """Inputs of the explanation of one region: its own, and the networks that have not seen it or may not have."""
    study, one = wildcards.study, one_explained(wildcards)
    explanation, source = STUDIES[study]["explanation"], STUDIES[study]["source"]
    name = f"{one['instrument']}-{shards.shard_of(one['region'])}"
    networks = {
        "checkpoint": explaining_checkpoints(study, explanation["dataset"], [one["fold"]])[0],
        explanation["bipoles"]["dataset"]: explaining_checkpoints(study, explanation["bipoles"]["dataset"]),
    }
    if "case" in one:
        return networks | {
            "cube": f"results/published/cubes/{name}.zarr.zip",
            "segments": f"results/published/raw/segments/{name}.json",
            "flares": ON_REQUEST.curated["listed_flares"],
        }
    below = f"results/{ARCHIVE}/{study}"
    return networks | {
        "windows": f"{below}/windows.nc",
        "datasets": f"{below}/datasets.nc",
        "cube": f"results/{ARCHIVE}/cubes/{name}.zarr.zip",
        "segments": f"results/{ARCHIVE}/raw/segments/{name}.json",
        "tables": [f"results/{ARCHIVE}/tables/{name}.nc"],
        "flares": ARCHIVES[ARCHIVE].curated[source["flares"]],
    }


def explanation_settings(wildcards):
    """Settings of the explanation of one region."""
    one, study = one_explained(wildcards), STUDIES[wildcards.study]
    explanation, archive = study["explanation"], config["archives"][ARCHIVE]
    task = study["datasets"][explanation["dataset"]].get("task", "")
    of_task = studies.labels_of_task(study, task)
    labels = {key: of_task[key] for key in ("horizon_hours", "strong_class")}
    told = {"archive_title": archive["title"], "simulated": archive["simulated"], "noaa_ars": ""}
    if "case" in one:
        told = {"archive_title": one["title"], "simulated": False, "noaa_ars": one["noaa_ars"]}
    return (
        labels
        | told
        | {
            "instrument": one["instrument"],
            "region": one["region"],
            "fold": one["fold"],
            "dataset": explanation["dataset"],
            "task": task,
            "model": explanation["model"],
            "n_frames": explanation["n_frames"],
        }
    )


def artifacts_explained():
    """Rows of the manifest for the files of all that is explained."""
    suffixes = (".nc", ".checks.csv", ".html", ".gif")
    rows = []
    for study in STUDIES:
        fits = [f"results/{ARCHIVE}/{study}/fits.csv"]
        files = [path for suffix in suffixes for path in regions_explained(study, suffix)]
        if STUDIES[study]["explanation"]:
            files += [
                f"results/{ARCHIVE}/{study}/explanations/bipoles{suffix}" for suffix in (".nc", ".csv", ".checks.csv")
            ]
        rows += [{"path": path, "made_from": fits, "seeds": []} for path in files]
    return rows


def mark_of_archive(wildcards):
    """What stands in the corner of a figure: whether its Sun is simulated."""
    return "SIMULATED" if config["archives"][wildcards.archive]["simulated"] else ""
