"""Synthetic bipoles and CNNs -> which of them the CNNs call flaring, and attribution maps of a few."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.attribution_checks import checks_of_lines, checks_of_network
from flaredag.attributions import (
    METHODS_OF_SINGLE_IMAGES,
    explain,
    fitted_cnns,
    positive_probabilities,
    standardised,
)
from flaredag.errors import InputError
from flaredag.explanations import ExplainedBipoles, write_bipoles, write_checks
from flaredag.joblog import Progress, job_log
from flaredag.models.cnn import FittedCNN
from flaredag.synthetic_magnetograms import bipole_sweep
from flaredag.training import THRESHOLD

LOG = logging.getLogger("flaredag")

N_SHOWN = 4


def explain_bipoles(
    networks: Mapping[int, FittedCNN], *, model: str, settings: Mapping[str, Any]
) -> tuple[pd.DataFrame, ExplainedBipoles, list[dict[str, object]]]:
    """Probability of every bipole and seed, the bipoles that are explained, and checks of their maps.

    `networks` by seed: the first explains, the others tell whether its maps are stable. `settings`:
    `amplitudes_gauss`, `separations_deg`, `tilts_deg`, `patch_width_deg`. Raises InputError where the networks take
    images of several sizes.
    """
    seeds = sorted(networks)
    first = networks[seeds[0]]
    sizes = sorted({fitted.network.pixels for fitted in networks.values()})
    if len(sizes) > 1:
        raise InputError(f"networks of images of {sizes} pixels; wanted one size. Take the fits of one data set.")
    table, magnetograms = bipole_sweep(
        settings["amplitudes_gauss"],
        settings["separations_deg"],
        settings["tilts_deg"],
        patch_width_deg=settings["patch_width_deg"],
        pixels=sizes[0],
    )
    of_seed = []
    progress = Progress(LOG, f"{len(table)} bipoles: networks", len(seeds))
    for seed in seeds:
        images = standardised(networks[seed], magnetograms)
        of_seed.append(positive_probabilities(networks[seed].network, images))
        progress.advance()
    probability = np.stack(of_seed)
    mean = probability.mean(axis=0)
    shown = most_probable_of_separations(table["separation_deg"].to_numpy(), mean, N_SHOWN)
    any_flaring = bool((mean > THRESHOLD).any())
    LOG.info("mean probability of bipoles: %.3f to %.3f; explained: %s", mean.min(), mean.max(), shown.tolist())
    gauss, others = magnetograms[shown], [networks[seed] for seed in seeds[1:]]
    maps = explain(first, gauss, METHODS_OF_SINGLE_IMAGES)
    checks = checks_of_network("bipoles", first, gauss, maps, others)
    pixel_degrees = settings["patch_width_deg"] / sizes[0]
    checks += checks_of_lines("bipoles", METHODS_OF_SINGLE_IMAGES, maps.maps, gauss, pixel_degrees=pixel_degrees)
    explained = ExplainedBipoles(
        methods=METHODS_OF_SINGLE_IMAGES,
        model=model,
        seed=seeds[0],
        patch_width_deg=settings["patch_width_deg"],
        any_flaring=any_flaring,
        **{name: table[name].to_numpy()[shown] for name in table.columns},
        mean_probability=mean[shown],
        probability=probability[0, shown],
        magnetogram=gauss,
        attribution=maps.maps,
    )
    repeated = table.loc[table.index.repeat(len(seeds))].assign(
        seed=np.tile(seeds, len(table)), probability=probability.T.ravel()
    )
    return repeated, explained, checks


def most_probable_of_separations(separation: np.ndarray, probability: np.ndarray, n: int) -> np.ndarray:
    """Places of the most probable bipole (the first of equals) of each of `n` separations, by separation.

    The `n` separations are those whose most probable bipole is most probable (of equals the smaller).
    """
    best = [at[np.argmax(probability[at])] for at in (np.flatnonzero(separation == s) for s in np.unique(separation))]
    chosen = sorted(range(len(best)), key=lambda i: (-probability[best[i]], i))[:n]
    return np.array([best[i] for i in sorted(chosen)], dtype=np.int64)


def main(
    checkpoints: Sequence[str], table: str, explanation: str, checks: str, *, model: str, settings: Mapping[str, Any]
) -> None:
    """Read the networks `model` of one data set; write probabilities and checks (CSV), explained bipoles (netCDF)."""
    networks: dict[int, FittedCNN] = {}
    for path in sorted(checkpoints):
        networks |= fitted_cnns(path, model)
    if not networks:
        raise InputError("no checkpoint to explain bipoles by; wanted those of all seeds of a data set.")
    probabilities, explained, rows = explain_bipoles(networks, model=model, settings=settings)
    write_csv(table, probabilities)
    write_bipoles(explanation, explained)
    write_checks(checks, rows)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            list(snakemake.input.checkpoints),
            snakemake.output.table,
            snakemake.output.explanation,
            snakemake.output.checks,
            model=snakemake.params.model,
            settings=snakemake.params.settings,
        )
