"""Tables and flares of an archive -> the windows of a study, with evolution types and labels."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flaredag.artifacts import write_json
from flaredag.joblog import job_log
from flaredag.samples import StudyWindows, write_windows
from flaredag.study_windows import make_windows
from flaredag.tables import read_flares, read_records
from flaredag.window_images import cube_columns
from flaredag.windows import EVOLUTION

LOG = logging.getLogger("flaredag")


def summary(tasks: Mapping[str, StudyWindows], counts: Mapping[str, Any]) -> dict[str, Any]:
    """Evolution types (the paper's Table 2) and samples (Table 3) of each instrument and task, and the counts."""
    evolution, samples = {}, {}
    for task, study in tasks.items():
        for i, instrument in enumerate(study.instruments):
            name = instrument if len(tasks) == 1 else f"{instrument} {task}"
            own = study.instrument == i
            cells = np.bincount(study.evolution[own], minlength=len(EVOLUTION))
            evolution[name] = dict(zip(EVOLUTION, cells.tolist(), strict=True))
            n_positive, n_negative = (int((study.label[own] == value).sum()) for value in (1, 0))
            event_rate = n_positive / max(n_positive + n_negative, 1)
            samples[name] = {"positive": n_positive, "negative": n_negative, "event_rate": event_rate}
    return {"evolution": evolution, "samples": samples, "records": dict(counts)}


def main(
    tables: Sequence[str],
    flares: Sequence[str],
    cubes: Sequence[str],
    windows: str,
    samples: str,
    *,
    settings: Mapping[str, Any],
) -> None:
    """Read tables, flares and the columns of cubes (none for a study without); write the windows, and a summary."""
    images = cube_columns(cubes) if cubes else None
    tasks, counts = make_windows(read_records(tables), read_flares(flares), images, settings=settings)
    LOG.info("windows: %s", counts)
    write_windows(windows, tasks)
    write_json(samples, summary(tasks, counts))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.tables,
            snakemake.input.flares,
            snakemake.input.cubes,
            snakemake.output.windows,
            snakemake.output.samples,
            settings=snakemake.params.settings,
        )
