"""Anybody's forecasts -> what leaks in them: a table of findings. Nothing fails: it is for the reader to judge."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.audit import findings_table, log_findings
from flaredag.audit_of_samples import findings_of_samples
from flaredag.audit_splits import TEST, looks_balanced
from flaredag.audited_samples import WHOLE_DISK, AuditedSamples
from flaredag.joblog import job_log
from flaredag.predictions import FULL_DISK, read_predictions

LOG = logging.getLogger("flaredag")
SUBJECT = "FORECASTS"


def audit_forecasts(forecasts: pd.DataFrame, *, window_hours: float, horizon_hours: float) -> pd.DataFrame:
    """Findings (flaredag.audit) on `forecasts`, whose columns are those of flaredag.predictions.

    Regions in two splits; windows, `window_hours` before and `horizon_hours` after the issue time, that overlap across
    splits; samples whose label differs between models or seeds; forecasts that are the labels; a test split of as many
    events as non-events.
    """
    names = forecasts["instrument"].astype(str) + " " + forecasts["region"].astype(str)
    rows = pd.DataFrame(
        {
            "time": forecasts["issue_time"],
            "region": names.where(forecasts["instrument"] != FULL_DISK, WHOLE_DISK),
            "split": forecasts["split"].astype(str),
            "label": forecasts["label"],
            "model": forecasts["model"].astype(str),
            "seed": forecasts["seed"],
            "probability": forecasts["probability"],
            "threshold": np.nan,
        }
    )
    samples = AuditedSamples(rows, features={}, unread=(), given=("split", "probability"))
    found = findings_of_samples(SUBJECT, samples, window_hours=window_hours, horizon_hours=horizon_hours)
    if len(rows["split"].unique()) == 1:
        label = rows["label"].to_numpy()
        found.append(looks_balanced(SUBJECT, label, np.full(len(label), TEST, dtype=np.int8)))
    return findings_table(found)


def main(predictions: str | Path, audit: str | Path, *, window_hours: float, horizon_hours: float) -> None:
    """Read predictions, write the findings; reports and leaks are warnings in the log."""
    forecasts = read_predictions(predictions, region_in_two_splits_allowed=True)
    found = audit_forecasts(forecasts, window_hours=window_hours, horizon_hours=horizon_hours)
    log_findings(LOG, found)
    write_csv(audit, found)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.predictions,
            snakemake.output.audit,
            window_hours=snakemake.params.settings["window_hours"],
            horizon_hours=snakemake.params.settings["horizon_hours"],
        )
