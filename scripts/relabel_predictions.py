"""Forecasts of a study scored under each list of flares, with and without the factor 0.7 of GOES 8-15 -> a table."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.harp_noaa import read_harp_noaa, with_noaa_numbers
from flaredag.joblog import Progress, job_log
from flaredag.listed_flares import read_covered_periods
from flaredag.predictions import read_predictions
from flaredag.relabelling import (
    SCORED_COLUMNS,
    Relabelled,
    instruments_with_noaa_numbers,
    positions_in_windows,
    reaches_down_to,
    relabelled_windows,
    scores_by_labels,
)
from flaredag.samples import StudyWindows, read_windows
from flaredag.score_tables import VALIDATION_THRESHOLD, read_scores
from flaredag.study_windows import tasks_of
from flaredag.tables import read_flares, read_records

LOG = logging.getLogger("flaredag")

COLUMNS = ("study", "dataset", "model", "flare_list", "unscaled", *SCORED_COLUMNS)
# Names as text: categories of several files need not be the same.
TEXTS = {"model": str, "instrument": str}


def relabel_predictions(
    predictions: pd.DataFrame,
    windows: StudyWindows,
    records: pd.DataFrame,
    lists: Mapping[tuple[str, bool], tuple[pd.DataFrame, pd.DataFrame]],
    thresholds: pd.Series,
    *,
    settings: Mapping[str, Any],
) -> pd.DataFrame:
    """Scores of the test forecasts of one data set, a row a model, list, scaling, threshold and metric.

    `lists`: flares and covered periods by name of the list and whether its fluxes are unscaled; `thresholds`: those of
    validation by model and seed; `settings`: `labels` (of the data set's task) and `windows` as in the study, and
    `bounds` (`resamples`, `seed` and `level`). Columns `COLUMNS` without study and data set. A list without flares down
    to the class that is forecast is left out.
    """
    place = positions_in_windows(predictions, windows)
    strong_class = settings["labels"]["strong_class"]
    tables = []
    for (name, unscaled), (flares, covered) in lists.items():
        if not reaches_down_to(flares, strong_class):
            scaling = "without the factor of GOES 8-15" if unscaled else "as given"
            LOG.warning("list %s, %s, is left out: it has no flare down to %s", name, scaling, strong_class)
            continue
        of_windows = relabelled_windows(
            windows, records, flares, covered, label_settings=settings["labels"], window_settings=settings["windows"]
        )
        for model, rows in sorted(predictions.groupby("model", observed=True).indices.items()):
            scored = scores_by_labels(
                predictions.iloc[rows].reset_index(drop=True),
                Relabelled(of_windows.label[place[rows]], of_windows.covered[place[rows]]),
                validation_thresholds=thresholds[model].to_dict(),
                **settings["bounds"],
            )
            tables.append(scored.assign(model=model, flare_list=name, unscaled=unscaled))
    if not tables:
        return pd.DataFrame(columns=[name for name in COLUMNS if name not in ("study", "dataset")])
    return pd.concat(tables, ignore_index=True)


def main(
    inputs: Mapping[str, Any],
    labels: str,
    *,
    study: str,
    flare_lists: Sequence[str],
    datasets: Sequence[str],
    settings: Mapping[str, Any],
) -> None:
    """Read the `inputs`, score their forecasts under each of `flare_lists`, write `labels` (CSV, columns `COLUMNS`).

    `inputs`: `windows`, `scores` (paths), `tables`, `harp_noaa` (a map for records that name no NOAA region, or none),
    `flares`, `unscaled` and `covered` (a file of each list), `predictions` (a file of each of `datasets`).
    `settings`: `labels` and `windows` of the study, `tasks` (the task of each data set, or ""), `models` (those that
    are scored), and `bounds`. A data set of an instrument without NOAA numbers is left out.
    """
    _check_counts(inputs, flare_lists, datasets)
    records = read_records(inputs["tables"])[["instrument", "region", "t_rec", "time", "noaa_ars"]]
    for path in inputs["harp_noaa"]:
        records = with_noaa_numbers(records, read_harp_noaa(path)[0])
    matched = instruments_with_noaa_numbers(records)
    lists = {}
    for name, *paths, periods in zip(flare_lists, inputs["flares"], inputs["unscaled"], inputs["covered"], strict=True):
        covered = read_covered_periods(periods)
        lists |= {(name, bool(n)): (read_flares([path]), covered) for n, path in enumerate(paths)}
    figures = read_scores(inputs["scores"], study=study)
    figures = figures[(figures["metric"] == "threshold") & (figures["threshold"] == VALIDATION_THRESHOLD)]
    label_settings = tasks_of(settings["labels"])
    written = []
    progress = Progress(LOG, "data sets", len(set(datasets)))
    for dataset in dict.fromkeys(datasets):
        paths = [path for path, name in zip(inputs["predictions"], datasets, strict=True) if name == dataset]
        read = pd.concat([read_predictions(path, ["test"]).astype(TEXTS) for path in paths], ignore_index=True)
        read = read[read["model"].isin(settings["models"])].reset_index(drop=True)
        unmatched = sorted(set(read["instrument"]) - matched)
        if unmatched or read.empty:
            why = f"no NOAA region of {', '.join(unmatched)} is known" if unmatched else "none of the models is there"
            LOG.warning("%s is left out: %s", dataset, why)
            continue
        task = settings["tasks"][dataset]
        scored = relabel_predictions(
            read,
            read_windows(inputs["windows"], task),
            records,
            lists,
            figures[figures["dataset"] == dataset].set_index(["model", "seed"])["value"],
            settings={**settings, "labels": label_settings[task] if task else next(iter(label_settings.values()))},
        )
        if not scored.empty:
            written.append(scored.assign(study=study, dataset=dataset))
        progress.advance(dataset)
    table = pd.concat(written) if written else pd.DataFrame(columns=list(COLUMNS))
    write_csv(labels, table[list(COLUMNS)], float_format="%.10g")


def _check_counts(inputs: Mapping[str, Sequence[str]], flare_lists: Sequence[str], datasets: Sequence[str]) -> None:
    wanted = dict.fromkeys(("flares", "unscaled", "covered"), flare_lists) | {"predictions": datasets}
    for name, of_each in wanted.items():
        if len(inputs[name]) != len(of_each):
            raise InputError(
                f"{len(inputs[name])} files of {name} for {', '.join(of_each)}; wanted one of each. Mend the rule."
            )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            dict(snakemake.input.items()),
            snakemake.output.labels,
            study=snakemake.params.study,
            flare_lists=snakemake.params.flare_lists,
            datasets=snakemake.params.datasets,
            settings=snakemake.params.settings,
        )
