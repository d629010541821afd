"""Fits of a data set -> how much skill each loses when groups of correlated features are permuted on the test split."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from flaredag.artifacts import write_csv
from flaredag.block_bootstrap import block_weights, blocks_of_regions
from flaredag.errors import InputError
from flaredag.feature_groups import FeatureGroup, feature_groups
from flaredag.fitting import read_checkpoint, samples_with_digest
from flaredag.importance_tables import IMPORTANCE_COLUMNS
from flaredag.joblog import Progress, job_log
from flaredag.keyword_models import KEYWORD_MODELS
from flaredag.models import FittedModel
from flaredag.permutation_importance import Forecaster, forecast_again, forecaster, losses, permutations, resampled
from flaredag.samples import Samples, read_datasets, read_windows

LOG = logging.getLogger("flaredag")


class SeedOfDataset(NamedTuple):
    """A data set of one seed: what its models are judged on. `block` (test sample,): number of the sample's region."""

    seed: int
    test: Samples
    block: np.ndarray
    forecasters: Mapping[str, Forecaster]


def permute_features(
    seeds: Sequence[SeedOfDataset], groups: Sequence[FeatureGroup], *, settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Loss of skill of each model and group: columns of IMPORTANCE_COLUMNS but dataset.

    Means over seeds; NaN where a score is undefined in one of them. The same permutations, and the same draws of
    regions, for all models. `settings`: `repeats`, `seed` (of the permutations), and `resamples`, `bootstrap_seed` and
    `level` of the intervals.
    """
    n_blocks = 1 + max(int(one.block.max(initial=-1)) for one in seeds)
    drawn = block_weights(n_blocks, resamples=settings["resamples"], seed=settings["bootstrap_seed"])
    # The sample itself is the first of its resamples.
    weights = np.concatenate([np.ones_like(drawn[:1]), drawn])
    models = list(seeds[0].forecasters)
    before: dict[str, list[np.ndarray]] = {model: [] for model in models}
    after: dict[tuple[str, int, int], list[np.ndarray]] = {}
    progress = Progress(LOG, "permutations", len(seeds) * len(groups) * settings["repeats"])
    with threadpool_limits(1):
        for one in seeds:
            known = (one.test.label, one.block, weights)
            for model, own in one.forecasters.items():
                before[model].append(resampled(own.probability, *known, threshold=own.threshold))
            drawn_of_seed = permutations(
                one.test, groups, repeats=settings["repeats"], seed=settings["seed"], dataset_seed=one.seed
            )
            for number, repeat, changes in drawn_of_seed:
                for model, own in one.forecasters.items():
                    got = resampled(forecast_again(own, changes), *known, threshold=own.threshold)
                    after.setdefault((model, number, repeat), []).append(got)
                progress.advance(f"({groups[number].names[0]})")
    n_regions = np.mean([len(np.unique(one.block)) for one in seeds])
    counts = {
        "n_repeats": settings["repeats"],
        "n_seeds": len(seeds),
        "n_samples": np.mean([len(one.test) for one in seeds]),
        "n_events": np.mean([one.test.label.sum() for one in seeds]),
        "n_regions": n_regions,
    }
    rows = []
    for model in models:
        mean_before = np.mean(before[model], axis=0)
        for number, group in enumerate(groups):
            repeats = [np.mean(after[model, number, repeat], axis=0) for repeat in range(settings["repeats"])]
            lost = losses(mean_before, np.stack(repeats), n_regions=n_blocks, level=settings["level"])
            told = {"group": group.name, "n_features": len(group.names), "least_correlation": group.least_correlation}
            rows += [
                {"model": model, **told, "metric": metric, **loss._asdict(), **counts} for metric, loss in lost.items()
            ]
    return pd.DataFrame(rows, columns=[name for name in IMPORTANCE_COLUMNS if name != "dataset"])


def fits_of_models(checkpoints: Sequence[str], models: Sequence[str], seeds: Sequence[int]) -> dict[str, FittedModel]:
    """Fits by "model/seed" of all `models` and `seeds`; InputError where the checkpoints lack one."""
    found: dict[str, FittedModel] = {}
    for path in checkpoints:
        found |= read_checkpoint(path, KEYWORD_MODELS)
    wanted = [f"{model}/{seed}" for seed in seeds for model in models]
    missing = [name for name in wanted if name not in found]
    if missing:
        raise InputError(
            f"{', '.join(checkpoints) or 'no checkpoint'}: no fit {', '.join(missing)}; found "
            f"{', '.join(sorted(found)) or 'none'}. Name models in `importance` that are fitted on the data set."
        )
    return {name: found[name] for name in wanted}


def main(
    inputs: Mapping[str, Any],
    importance: str,
    *,
    dataset: str,
    task: str,
    digests: Mapping[int, str],
    settings: Mapping[str, Any],
) -> None:
    """Read windows, data sets and `checkpoints` of a data set; write the table `importance` (CSV).

    `digests`: of the data set, by seed. `settings`: those of `permute_features`, `models`, and `correlated_from` of
    flaredag.feature_groups. Groups are those of the last records of the training split of the first seed. Raises
    InputError where the data set's content is not what the digests say: the fits are on other samples.
    """
    seeds = list(digests)
    windows = read_windows(inputs["windows"], task)
    datasets = read_datasets(inputs["datasets"], dataset, seeds)
    models = settings["models"]
    fits = fits_of_models(inputs["checkpoints"], models, seeds)
    samples = [
        samples_with_digest(windows, one, digests[one.seed], where=f"{inputs['datasets']}: {dataset}, seed {one.seed}")
        for one in datasets
    ]
    features = datasets[0].feature_names(windows)
    groups = feature_groups(
        samples[0]["train"].sequence[:, -1, :], features, correlated_from=settings["correlated_from"]
    )
    names = [group.name for group in groups]
    LOG.info("%s: %d features in %d groups: %s", dataset, len(features), len(groups), names)
    tests = [of_seed["test"] for of_seed in samples]
    instruments = np.array(windows.instruments)[np.concatenate([test.instrument for test in tests])]
    block = blocks_of_regions(instruments, np.concatenate([test.region for test in tests]))
    ends = np.cumsum([len(test) for test in tests])[:-1]
    judged = []
    for seed, of_seed, of_test in zip(seeds, samples, np.split(block, ends), strict=True):
        with threadpool_limits(1):
            forecasters = {
                model: forecaster(fits[f"{model}/{seed}"], of_seed["validation"], of_seed["test"]) for model in models
            }
        judged.append(SeedOfDataset(seed, of_seed["test"], of_test, forecasters))
    table = permute_features(judged, groups, settings=settings)
    write_csv(importance, table.assign(dataset=dataset)[list(IMPORTANCE_COLUMNS)], float_format="%.10g")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            {
                "windows": snakemake.input.windows,
                "datasets": snakemake.input.datasets,
                "checkpoints": list(snakemake.input.checkpoints),
            },
            snakemake.output.importance,
            dataset=snakemake.wildcards.dataset,
            task=snakemake.params.task,
            digests=snakemake.params.digests,
            settings=snakemake.params.settings,
        )
