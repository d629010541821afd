"""Anybody's data set or forecasts (CSV) -> findings of the leak audit; a leak fails the build."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.audit import findings_table, log_findings, refuse_leaks
from flaredag.audit_features import feature_knows_the_future, features_that_know_the_future
from flaredag.audit_of_samples import findings_of_samples
from flaredag.audited_samples import AuditedSamples, read_audited_samples
from flaredag.errors import InputError
from flaredag.joblog import job_log

LOG = logging.getLogger("flaredag")


def audit_samples(
    samples: AuditedSamples,
    altered: AuditedSamples | None,
    *,
    subject: str,
    window_hours: float,
    horizon_hours: float,
    altered_from: str,
) -> pd.DataFrame:
    """Findings on `samples`, and on what `altered` ones, made again with another future, say of their features.

    Columns of `flaredag.audit`. `altered_from`: when the other future begins, ISO 8601, UTC. Raises InputError where
    that is no time, or samples made again do not have the same columns.
    """
    findings = findings_of_samples(subject, samples, window_hours=window_hours, horizon_hours=horizon_hours)
    if altered is not None:
        cut = _cut(altered_from)
        key = ["time", "region", "model", "seed"]
        before, after = (
            pd.concat([one.rows[key], pd.DataFrame(one.features)], axis="columns") for one in (samples, altered)
        )
        absent = sorted(set(samples.features) ^ set(altered.features))
        if absent:
            raise InputError(
                f"altered: columns {', '.join(absent)} are in one of the two tables alone; wanted the same features, "
                "made again by the same code."
            )
        for table in (before, after):
            if table.duplicated(key).any():
                raise InputError("altered: samples of one region and time are there twice; wanted each once.")
        changed = features_that_know_the_future(before, after, cut, key=key)
        n_compared = int((before["time"] <= cut).sum())
        findings.append(feature_knows_the_future(subject, changed, n_compared=n_compared, cut=f"{cut}Z"))
    return findings_table(findings)


def main(
    audited: str,
    altered: Sequence[str],
    audit: str,
    *,
    window_hours: float,
    horizon_hours: float,
    altered_from: str,
) -> None:
    """Read samples (CSV), and those made with another future where given; write the findings unless there is a leak."""
    findings = audit_samples(
        read_audited_samples(audited),
        read_audited_samples(altered[0]) if altered else None,
        subject=audited,
        window_hours=window_hours,
        horizon_hours=horizon_hours,
        altered_from=altered_from,
    )
    log_findings(LOG, findings)
    refuse_leaks(findings, what=audited)
    write_csv(audit, findings)


def _cut(altered_from: str) -> np.datetime64:
    time = pd.to_datetime(altered_from, errors="coerce", utc=True)
    if altered_from == "" or pd.isna(time):
        raise InputError(
            f"altered_from: {altered_from!r} is no time; wanted when the altered future begins, such as "
            "2014-01-01T00:00:00Z."
        )
    return np.datetime64(time.tz_localize(None), "s")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.audited,
            snakemake.input.altered,
            snakemake.output.audit,
            window_hours=snakemake.params.window_hours,
            horizon_hours=snakemake.params.horizon_hours,
            altered_from=snakemake.params.altered_from,
        )
