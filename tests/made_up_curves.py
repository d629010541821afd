"""Curves and scores of verification of made-up series, for the tests of their figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

SERIES = [("FUSED", "lstm"), ("ONLY", "lstm"), ("ONLY", "climatology")]
POINTS = {"reliability": 10, "roc": 101, "skill_score_profile": 110, "heidke_skill_score_profile": 110}


def mock_curves(series=None, seeds=(0, 1, 2)) -> pd.DataFrame:
    """Curves whose y is x plus a hundredth of the seed; bin 4 of the reliability diagram is empty in seed 0."""
    parts = []
    for dataset, model in series or SERIES:
        for seed in seeds:
            for curve, n_points in POINTS.items():
                x = np.linspace(0, 1, n_points)
                part = pd.DataFrame({"dataset": dataset, "model": model, "seed": seed, "curve": curve, "x": x})
                part["y"] = x + 0.01 * seed
                part["n"] = 20 + seed
                if curve == "reliability" and seed == 0:
                    part.loc[4, ["x", "y"]] = np.nan
                    part.loc[4, "n"] = 0
                parts.append(part)
    return pd.concat(parts, ignore_index=True)


def mock_scores(series=None, seeds=(0, 1, 2)) -> pd.DataFrame:
    """Scores at three thresholds; the statistic of the first series is 0.8, 0.9, 1.0 at 0.5, and more at the others."""
    rows = []
    for position, (dataset, model) in enumerate(series or SERIES):
        for seed in seeds:
            own = {"dataset": dataset, "model": model, "seed": seed}
            rows += [
                own | {"threshold": "", "metric": metric, "value": value}
                for metric, value in (
                    ("area_under_roc_curve", 0.9 + 0.01 * seed - 0.1 * position),
                    ("brier_score", 0.1 + 0.02 * seed),
                    ("brier_skill_score", -2.0 - seed),
                )
            ]
            for gain, threshold in enumerate(("fixed_0.5", "validation", "best_on_test")):
                rows += [
                    own | {"threshold": threshold, "metric": metric, "value": value}
                    for metric, value in (
                        ("true_skill_statistic", 0.8 + 0.1 * seed - 0.3 * position + 0.01 * gain),
                        ("threshold", 0.5 if not gain else 0.2 * gain + 0.05 * seed),
                        ("probability_of_detection", 0.9 - 0.1 * gain),
                        ("probability_of_false_detection", 0.2 - 0.05 * gain),
                    )
                ]
    return pd.DataFrame(rows)
