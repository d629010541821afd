"""What a study asks of its verification: bins, figures of profiles, scores at several thresholds, overlapping runs.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where a study does not say, and for anybody's forecasts.
N_RELIABILITY_BINS = 10
# Kind of a figure with a row a series: skill score profiles, ROC curve, reliability diagram.
PROFILES = "profiles"


def reliability_bins(study: Mapping[str, Any]) -> int:
    """Bins, of equal width, of the study's reliability diagrams and of the components of its Brier scores."""
    return study.get("verification", {}).get("reliability_bins", N_RELIABILITY_BINS)


def score_tables(study: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tables of scores that the study asks for: `title` and `metrics` of each, and what else it says of it.

    `thresholds`, without which its scores are of the probabilities; `datasets` and `models`, without which it has all;
    `reference_forecasts`, whether rows of forecasts without skill stand beside the models.
    """
    return [dict(table) for table in study.get("verification", {}).get("score_tables", [])]


def profiles_threshold(figure: Mapping[str, Any]) -> str:
    """Threshold that is marked in a figure of the kind `profiles`; that chosen on validation where it names none."""
    return figure.get("threshold", "validation")


def overlapping_runs(study: Mapping[str, Any]) -> dict[str, Any]:
    """What verify_overlapping_runs is asked for: `datasets` (folds of each), `a`, `b`, `n_thresholds`; or nothing."""
    asked = study.get("overlapping_runs")
    if not asked:
        return {}
    folds = {name: study["datasets"][name]["training_folds"] for name in asked["datasets"]}
    return dict(asked) | {"datasets": folds}


def settings_of_profiles(figure: Mapping[str, Any]) -> dict[str, Any]:
    """What the caption of a figure is made from besides its title: nothing unless it is of the kind `profiles`."""
    if figure.get("kind") != PROFILES:
        return {}
    return {PROFILES: {"series": figure["series"], "threshold": profiles_threshold(figure)}}
