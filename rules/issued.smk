"""What the rules share of forecasts as they would be issued, and of what they are held against. Runs nothing."""


def calibrated_of(study):
    """Calibrated predictions of a study, by data set."""
    calibrated = study_series.calibrated_datasets(STUDIES[study])
    return {dataset: f"results/{ARCHIVE}/{study}/calibrated/{dataset}.nc" for dataset in calibrated}


def full_disk_of(study):
    """Daily forecasts for the whole disk of a study, by name."""
    return {name: f"results/{ARCHIVE}/{study}/full_disk/{name}.nc" for name in STUDIES[study]["full_disk"]}


def drawn_as(wildcards):
    """How the data set of the job's wildcards is drawn (`flaredag.datasets.draw_dataset`)."""
    return studies.settings_of_datasets(STUDIES[wildcards.study])[wildcards.dataset]["draw"]


def disk_settings(wildcards):
    """What the daily forecasts of the job's wildcards are made from, and how."""
    return studies.settings_of_disk(STUDIES[wildcards.study], wildcards.dataset)


def made_of(wildcards, chosen):
    """(data set, predictions) of the series that `chosen` (of `flaredag.study_series`) names of a study; each file once."""
    study, found = wildcards.study, {}
    made = calibrated_of(study) | full_disk_of(study)
    for dataset in dict.fromkeys(one["dataset"] for one in chosen(STUDIES[study])):
        paths = [made[dataset]] if dataset in made else [path for name, path in predicted(wildcards) if name == dataset]
        found |= dict.fromkeys((dataset, path) for path in paths)
    return list(found)


def predictions_of(wildcards, chosen):
    """Predictions of the series that `chosen` names of a study."""
    return [path for _, path in made_of(wildcards, chosen)]


def datasets_of(wildcards, chosen):
    """Data set of each file of `predictions_of`."""
    return [dataset for dataset, _ in made_of(wildcards, chosen)]


def relabelled(wildcards):
    """(data set, predictions) of fits whose test forecasts are scored under other flare lists; none without a list."""
    study = STUDIES[wildcards.study]
    chosen = study_series.operational_datasets(study) if study["label_lists"] else []
    fits = [fit for fit in fits_of(wildcards.study) if fit.dataset in chosen]
    return list(dict.fromkeys((fit.dataset, f"{fit.folder}/predictions.nc") for fit in fits))


def relabelled_by(wildcards):
    """Flare lists of a study one by one, as given and unscaled, with the time they cover, and the map of HARPs."""
    curated = ARCHIVES[ARCHIVE].curated
    kinds = archive_files.kinds_of_flare_lists(STUDIES[wildcards.study]["label_lists"])
    found = {
        name: [path for kind in kinds for path in curated[f"{kind}{suffix}"]]
        for name, suffix in (("flares", ""), ("unscaled", "_unscaled"), ("covered", "_covered"))
    }
    return found | {"harp_noaa": ARCHIVES[ARCHIVE].raw.get("map_of_harps", []) if kinds else []}


def relabelling_settings(wildcards):
    """What the forecasts of a study are scored by under other flare lists."""
    study = STUDIES[wildcards.study]
    return {
        "labels": study["labels"],
        "windows": study["windows"],
        "tasks": {name: own.get("task", "") for name, own in study["datasets"].items()},
        "models": study_series.models_of_headline(study),
        "bounds": of_verification("resamples", "seed", "level"),
    }
