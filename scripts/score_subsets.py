"""Fit a model on subsets of the features of one data set, a batch of them on every seed; keep only the scores."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from flaredag.artifacts import read_json, sha256_of_file, write_csv, write_json
from flaredag.errors import InputError
from flaredag.fitting import dataset_of
from flaredag.joblog import Progress, job_log
from flaredag.models import attention_lstm, logistic_regression, lstm, perceptron
from flaredag.ranking_tables import SUBSET_COLUMNS
from flaredag.samples import Samples, content_digest, read_datasets, read_windows, samples_of_split
from flaredag.score_tables import TEST_THRESHOLD, VALIDATION_THRESHOLD
from flaredag.splits import SPLITS
from flaredag.verification import (
    categorical_scores,
    contingency_table,
    probabilistic_scores,
    threshold_of_best_true_skill_statistic,
)

LOG = logging.getLogger("flaredag")

# Those that may rank features; an enumeration in rules/config.schema.yaml says the same.
MODELS = {
    "lstm": lstm,
    "lstm_attention": attention_lstm,
    "perceptron": perceptron,
    "logistic_regression": logistic_regression,
    "logistic_regression_on_quantiles": logistic_regression,
}


def score_subsets(windows: str, datasets: str, index: str, *, made_from: Mapping[str, Any]) -> pd.DataFrame:
    """Scores, columns `SUBSET_COLUMNS`, of the model on every subset and seed that `made_from` names.

    Windows and data sets are read once; a subset is a slice of the standardised samples, whose padded steps stay 0.
    Fits go one after the other: many small LSTMs stacked into one gain a factor of 1.2 to 1.3 in a step (measured:
    tests/bench_small_networks.py), where a batch a process gains as much as there are cores.

    Raises InputError where the data sets or features are not those of `made_from`, and for a model that takes zeros for
    missing steps: with few features a record may be all zeros.
    """
    dataset = dataset_of(index, made_from["datasets"])
    study = read_windows(windows, read_json(index)["datasets"][dataset]["task"])
    drawn = read_datasets(datasets, dataset, made_from["seeds"])
    features = drawn[0].feature_names(study)
    if list(features) != list(made_from["features"]):
        raise InputError(
            f"{windows}: {dataset}: features {', '.join(features)}; wanted {', '.join(made_from['features'])}. Run "
            "snakemake again, so that the windows are made anew."
        )
    ((model, settings),) = made_from["models"].items()
    if settings.get("masked"):
        raise InputError(
            f"ranking by {model}: masked, so that it takes steps of zeros for missing ones, and with few features a "
            "record may be all zeros. Name a model with `masked: false` in `ranking`."
        )
    progress = Progress(LOG, f"{dataset}: subsets", len(made_from["subsets"]) * len(made_from["seeds"]))
    rows = []
    for one in drawn:
        samples = {split: samples_of_split(study, one, split) for split in SPLITS}
        wanted, found = made_from["datasets"][str(one.seed)], content_digest(samples)
        if found != wanted:
            raise InputError(
                f"{datasets}: {dataset}, seed {one.seed} has the digest {found}, wanted {wanted}: the windows changed "
                "under it. Run snakemake again; if this returns, delete the index."
            )
        for subset in made_from["subsets"]:
            columns = [features.index(name) for name in subset]
            # A copy in one piece: a view would be read with gaps at every step of every epoch.
            parts = {
                split: replace(own, sequence=np.ascontiguousarray(own.sequence[:, :, columns]))
                for split, own in samples.items()
            }
            figures = _scores(parts, model, settings, seed=one.seed, what=f"{dataset}: {' '.join(subset)}")
            rows += [
                {"features": " ".join(subset), "seed": one.seed, "threshold": at, "metric": metric, "value": value}
                for (at, metric), value in figures.items()
            ]
            skill = figures[TEST_THRESHOLD, "true_skill_statistic"]
            progress.advance(f"({subset[0]}{f' and {len(subset) - 1} more' * (len(subset) > 1)}: TSS {skill:.3f})")
    return pd.DataFrame(rows, columns=list(SUBSET_COLUMNS))


def main(inputs: Mapping[str, str], outputs: Mapping[str, str], *, made_from: Mapping[str, Any]) -> None:
    """Read windows, datasets and index; write scores and provenance."""
    write_csv(outputs["scores"], score_subsets(**inputs, made_from=made_from), float_format="%.10g")
    write_json(
        outputs["provenance"],
        {"made_from": dict(made_from), "sha256": {"scores.csv": sha256_of_file(outputs["scores"])}},
    )


def _scores(
    samples: Mapping[str, Samples], model: str, settings: Mapping[str, Any], *, seed: int, what: str
) -> dict[tuple[str, str], float]:
    """Figures on the test split by (threshold, metric), of a fit on these samples."""
    if np.ptp(samples["train"].sequence, axis=(0, 1)).any():
        with threadpool_limits(1):
            fit = MODELS[model].fit(samples["train"], samples["validation"], seed=seed, settings=settings)
            probability = {split: fit.probability(samples[split]) for split in ("validation", "test")}
    else:
        # Nothing can be learnt, and what a network answers to other values is chance.
        LOG.warning("%s: seed %d: does not vary in the training split; taken for a constant forecast", what, seed)
        rate = float(samples["train"].label.mean())
        probability = {split: np.full(len(samples[split]), rate) for split in ("validation", "test")}
    label = {split: samples[split].label for split in probability}
    thresholds = {
        at: threshold_of_best_true_skill_statistic(label[split], probability[split])
        for at, split in ((TEST_THRESHOLD, "test"), (VALIDATION_THRESHOLD, "validation"))
    }
    table = contingency_table(label["test"], probability["test"], thresholds=list(thresholds.values()))
    skill = dict(zip(thresholds, categorical_scores(table)["true_skill_statistic"], strict=True))
    area = probabilistic_scores(label["test"], probability["test"])["area_under_roc_curve"]
    figures = {(at, "true_skill_statistic"): float(value) for at, value in skill.items()}
    figures |= {(at, "threshold"): value for at, value in thresholds.items()}
    return figures | {("", "area_under_roc_curve"): area}


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(dict(snakemake.input.items()), dict(snakemake.output.items()), made_from=snakemake.params.made_from)
