"""Bounds of every score of a study, and of differences between series, by resampling regions and solar rotations."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from flaredag.artifacts import write_csv
from flaredag.block_bootstrap import block_weights, bounds
from flaredag.compared_series import DIFFERENCE_FIGURES, DIFFERENCE_KEY, SIDE, Family, key_of
from flaredag.comparisons import bootstrap_comparison
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.predictions import read_predictions
from flaredag.resampled_series import FEWEST_BLOCKS, FIGURES, REGION, ROTATION, ResampledSeries, resampled_figures
from flaredag.score_tables import INTERVAL_COLUMNS, figures_by_seed, read_scores
from flaredag.study_blocks import StudyBlocks, read_study_blocks
from flaredag.verification_settings import N_RELIABILITY_BINS

LOG = logging.getLogger("flaredag")
SERIES = ("archive", "study", "dataset", "model", "protocol")


def bound_scores(
    predictions: Iterator[tuple[str, pd.DataFrame]],
    scores: pd.DataFrame,
    families: Sequence[Family],
    blocks: StudyBlocks,
    *,
    settings: Mapping[str, Any],
    reliability_bins: int = N_RELIABILITY_BINS,
    threads: int = 1,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Intervals of all `scores` with `INTERVAL_COLUMNS`, and differences of the pairs of `families`.

    `predictions`: (data set, table) of all that `scores` are of; `families` as compare_models takes them; `settings`:
    `resamples`, `seed` and `level`; `reliability_bins`: those that the scores were made with. Interval: percentiles of
    the mean over seeds, when regions (`low`, `high`) or solar rotations (`low_rotation`, `high_rotation`) are drawn
    with replacement; a draw serves all seeds, data sets and models of the study, and differences are paired. A seed
    whose figure is undefined is left out, as in `value`.
    What is bounded is how much hangs on the regions tested; of what hangs on those trained on, only the seeds tell.
    What has one region only (the whole disk) is resampled by rotation alone: its `low` and `high` are those by
    rotation, and so are its differences. NaN where there is but one block, or a figure is undefined in most resamples.
    Raises InputError where predictions and scores are not of the same series, or a pair names one that is in neither.
    """
    kinds = {REGION: len(blocks.regions), ROTATION: len(blocks.rotations)}
    # Two draws of one seed would share their stream.
    weights = {
        kind: block_weights(n_blocks, resamples=settings["resamples"], seed=settings["seed"] + offset)
        for offset, (kind, n_blocks) in enumerate(kinds.items())
    }
    figures = scores.set_index(["dataset", "model", "seed", "metric", "threshold"])["value"].sort_index()
    if figures.index.has_duplicates:
        dataset, model = figures.index[figures.index.duplicated()][0][:2]
        raise InputError(f"scores hold {dataset} {model} twice. Select one archive, study and protocol.")
    resampled: dict[tuple[str, str], ResampledSeries] = {}
    for dataset, table in predictions:
        is_test = (table["split"] == "test").to_numpy()
        train, test = table.loc[table["split"] == "train"], table.loc[is_test]
        test = test.assign(**{REGION: blocks.of_regions(test), ROTATION: blocks.of_rotations(test)})
        event_rate = train.groupby(["model", "seed"], observed=True)["label"].mean()
        named = [(str(model), int(seed), own) for (model, seed), own in test.groupby(["model", "seed"], observed=True)]
        absent = [f"{model}, seed {seed}" for model, seed, _ in named if (dataset, model, seed) not in figures.index]
        if absent:
            raise InputError(f"scores hold nothing of {dataset} {'; '.join(absent)}. Verify the study again.")

        def of_seed(
            one: tuple[str, int, pd.DataFrame], dataset: str = dataset, event_rate: pd.Series = event_rate
        ) -> dict[str, NDArray[np.float64]]:
            model, seed, own = one
            return resampled_figures(
                own,
                figures.loc[dataset, model, seed],
                weights,
                event_rate=event_rate.get((model, seed), np.nan),
                reliability_bins=reliability_bins,
            )

        # Sums over blocks are exact, so how many work at once changes no bit.
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
            for (model, seed, own), got in zip(named, pool.map(of_seed, named), strict=True):
                series = resampled.setdefault((dataset, model), ResampledSeries())
                series.add(own, figures.loc[dataset, model, seed], got)
    return _intervals(scores, resampled, level=settings["level"]), _differences(
        scores, resampled, families, level=settings["level"]
    )


