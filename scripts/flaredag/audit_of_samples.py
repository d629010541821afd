"""The leak audit of samples that anybody made, of which nothing is known but what they hold."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.audit import CLEAN, REPORTED, Finding
from flaredag.audit_features import column_gives_label_away
from flaredag.audit_forecasts import forecast_equals_label, forecast_twice, label_differs
from flaredag.audit_splits import SplitSamples, looks_balanced, region_in_two_splits, windows_overlap_across_splits
from flaredag.audit_statistics import columns_standardised_by_test, given_threshold
from flaredag.audited_samples import WHOLE_DISK
from flaredag.splits import SPLITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flaredag.audited_samples import AuditedSamples

_SAMPLE = ["region", "time"]


def findings_of_samples(
    subject: str, samples: AuditedSamples, *, window_hours: float, horizon_hours: float
) -> list[Finding]:
    """All findings on samples: their splits, features, labels and forecasts.

    A window reaches from `window_hours` before the issue time to `horizon_hours` after it. Splits count as
    chronological where no region is named or none begins before another's end: then all windows are held against all.
    """
    rows = samples.rows
    label, is_train = rows["label"].to_numpy(), (rows["split"] == "train").to_numpy()
    findings = [
        forecast_twice(subject, rows, ["model", "seed", *_SAMPLE]),
        label_differs(subject, rows, _SAMPLE),
        *_of_splits(subject, samples, window_hours=window_hours, horizon_hours=horizon_hours),
    ]
    once = ~rows.duplicated(_SAMPLE).to_numpy()
    if samples.features:
        region = None if (rows["region"] == WHOLE_DISK).all() else pd.factorize(rows["region"])[0][once]
        columns = {name: values[once] for name, values in samples.features.items()}
        findings += column_gives_label_away(subject, columns, label[once], region)
        if "split" in samples.given:
            findings += columns_standardised_by_test(subject, columns, is_train[once])
    if samples.unread:
        text = f"texts of many values, which are not looked at: {', '.join(samples.unread)}"
        findings.append(Finding("column_gives_label_away", f"{subject}: texts", REPORTED, len(samples.unread), text))
    if "probability" in samples.given:
        findings += forecast_equals_label(subject, rows)
    if "threshold" in samples.given:
        for (model, seed), own in rows.groupby(["model", "seed"], sort=True):
            columns = (own[name].to_numpy() for name in ("threshold", "split", "label", "probability"))
            findings.append(given_threshold(f"{subject}: {model}, seed {seed}", *columns))
    return findings


def draws_of_samples(samples: AuditedSamples) -> list[SplitSamples]:
    """Who is in which split when, of each model and seed; once where models share their samples."""
    rows = samples.rows
    region, names = pd.factorize(rows["region"], sort=True)
    split = _split_codes(rows)
    times = rows["time"].to_numpy(dtype="datetime64[s]")
    draws, known = [], set()
    for (model, seed), own in rows.groupby(["model", "seed"], sort=True).indices.items():
        content = hash((split[own].tobytes(), region[own].tobytes(), times[own].tobytes()))
        if content not in known:
            known.add(content)
            name = f"{model}, seed {seed}"
            draws.append(SplitSamples(name, split[own], region[own], region[own], times[own], [str(n) for n in names]))
    return draws


def is_chronological(draw: SplitSamples) -> bool:
    """Whether no split of the draw begins before another has ended."""
    spans = sorted(
        (draw.issue_time[own].min(), draw.issue_time[own].max())
        for own in (draw.split == code for code in np.unique(draw.split))
    )
    return all(earlier[1] <= later[0] for earlier, later in pairwise(spans))


def _of_splits(subject: str, samples: AuditedSamples, *, window_hours: float, horizon_hours: float) -> list[Finding]:
    rows = samples.rows
    if "split" not in samples.given or len(rows["split"].unique()) == 1:
        text = "cannot be decided: there is one split, or no column split"
        return [
            Finding(check, subject, REPORTED, len(rows), text)
            for check in ("region_in_two_splits", "windows_overlap_across_splits")
        ]
    draws = draws_of_samples(samples)
    whole_disk = bool((rows["region"] == WHOLE_DISK).all())
    chronological = whole_disk or all(is_chronological(draw) for draw in draws)
    if whole_disk:
        text = "samples are of the whole disk, which is in every split"
        regions = Finding("region_in_two_splits", subject, CLEAN, len(rows), text)
    else:
        regions = region_in_two_splits(subject, draws)
    windows = windows_overlap_across_splits(
        subject,
        draws,
        window_hours=window_hours,
        horizon_hours=horizon_hours,
        split_by="time" if chronological else "region",
    )
    return [regions, windows, looks_balanced(subject, rows["label"].to_numpy(), _split_codes(rows))]


def _split_codes(rows: pd.DataFrame) -> NDArray[np.int8]:
    return pd.Categorical(rows["split"], categories=list(SPLITS)).codes.astype(np.int8)
