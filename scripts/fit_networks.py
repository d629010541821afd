"""Fit neural networks on one data set, a batch of seeds; predict every split."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from flaredag.fitting import dataset_of, fit_batch, write_batch
from flaredag.joblog import job_log
from flaredag.models import (
    FittedModel,
    attention_lstm,
    deep_flare_net,
    jordan_network,
    lstm,
    perceptron,
)
from flaredag.networks_of_two_epochs import WITH_TWINS

MODELS = {
    "lstm": lstm,
    "lstm_attention": attention_lstm,
    "lstm_attention_authors_code": attention_lstm,
    "lstm_attention_masked": attention_lstm,
    "lstm_attention_unweighted": attention_lstm,
    "lstm_without_attention": attention_lstm,
    "lstm_without_dense": attention_lstm,
    "lstm_alone": attention_lstm,
    "perceptron": perceptron,
    "jordan_network": jordan_network,
    "deep_flare_net": deep_flare_net,
    **WITH_TWINS,
}


def fit_networks(
    windows: str, datasets: str, index: str, *, made_from: Mapping[str, Any]
) -> tuple[pd.DataFrame, dict[str, FittedModel]]:
    """Predictions on every split and seed of the networks that `made_from` names, and the fits by "model/seed"."""
    return fit_batch(
        windows,
        datasets,
        index,
        dataset=dataset_of(index, made_from["datasets"]),
        seeds=made_from["seeds"],
        settings=made_from["models"],
        models=MODELS,
    )


def main(inputs: Mapping[str, str], outputs: Mapping[str, str], *, made_from: Mapping[str, Any]) -> None:
    """Read windows, datasets and index; write predictions, checkpoint and provenance."""
    write_batch(fit_networks(**inputs, made_from=made_from), **outputs, made_from=made_from)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(dict(snakemake.input.items()), dict(snakemake.output.items()), made_from=snakemake.params.made_from)
