"""Optima of the hyperparameter searches of a study -> one table of settings, scores and numbers of trials."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from flaredag.artifacts import read_json, write_csv
from flaredag.joblog import job_log
from flaredag.search_tables import SEARCH_COLUMNS
from flaredag.search_trials import FAILED, LEAST_IS_BEST, PRUNED

LOG = logging.getLogger("flaredag")


def list_searches(
    optima: Mapping[str, Mapping[str, Any]], searches: Mapping[str, Mapping[str, Any]], *, study: str
) -> pd.DataFrame:
    """A row a search and setting, columns `SEARCH_COLUMNS`; none without a search.

    `optima`: what each search came to (`flaredag.search_trials.optimum`), by its name; `searches`: of each, where it
    lies (`flaredag.store.FIT_COLUMNS`), and its `space` in words.
    """
    rows = []
    for name, own in searches.items():
        found = optima[name]
        configured, optimum = (found[one] for one in ("configured", "optimum"))
        numbers = _scores(configured["scores"], optimum["scores"], metric=found["metric"]) | {
            "optimum_trial": optimum["number"],
            "n_splits": len(found["seeds"]),
            "n_trials": sum(found["n_trials"].values()),
            "n_pruned": found["n_trials"][PRUNED],
            "n_failed": found["n_trials"][FAILED],
        }
        where = {key: value for key, value in own.items() if key != "space"}
        rows += [
            {"study": study, "search": name, "metric": found["metric"], **where, **numbers}
            | {"setting": key, "space": space}
            | {"configured": configured["settings"][key], "optimum": optimum["settings"][key]}
            for key, space in own["space"].items()
        ]
    return pd.DataFrame(rows, columns=list(SEARCH_COLUMNS))


def main(optima: Mapping[str, str], table: str, *, searches: Mapping[str, Mapping[str, Any]], study: str) -> None:
    """Read the optimum of each search and write one table."""
    listed = list_searches({name: read_json(path) for name, path in optima.items()}, searches, study=study)
    write_csv(table, listed, float_format="%.10g")
    LOG.info("%s: %d settings of %d searches", table, len(listed), len(searches))


def _scores(configured: Sequence[float], optimum: Sequence[float], *, metric: str) -> dict[str, float]:
    """Means and standard deviations over the splits; a gain is above 0 where the optimum is better."""
    sign = -1.0 if metric in LEAST_IS_BEST else 1.0
    gain = sign * (np.array(optimum) - np.array(configured))
    figures = {"configured": configured, "optimum": optimum, "gain": gain}
    names = {"configured": "configured_score", "optimum": "optimum_score", "gain": "gain"}
    return {names[of]: float(np.mean(values)) for of, values in figures.items()} | {
        f"{of}_sd": float(np.std(values, ddof=1)) if len(values) > 1 else float("nan") for of, values in figures.items()
    }


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            {name: snakemake.input[f"optimum_{name}"] for name in snakemake.params.searches},
            snakemake.output.searches,
            searches=snakemake.params.searches,
            study=snakemake.params.study,
        )
