"""Content of the verification of anybody's forecasts, for its template: blocks of flaredag.report_cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from flaredag.audit import LEAK, REPORTED
from flaredag.diagnostics import VALUE
from flaredag.plots_forecasts import by_skill
from flaredag.predictions import FULL_DISK
from flaredag.report_cells import (
    Block,
    count,
    number,
    paragraph,
    ranges,
    words,
)
from flaredag.report_verification_tables import (
    audit_blocks,
    blocks_in_words,
    comparisons_blocks,
    decomposition_blocks,
    row_of,
    scores_blocks,
)
from flaredag.splits import SPLITS

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_MODELS_NAMED = 8


class Tables(NamedTuple):
    """What was found: tables of verify_forecasts (but scores and curves) and of audit_forecasts."""

    intervals: pd.DataFrame
    comparisons: pd.DataFrame
    diagnostics: pd.DataFrame
    decomposition: pd.DataFrame
    audit: pd.DataFrame


def facts(forecasts: pd.DataFrame, file: str, sha256: str, intervals: pd.DataFrame) -> list[list[str]]:
    """What was verified: file, forecasts of each split, period, event rate, regions, models, seeds, intervals."""
    test = forecasts[forecasts["split"] == "test"]
    samples = test.drop_duplicates(["instrument", "region", "issue_time"])
    n_events = int(samples["label"].sum())
    of_split = {name: int((forecasts["split"] == name).sum()) for name in SPLITS}
    models = by_skill(intervals)
    named = ", ".join(models[:MOST_MODELS_NAMED])
    more = len(models) - MOST_MODELS_NAMED
    begin, end = (f"{time:%Y-%m-%d}" for time in (samples["issue_time"].min(), samples["issue_time"].max()))
    regions = samples.loc[samples["instrument"] != FULL_DISK, ["instrument", "region"]].drop_duplicates()
    return [
        ["File", file],
        ["sha256", sha256],
        ["Forecasts", ", ".join(f"{count(n)} {name}" for name, n in of_split.items() if n)],
        [
            "Test samples",
            f"{count(len(samples))} of {count(len(regions))} regions"
            if len(regions)
            else f"{count(len(samples))} of the whole disk",
        ],
        ["Issued", f"{begin} to {end}"],
        ["Events", f"{count(n_events)}, event rate {number(n_events / len(samples), 4)}"],
        ["Models", f"{len(models)}: {named}{f' and {more} more' if more > 0 else ''}"],
        ["Seeds", ranges(sorted(int(seed) for seed in test["seed"].unique()))],
        ["Intervals by", blocks_in_words(intervals)],
    ]


def summary(tables: Tables, *, level: float) -> list[Block]:
    """Leaks; and the answer for the model of greatest skill: skill, calibration, value to users."""
    model = by_skill(tables.intervals)[0]
    n_models = tables.intervals["model"].nunique()
    share = f"{100 * level:g} %"
    skill = row_of(tables.intervals, model, "brier_skill_score")
    if np.isnan(skill["value"]):
        answer = "Skill is undefined: only one outcome occurred, and climatology forecasts it perfectly."
    else:
        verdict = (
            "has skill against"
            if skill["low"] > 0
            else "is worse than"
            if skill["high"] < 0
            else "may have skill or none against"
        )
        bounds = _bounds_in_words(skill["low"], skill["high"], f"{share} interval")
        answer = (
            f"{model}{f', the best of {n_models} models,' if n_models > 1 else ''} {verdict} the constant "
            f"forecast of the event rate: Brier skill score {number(skill['value'])}{bounds}."
        )
        if np.isnan(skill["low"]):
            answer = answer.replace("may have skill or none against", "has no interval of its skill against")
    blocks = [*_leaks(tables.audit), {"kind": "answer", "text": answer}]
    if not np.isnan(skill["value"]):
        blocks.append(paragraph(f"{_calibration(tables.decomposition, model, share)} {_value(tables, model)}"))
    return [*blocks, paragraph(_audited(tables.audit))]


def sections(tables: Tables, notes: Sequence[str], figures: Sequence[str], *, level: float) -> list[dict[str, Any]]:
    """Sections of tables and figures; `figures`: files of skill, curves and diagnostics, in this order."""
    captions = (
        "Skill of every model: figures and intervals. Dashed: no skill. The true skill statistic is at the threshold "
        "that is not 0.5.",
        "Reliability diagram, ROC curve and skill-score profile.",
        "CORP reliability, economic value and Murphy diagram.",
    )
    drawn = [
        {"kind": "figure", "file": file, "caption": caption} for file, caption in zip(figures, captions, strict=True)
    ]
    found = {
        "Scores": [*scores_blocks(tables.intervals, level=level), drawn[0]],
        "Calibration": [*decomposition_blocks(tables.decomposition), drawn[2]],
        "Curves": [drawn[1]],
        "The best against the others": comparisons_blocks(tables.comparisons),
        "Audit": audit_blocks(tables.audit),
        "What was taken for granted": [paragraph(note) for note in notes],
    }
    return [{"title": title, "blocks": blocks} for title, blocks in found.items() if blocks]


def _leaks(audit: pd.DataFrame) -> list[Block]:
    leaks = audit.loc[audit["outcome"] == LEAK]
    if leaks.empty:
        return []
    items = [f"{words(row.check)}: {row.text}." for row in leaks.itertuples()]
    title = "Leaks were found: the scores below are not those of forecasts of the unknown"
    return [{"kind": "warning", "title": title, "items": items}]


def _audited(audit: pd.DataFrame) -> str:
    """What the audit came to, in a sentence or two."""
    n = {outcome: int((audit["outcome"] == outcome).sum()) for outcome in (LEAK, REPORTED)}
    told = f"The audit made {len(audit)} findings: {n[LEAK] or 'no'} leak{'s' if n[LEAK] > 1 else ''}"
    checks_of_text: dict[str, list[str]] = {}
    for row in audit.loc[audit["outcome"] == REPORTED].to_dict("records"):
        checks_of_text.setdefault(row["text"], []).append(words(row["check"]))
    reported = [f"{', '.join(dict.fromkeys(checks))}: {text}" for text, checks in checks_of_text.items()]
    return f"{told}. To be known: {'; '.join(reported)}." if reported else f"{told}, and nothing to be reported."


def _calibration(decomposition: pd.DataFrame, model: str, share: str) -> str:
    one = decomposition.loc[decomposition["model"] == model].iloc[0]
    low, high = one["low_miscalibration"], one["high_miscalibration"]
    of_climatology = one["uncertainty"]
    bounds = _bounds_in_words(
        low / of_climatology, high / of_climatology, f"{share} interval, less the overfit of the fit,"
    )
    told = f"Miscalibration costs it {number(one['miscalibration'] / of_climatology)} of skill{bounds}: "
    recalibrated = number(one["discrimination"] / of_climatology)
    if np.isnan(low):
        return f"{told}perfectly recalibrated, the Brier skill score of these forecasts would be {recalibrated}."
    if low > 0:
        return f"{told}its probabilities cannot be taken at their word. Perfectly recalibrated: {recalibrated}."
    return f"{told}no more than chance may do; perfectly recalibrated, these forecasts would have {recalibrated}."


def _value(tables: Tables, model: str) -> str:
    points = tables.diagnostics
    value = points.loc[(points["model"] == model) & (points["diagram"] == VALUE)]
    gains = value.loc[value["y"] > 0, "x"]
    if gains.empty:
        return "Taken at its word, it serves no user better than climatology does."
    worst = float(value["y"].min())
    told = (
        f"Users who act on it gain over climatology where protection costs between {gains.min():.3g} and "
        f"{gains.max():.3g} of the loss"
    )
    return f"{told}; elsewhere they may lose (value down to {number(worst, 2)})." if worst < 0 else f"{told}."


def _bounds_in_words(low: float, high: float, what: str) -> str:
    return "" if np.isnan(low) or np.isnan(high) else f" ({what} {number(low)} to {number(high)})"
