"""Made-up tables of a study that climbs the protocol ladder, in the form of the scripts that write them."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace
from typing import Any

import pandas as pd

from flaredag.strata import STRATA_COLUMNS

NAN = float("nan")
MODELS = ("lstm", "logistic_regression", "climatology")
RUNGS = {"balanced": "BALANCED", "natural_rate": "NATURAL", "all_samples": "ALL"}
RUNGS |= {"by_time": "BY_TIME", "by_cycle": "BY_CYCLE", "full_disk": "DISK"}
# True skill statistic of the LSTM on each rung; the regression has .02 less, the climatology none.
TSS = {"BALANCED": 0.88, "NATURAL": 0.85, "ALL": 0.70, "BY_TIME": 0.72, "BY_CYCLE": 0.60, "DISK": 0.50}
LESS = {"lstm": 0.0, "logistic_regression": 0.02, "climatology": NAN}


def study_with_ladders(n_ladders: int = 1) -> dict[str, Any]:
    """A study as the report has it, with the given number of ladders; data sets of the second are named BALANCED_2."""
    ladders = []
    for i in range(n_ladders):
        own = {rung: dataset + suffix_of(i) for rung, dataset in RUNGS.items()}
        ladders.append({"name": f"ladder_{i}", "title": f"Cycle {24 - i}", "rungs": own})
    return {
        "name": "s",
        "title": "The study",
        "headline": {"model": "lstm", "baseline": "logistic_regression", "metric": "true_skill_statistic"},
        "datasets": [name for ladder in ladders for rung, name in ladder["rungs"].items() if rung != "full_disk"],
        "ladders": ladders,
        "ensembles": [],
        "comparisons": [{"name": "one", "title": "Is it better?"}],
        "agreement": {"significance": 0.05},
    }


def suffix_of(ladder: int) -> str:
    return f"_{ladder + 1}" if ladder else ""


def intervals(n_ladders: int = 1) -> pd.DataFrame:
    """Figures of every model on every rung, all of ten seeds; each interval reaches .1 to both sides."""
    rows = []
    for i in range(n_ladders):
        for name, tss in TSS.items():
            dataset = name + suffix_of(i)
            balanced = name == "BALANCED"
            for model in MODELS:
                value = tss - LESS[model]
                rows += [
                    _figure(dataset, model, metric, value - less, threshold)
                    for metric, less in (("true_skill_statistic", 0.0), ("heidke_skill_score", 0.1), ("accuracy", 0.2))
                    for threshold in ("fixed_0.5", "validation")
                ]
                rows.append(_figure(dataset, model, "area_under_roc_curve", 1.0 - (1.0 - value) / 2.0))
                # Probabilities of a Sun half of whose windows flare are worse than the climatology of the real one.
                is_raw = not balanced and name != "DISK" and model != "climatology"
                rows.append(_figure(dataset, model, "brier_skill_score", value - 3.0 if is_raw else 0.4))
                rows.append(_figure(dataset, model, "reliability", 0.01))
                n_events = 500.0 if balanced else 28.0
                rows += [_figure(dataset, model, "n_samples", 1000.0), _figure(dataset, model, "n_events", n_events)]
                if is_raw:
                    rows.append(_figure(dataset, f"{model}.prior_shift", "brier_skill_score", 0.2))
                    rows.append(_figure(dataset, f"{model}.beta", "brier_skill_score", 0.3))
                    rows.append(_figure(dataset, f"{model}.beta", "reliability", 0.002))
    return pd.DataFrame(rows)


def comparisons(n_ladders: int = 1) -> pd.DataFrame:
    """Tests of the LSTM against the regression on every rung, better on the first alone; and the price of a leak."""
    rows, p = [], count()
    for i in range(n_ladders):
        for name in TSS:
            dataset = name + suffix_of(i)
            a, b = f"{dataset} lstm", f"{dataset} logistic_regression"
            p_holm = 0.01 if next(p) == 0 else 0.3
            rows.append(_test("one", a, b, "paired_t_one_sided", 0.001))
            rows.append(_test("one", a, b, "corrected_resampled_t_one_sided", 0.04))
            rows.append(_test("one", a, b, "region_block_bootstrap", p_holm))
        a, b = (f"BY_TIME{suffix_of(i)} lstm ({threshold})" for threshold in ("best_on_test", "validation"))
        rows.append(_test("declared_leaks", a, b, "region_block_bootstrap", 0.03))
    return pd.DataFrame(rows)


def audit() -> pd.DataFrame:
    rows = [
        ("region_in_two_splits", "BALANCED", "clean", 300, "300 regions, counted by draw"),
        ("region_in_two_splits", "NATURAL", "clean", 300, "300 regions, counted by draw"),
        ("statistics_from_test", "BALANCED", "declared", 4, "4 features have the statistics of all windows"),
        ("regions_flare_together", "ALL", "reported", 12, "12 pairs of flares within an hour and 30 degrees"),
    ]
    return pd.DataFrame(rows, columns=["check", "subject", "outcome", "n", "text"])


def strata() -> pd.DataFrame:
    """The LSTM on one data set: all windows, two parts with scores and one without."""
    rows: list[dict[str, Any]] = []
    parts = (("all", "all", 0.7, 28), ("first_flare", "before_first_flare", 0.5, 12))
    parts += (("first_flare", "after_first_flare", 0.8, 16), ("mcintosh", "F", NAN, 2))
    for stratum, part, value, n_events in parts:
        of_part = {"study": "s", "dataset": "ALL", "model": "lstm", "stratum": stratum, "part": part}
        of_part |= {"n_samples": 1000.0, "n_events": float(n_events), "n_regions": 40.0}
        figures = [("fixed_0.5", "true_skill_statistic", value - 0.1), ("validation", "true_skill_statistic", value)]
        figures += [("", "area_under_roc_curve", value + 0.15), ("", "brier_skill_score", value - 0.4)]
        figures += [("all_clear", "share_all_clear", value), ("all_clear", "missed_events", value / 10)]
        figures += [("all_clear", "clear_given_all_clear", 0.99), ("all_clear", "clear_rate", 0.97)]
        rows += [
            of_part | {"threshold": threshold, "metric": metric} | _around(NAN if value != value else number)
            for threshold, metric, number in figures
        ]
    return pd.DataFrame(rows, columns=list(STRATA_COLUMNS))


def labels() -> pd.DataFrame:
    rows = []
    for flare_list, unscaled, value, n_changed in (("goes", "False", 0.7, 0.0), ("swpc", "True", 0.6, 31.0)):
        key = {"study": "s", "dataset": "ALL", "model": "lstm", "flare_list": flare_list, "unscaled": unscaled}
        key |= {"n_samples": 1000.0, "n_events": 28.0, "n_changed": n_changed}
        rows.append(key | {"threshold": "validation", "metric": "true_skill_statistic"} | _around(value))
        rows.append(key | {"threshold": "", "metric": "area_under_roc_curve"} | _around(value + 0.2))
    return pd.DataFrame(rows)


def conformal() -> pd.DataFrame:
    shares = {"only_event": 0.1, "only_no_event": 0.7, "both": 0.2, "empty": 0.0}
    numbers = {"n_samples": 1000.0, "n_regions": 40.0}
    rows = [
        {"study": "s", "dataset": "ALL", "model": "lstm", "label": label, "target": 0.9, "coverage": coverage}
        | {"low": coverage - 0.1, "high": coverage + 0.05}
        | shares
        | numbers
        for label, coverage in (("all", 0.91), ("event", 0.85), ("no_event", 0.92))
    ]
    return pd.DataFrame(rows)


def decomposition() -> pd.DataFrame:
    rows = []
    for model, miscalibration in (("lstm", 0.05), ("lstm.beta", 0.001)):
        row: dict[str, Any] = {"dataset": "ALL", "model": model, "blocks": "regions"}
        row |= {"brier_score": 0.03, "uncertainty": 0.027}
        for name, value in (("miscalibration", miscalibration), ("discrimination", 0.008)):
            row |= {name: value, f"low_{name}": value / 2, f"high_{name}": value * 2}
        rows.append(row)
    return pd.DataFrame(rows)


def results(n_ladders: int = 1) -> Any:
    """Results of the study, as far as the sections on its protocol read them."""
    return SimpleNamespace(intervals=intervals(n_ladders), comparisons=comparisons(n_ladders), audit=audit())


def _around(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


def _figure(dataset: str, model: str, metric: str, value: float, threshold: str = "") -> dict[str, Any]:
    key = {"archive": "embedded", "study": "s", "dataset": dataset, "model": model, "protocol": "p"}
    numbers = {"sd": 0.02, "n_seeds": 10.0, "n_regions": 40.0, "n_rotations": 20.0}
    of_rotations = {"low_rotation": value - 0.2, "high_rotation": value + 0.2}
    return key | {"threshold": threshold, "metric": metric} | _around(value) | numbers | of_rotations


def _test(family: str, a: str, b: str, test: str, p_holm: float) -> dict[str, Any]:
    numbers = {"difference": 0.02, "statistic": 2.0, "p": p_holm / 2, "p_holm": p_holm, "low": -0.01, "high": 0.05}
    key = {"study": "s", "dataset": a.split(" ")[0], "metric": "true_skill_statistic", "a": a, "b": b, "test": test}
    return key | numbers | {"family": family, "detectable_difference": 0.04}
