"""Figures of the verification of anybody's forecasts: skill of every model; curves, calibration, value of the best."""

import logging
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from flaredag.diagnostics import read_decomposition, read_diagnostics
from flaredag.forecast_scores import read_intervals
from flaredag.joblog import job_log
from flaredag.plots import verification_figure, write_svg
from flaredag.plots_diagnostics import diagnostics_figure
from flaredag.plots_forecasts import by_skill, skill_figure
from flaredag.score_tables import read_curves, read_scores

LOG = logging.getLogger("flaredag")
DATASET = "FORECASTS"
MOST_SERIES = 5


def plot_forecasts(
    scores: pd.DataFrame,
    intervals: pd.DataFrame,
    curves: pd.DataFrame,
    diagnostics: pd.DataFrame,
    decomposition: pd.DataFrame,
) -> dict[str, Figure]:
    """Figures `skill` of all models, `curves` and `diagnostics` of the five of greatest Brier skill score."""
    models = by_skill(intervals)
    series = [(DATASET, model) for model in models[:MOST_SERIES]]
    which = f" of the best {len(series)} of {len(models)} models" if len(models) > len(series) else ""
    return {
        "skill": skill_figure(intervals, title="Skill of each model, with intervals"),
        "curves": verification_figure(curves, scores, series, title=f"Curves{which}", mark=""),
        "diagnostics": diagnostics_figure(
            diagnostics, decomposition, series, title=f"Calibration and value{which}", mark=""
        ),
    }


def main(inputs: dict[str, str], figures: dict[str, str | Path]) -> None:
    """Read the tables of verify_forecasts, write each figure as SVG to the path under its name."""
    drawn = plot_forecasts(
        read_scores(inputs["scores"]),
        read_intervals(inputs["intervals"]),
        read_curves(inputs["curves"]),
        read_diagnostics(inputs["diagnostics"]),
        read_decomposition(inputs["decomposition"]),
    )
    for name, figure in drawn.items():
        write_svg(figures[name], figure)
        LOG.info("drew %s", figures[name])


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(dict(snakemake.input.items()), dict(snakemake.output.items()))