def main(
    predictions: Sequence[str | Path],
    datasets: Sequence[str],
    scores: str | Path,
    intervals: str | Path,
    differences: str | Path,
    *,
    study: str,
    settings: Mapping[str, Any],
    families: Sequence[Family],
    threads: int,
    reliability_bins: int = N_RELIABILITY_BINS,
) -> None:
    """Bound the `scores` of the files `predictions`, of the `datasets` beside them; one file is held at a time."""
    if len(predictions) != len(datasets) or not predictions:
        raise InputError(
            f"{len(predictions)} prediction files for {len(datasets)} data sets; wanted one of each a file, and some."
        )
    blocks = read_study_blocks(dict.fromkeys(predictions))
    LOG.info("%d regions and %d solar rotations in the test splits", len(blocks.regions), len(blocks.rotations))
    bounded = bound_scores(
        _tables(predictions, datasets),
        read_scores(scores, study=study),
        families,
        blocks,
        settings=settings,
        reliability_bins=reliability_bins,
        threads=threads,
    )
    for path, table in zip((intervals, differences), bounded, strict=True):
        write_csv(path, table, float_format="%.10g")


def _tables(predictions: Sequence[str | Path], datasets: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    progress = Progress(LOG, "bound scores", len(predictions))
    for path, dataset in zip(predictions, datasets, strict=True):
        table = read_predictions(path)
        LOG.info("read %s: %d predictions", path, len(table))
        yield dataset, table
        progress.advance()


def _intervals(
    scores: pd.DataFrame, resampled: Mapping[tuple[str, str], ResampledSeries], *, level: float
) -> pd.DataFrame:
    parts = []
    for (dataset, model), own in scores.groupby(["dataset", "model"], sort=False):
        series = resampled.get((dataset, model))
        if series is None or series.n_seeds != own["seed"].nunique():
            raise InputError(
                f"scores hold {own['seed'].nunique()} seeds of {dataset} {model}, the predictions "
                f"{series.n_seeds if series else 0}. Verify the study again."
            )
        part = own.groupby([*SERIES, "threshold", "metric"], sort=False)["value"].agg(
            value="mean", sd="std", n_seeds="count"
        )
        limits = {
            kind: np.stack(bounds(series.means(kind), level=level))
            if len(series.blocks[kind]) >= FEWEST_BLOCKS
            else np.full((2, len(FIGURES)), np.nan)
            for kind in (REGION, ROTATION)
        }
        if not series.has_regions:
            limits[REGION] = limits[ROTATION]
        by_figure = pd.DataFrame(
            np.concatenate([limits[REGION], limits[ROTATION]]).T,
            index=pd.MultiIndex.from_tuples([(threshold, metric) for metric, threshold in FIGURES]),
            columns=["low", "high", "low_rotation", "high_rotation"],
        )
        keys = pd.MultiIndex.from_arrays([part.index.get_level_values(name) for name in ("threshold", "metric")])
        part[list(by_figure.columns)] = by_figure.reindex(keys).to_numpy()
        part["n_regions"], part["n_rotations"] = len(series.blocks[REGION]), len(series.blocks[ROTATION])
        parts.append(part.reset_index())
    return pd.concat(parts, ignore_index=True)[list(INTERVAL_COLUMNS)]


def _differences(
    scores: pd.DataFrame,
    resampled: Mapping[tuple[str, str], ResampledSeries],
    families: Sequence[Family],
    *,
    level: float,
) -> pd.DataFrame:
    rows = []
    for family in families:
        unknown = sorted(set(family["metrics"]) - {metric for metric, _ in FIGURES})
        if unknown:
            raise InputError(f"comparison {family['name']}: {', '.join(unknown)} is no score that is resampled.")
        for metric in family["metrics"]:
            for pair in family["pairs"]:
                names, values, own = [], [], []
                for side in (pair["a"], pair["b"]):
                    key = key_of(side, metric)
                    try:
                        found = figures_by_seed(scores, metric=metric, **key)
                    except InputError as error:
                        raise InputError(f"comparison {family['name']}: {error}") from error
                    # Not pandas' mean, which leaves out what is undefined.
                    values.append(found.to_numpy(dtype=np.float64))
                    names.append([key[name] for name in SIDE])
                    own.append(resampled[side["dataset"], side["model"]])
                difference = float(values[0].mean() - values[1].mean())
                kinds = (REGION, ROTATION) if all(series.has_regions for series in own) else (ROTATION,)
                for kind in kinds:
                    a, b = (
                        series.means(kind)[:, FIGURES.index((metric, name[2]))]
                        for series, name in zip(own, names, strict=True)
                    )
                    compared = bootstrap_comparison(difference, a - b, level=level)._asdict()
                    told = [family["name"], metric, *names[0], *names[1], kind]
                    rows.append(dict(zip(DIFFERENCE_KEY, told, strict=True)) | compared)
    return pd.DataFrame(rows, columns=[*DIFFERENCE_KEY, *DIFFERENCE_FIGURES])


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.predictions,
            snakemake.params.datasets,
            snakemake.input.scores,
            snakemake.output.intervals,
            snakemake.output.differences,
            study=snakemake.params.study,
            settings=snakemake.params.settings,
            families=snakemake.params.families,
            threads=snakemake.threads,
            reliability_bins=snakemake.params.reliability_bins,
        )
