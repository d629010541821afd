"""Fit models on subsets of the features of one data set, a batch of them on every seed; keep only the scores."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from flaredag.artifacts import read_json, sha256_of_file, write_csv, write_json
from flaredag.errors import InputError
from flaredag.fitting import dataset_of, fits_with, samples_with_digest
from flaredag.joblog import Progress, job_log
from flaredag.models import (
    FittedModel,
    attention_lstm,
    logistic_regression,
    lstm,
    perceptron,
)
from flaredag.networks_of_two_epochs import WITH_TWINS
from flaredag.samples import Samples, read_datasets, read_windows
from flaredag.score_tables import FIXED_THRESHOLD, TEST_THRESHOLD, VALIDATION_THRESHOLD
from flaredag.subset_scores import SUBSET_COLUMNS
from flaredag.verification import (
    categorical_scores,
    contingency_table,
    probabilistic_scores,
    threshold_of_best_true_skill_statistic,
)

LOG = logging.getLogger("flaredag")
# Scores of the probabilities that are kept of a subset.
PROBABILISTIC = ("area_under_roc_curve", "brier_skill_score")

# Those that may rank features; a pattern in rules/config.schema.yaml says the same.
MODELS = {
    "lstm": lstm,
    "lstm_attention": attention_lstm,
    "perceptron": perceptron,
    "logistic_regression": logistic_regression,
    "logistic_regression_on_quantiles": logistic_regression,
    **WITH_TWINS,
}


def score_subsets(windows: str, datasets: str, index: str, *, made_from: Mapping[str, Any]) -> pd.DataFrame:
    """Scores, columns `SUBSET_COLUMNS`, of the models on every subset and seed that `made_from` names.

    The TSS at the thresholds 0.5, best on validation and best on the test split itself, and these two thresholds; ROC
    area; Brier skill score against the event rate of the test split. The models may differ in `kept_epoch`, the epoch
    that they keep: all come from one training where their module can keep several (`flaredag.models`).

    Windows and data sets are read once; a subset is a slice of the standardised samples, whose padded steps stay 0.
    Fits go one after the other: many small LSTMs stacked into one gain a factor of 1.2 to 1.3 in a step (measured:
    tests/bench_small_networks.py), where a batch a process gains as much as there are cores.

    Raises InputError where the data sets or features are not those of `made_from`, for models that differ in more, and
    for one that takes zeros for missing steps: with few features a record may be all zeros.
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
    _check_models(made_from["models"])
    progress = Progress(LOG, f"{dataset}: subsets", len(made_from["subsets"]) * len(made_from["seeds"]))
    rows = []
    for one in drawn:
        where = f"{datasets}: {dataset}, seed {one.seed}"
        samples = samples_with_digest(study, one, made_from["datasets"][str(one.seed)], where=where)
        for subset in made_from["subsets"]:
            columns = [features.index(name) for name in subset]
            # A copy in one piece: a view would be read with gaps at every step of every epoch.
            parts = {
                split: replace(own, sequence=np.ascontiguousarray(own.sequence[:, :, columns]))
                for split, own in samples.items()
            }
            names = " ".join(subset)
            scores = {
                model: _scores(parts, probability)
                for model, probability in _probabilities(
                    parts, made_from["models"], seed=one.seed, what=f"{dataset}: {names}"
                ).items()
            }
            rows += [
                (model, names, one.seed, at, metric, value)
                for model, figures in scores.items()
                for (at, metric), value in figures.items()
            ]
            skill = next(iter(scores.values()))[TEST_THRESHOLD, "true_skill_statistic"]
            progress.advance(f"({subset[0]}{f' and {len(subset) - 1} more' * (len(subset) > 1)}: TSS {skill:.3f})")
    return pd.DataFrame(rows, columns=list(SUBSET_COLUMNS))


def main(inputs: Mapping[str, str], outputs: Mapping[str, str], *, made_from: Mapping[str, Any]) -> None:
    """Read windows, datasets and index; write scores and provenance."""
    write_csv(outputs["scores"], score_subsets(**inputs, made_from=made_from), float_format="%.10g")
    write_json(
        outputs["provenance"],
        {"made_from": dict(made_from), "sha256": {"scores.csv": sha256_of_file(outputs["scores"])}},
    )


def _check_models(models: Mapping[str, Mapping[str, Any]]) -> None:
    """InputError where models differ in more than the epoch that they keep, or one takes zeros for missing steps."""
    trainings = [
        (MODELS[model], {key: value for key, value in settings.items() if key != "kept_epoch"})
        for model, settings in models.items()
    ]
    if any(training != trainings[0] for training in trainings):
        raise InputError(
            f"subsets of {', '.join(models)}: their settings differ in more than kept_epoch; wanted models of one "
            "training. Give each such model a job of its own."
        )
    for model, settings in models.items():
        if settings.get("masked"):
            raise InputError(
                f"ranking by {model}: masked, so that it takes steps of zeros for missing ones, and with few features "
                "a record may be all zeros. Name a model with `masked: false` in `ranking`."
            )


def _probabilities(
    samples: Mapping[str, Samples], models: Mapping[str, Mapping[str, Any]], *, seed: int, what: str
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """By model and split, of validation and test, the probabilities (sample,) of fits on these samples."""
    splits = ("validation", "test")
    if np.ptp(samples["train"].sequence, axis=(0, 1)).any():
        fits: dict[str, FittedModel] = {}
        with threadpool_limits(1):
            for model in models:
                if model not in fits:
                    fits |= fits_with(model, samples, seed=seed, settings=models, models=MODELS)
            return {model: {split: fits[model].probability(samples[split]) for split in splits} for model in models}
    # Nothing can be learnt, and what a network answers to other values is chance.
    LOG.warning("%s: seed %d: does not vary in the training split; taken for a constant forecast", what, seed)
    rate = float(samples["train"].label.mean())
    return {model: {split: np.full(len(samples[split]), rate) for split in splits} for model in models}


def _scores(
    samples: Mapping[str, Samples], probability: Mapping[str, NDArray[np.float64]]
) -> dict[tuple[str, str], float]:
    """Figures on the test split by (threshold, metric); `probability` of the validation and test samples."""
    label = {split: samples[split].label for split in probability}
    chosen = {
        at: threshold_of_best_true_skill_statistic(label[split], probability[split])
        for at, split in ((TEST_THRESHOLD, "test"), (VALIDATION_THRESHOLD, "validation"))
    }
    thresholds = chosen | {FIXED_THRESHOLD: 0.5}
    table = contingency_table(label["test"], probability["test"], thresholds=list(thresholds.values()))
    skill = dict(zip(thresholds, categorical_scores(table)["true_skill_statistic"], strict=True))
    figures = {(at, "true_skill_statistic"): float(value) for at, value in skill.items()}
    figures |= {(at, "threshold"): value for at, value in chosen.items()}
    of_probabilities = probabilistic_scores(label["test"], probability["test"])
    return figures | {("", metric): of_probabilities[metric] for metric in PROBABILISTIC}


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(dict(snakemake.input.items()), dict(snakemake.output.items()), made_from=snakemake.params.made_from)
