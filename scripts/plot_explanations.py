"""A figure of explanations: bipoles, or of regions their forecasts in time, attribution maps or contours."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from flaredag.errors import InputError
from flaredag.explanations import ExplainedBipoles, Explanation, read_bipoles, read_explanation
from flaredag.joblog import job_log
from flaredag.plots import write_svg
from flaredag.plots_bipoles import SWEPT, bipoles_figure
from flaredag.plots_explanations import attributions_figure, contours_figure, probabilities_figure
from flaredag.tables import numbers, read_raw_csv

LOG = logging.getLogger("flaredag")

OF_BIPOLES = "explained_bipoles"
OF_REGIONS = {
    "explained_probabilities": probabilities_figure,
    "explained_attributions": attributions_figure,
    "explained_contours": contours_figure,
}


def plot_explanations(
    explanations: Sequence[Explanation],
    bipoles: tuple[ExplainedBipoles, pd.DataFrame] | None,
    *,
    kind: str,
    mark: str,
) -> Figure:
    """The figure of this kind: of `bipoles`, the explained ones and the sweep, or of the regions `explanations`."""
    if kind == OF_BIPOLES and bipoles is not None:
        return bipoles_figure(*bipoles, mark=mark)
    if kind not in OF_REGIONS:
        known = ", ".join((OF_BIPOLES, *OF_REGIONS))
        raise InputError(f"no figure {kind!r} of what there is; known are {known}. Mend the study's figures.")
    return OF_REGIONS[kind](explanations, mark=mark)


def main(
    explanations: Sequence[str | Path],
    bipoles: str | Path,
    sweep: str | Path,
    figure: str | Path,
    *,
    kind: str,
    mark: str,
) -> None:
    """Draw one figure as SVG. `sweep`: probability of each bipole and network, CSV; `mark` stands in the corner."""
    if kind == OF_BIPOLES:
        drawn = plot_explanations([], (read_bipoles(bipoles), _read_sweep(sweep)), kind=kind, mark=mark)
        LOG.info("read %s and %s; drew %s", bipoles, sweep, figure)
    else:
        drawn = plot_explanations([read_explanation(path) for path in explanations], None, kind=kind, mark=mark)
        LOG.info("read %d explained regions; drew %s", len(explanations), figure)
    write_svg(figure, drawn)


def _read_sweep(path: str | Path) -> pd.DataFrame:
    columns = [*SWEPT, "probability"]
    sweep = read_raw_csv(path, columns)
    return pd.DataFrame({name: numbers(sweep[name], path=path) for name in columns})


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.explanations,
            snakemake.input.bipoles,
            snakemake.input.sweep,
            snakemake.output.figure,
            kind=snakemake.wildcards.figure,
            mark=snakemake.params.mark,
        )
