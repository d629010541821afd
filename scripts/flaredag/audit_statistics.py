"""Leaks of statistics and thresholds: standardisation that has seen the test set, thresholds chosen on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.audit import CLEAN, DECLARED, LEAK, REPORTED, Finding
from flaredag.score_tables import TEST_THRESHOLD, VALIDATION_THRESHOLD
from flaredag.standardisation import feature_statistics, pixel_statistics, windows_of_same_regions
from flaredag.verification import threshold_of_best_true_skill_statistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from flaredag.samples import Dataset, StudyWindows

ORACLE = "_oracle_on_test"
# Relative to the standard deviation: sums of another order differ by rounding, other samples by far more.
_TOLERANCE = 1e-6
# Scores are written with ten digits.
_THRESHOLD_TOLERANCE = 1e-9
_MIN_STANDARDISED = 100


def standardised_by_test(
    subject: str,
    windows: StudyWindows,
    datasets: Sequence[Dataset],
    *,
    declared: bool,
    min_max_scaled: Sequence[str] = (),
    pixels_of: str | None = None,
    whole_regions: bool = False,
) -> Finding:
    """Whether mean and standard deviation of a data set, of every seed, are those of its training samples.

    Of the last records of the training windows, an instrument (minimum and range of the features `min_max_scaled`), and
    of their magnetograms' pixels (those of the instrument `pixels_of`); with `whole_regions` of all windows of their
    regions. Those of all windows are a leak, or `declared`; any others are a leak.
    """
    check = "standardised_by_test"
    what = f"mean and standard deviation{' (of some features minimum and range)' if min_max_scaled else ''}"
    everything = np.arange(len(windows.label))
    n_global, other = 0, ""
    for dataset in datasets:
        populations = [dataset.positions["train"], everything]
        if whole_regions:
            populations = [windows_of_same_regions(windows, population) for population in populations]
        codes = np.unique(windows.instrument[np.concatenate(list(dataset.positions.values()))])
        # An instrument that is only tested has no training samples, and may take its own statistics.
        of_train, of_all = (
            _features_agree(windows, dataset, population, codes, min_max_scaled)
            and _pixels_agree(windows, dataset, population, pixels_of)
            for population in populations
        )
        if of_train:
            continue
        if of_all:
            n_global += 1
        else:
            other = other or f"seed {dataset.seed}"
    n = len(datasets)
    if other:
        text = f"{what} are those of neither the training samples nor all windows; first: {other}"
        return Finding(check, subject, LEAK, n, text)
    if n_global:
        text = f"{what} of {n_global} of {n} draws are those of all windows, test regions included"
        return Finding(check, subject, DECLARED if declared else LEAK, n_global, text)
    return Finding(check, subject, CLEAN, n, f"{what} of {n} draws are those of training samples")


def columns_standardised_by_test(
    subject: str, columns: dict[str, NDArray[np.float64]], is_train: NDArray[np.bool_]
) -> list[Finding]:
    """Columns with mean 0 and standard deviation 1 over all samples, and others over the training samples alone."""
    check = "standardised_by_test"
    found = []
    for name, values in columns.items():
        given = np.isfinite(values)
        of_all, of_train = values[given], values[given & is_train]
        if len(of_train) < _MIN_STANDARDISED or len(of_train) == len(of_all):
            continue
        if _is_standard(of_all) and not _is_standard(of_train):
            text = (
                f"{name} has mean 0 and standard deviation 1 over all samples; over the training samples they are "
                f"{of_train.mean():.4g} and {of_train.std():.4g}"
            )
            found.append(Finding(check, f"{subject}: {name}", LEAK, len(of_all), text))
    text = f"no column of {len(columns)} is standardised over all samples"
    return found or [Finding(check, subject, CLEAN, len(columns), text)]


def threshold_from_test(subject: str, predictions: pd.DataFrame, scores: pd.DataFrame) -> list[Finding]:
    """Whether the `validation` thresholds that `scores` give are those of the validation split of `predictions`.

    `scores` (`flaredag.score_tables`) are those of the data set of the predictions. Thresholds and models that say that
    they saw the test set are declared by their name.
    """
    check = "threshold_from_test"
    series = predictions.groupby(["model", "seed"], observed=True).indices
    thresholds = scores[scores["metric"] == "threshold"]
    own = thresholds["model"].isin({model for model, _ in series})
    of_test = thresholds[own & (thresholds["threshold"] == TEST_THRESHOLD)]
    told = thresholds[thresholds["threshold"] == VALIDATION_THRESHOLD].set_index(["model", "seed"])["value"]
    columns = {name: predictions[name].to_numpy() for name in ("label", "probability")}
    of_split = {name: (predictions["split"] == name).to_numpy() for name in ("validation", "test")}
    n_checked, n_undecided, wrong, oracles = 0, 0, [], set()
    for (model, seed), rows in series.items():
        if str(model).endswith(ORACLE):
            oracles.add(model)
        if (model, seed) not in told.index:
            n_undecided += 1
            continue
        got = float(told.loc[(model, seed)])
        best = {name: _best_threshold(columns, rows[own_rows[rows]]) for name, own_rows in of_split.items()}
        n_checked += 1
        if not _same_threshold(got, best["validation"]):
            of = "the best one of the test set" if _same_threshold(got, best["test"]) else "chosen on neither split"
            wrong.append(f"{model}, seed {seed}: {got:.6g} is {of}; validation gives {best['validation']:.6g}")
    found = []
    if wrong:
        text = f"thresholds that the validation split does not give; first: {wrong[0]}"
        found = [Finding(check, subject, LEAK, len(wrong), text)]
    elif n_checked:
        found = [Finding(check, subject, CLEAN, n_checked, "thresholds are those of the validation split")]
    if n_undecided:
        text = "cannot be decided: series of a model and seed without a threshold among the scores"
        found.append(Finding(check, f"{subject}: without threshold", REPORTED, n_undecided, text))
    if oracles:
        text = f"fitted on the test set, as the name says: {', '.join(sorted(map(str, oracles)))}"
        found.append(Finding(check, f"{subject}: oracles", DECLARED, len(oracles), text))
    if len(of_test):
        text = "thresholds that are best on the test set, as the name says"
        found.append(Finding(check, f"{subject}: {TEST_THRESHOLD}", DECLARED, len(of_test), text))
    return found


def given_threshold(
    subject: str,
    threshold: NDArray[np.float64],
    split: NDArray[np.str_],
    label: NDArray[np.int8],
    probability: NDArray[np.float64],
) -> Finding:
    """Whether the one `threshold` that forecasts come with is the best of their test split and not of validation.

    All (sample,). Undecided, which is reported, without one threshold and both splits with both outcomes.
    """
    check = "threshold_from_test"
    given = np.unique(threshold[np.isfinite(threshold)])
    columns = {"label": label, "probability": probability}
    skill = {}
    for name in ("validation", "test"):
        rows = np.flatnonzero(split == name)
        best = _best_threshold(columns, rows)
        if len(given) != 1 or np.isnan(best):
            text = "cannot be decided: wanted one threshold, and validation and test splits with both outcomes"
            return Finding(check, subject, REPORTED, len(given), text)
        skill[name] = [_skill(columns, rows, at) for at in (float(given[0]), best)]
    is_best = {name: own >= of_best for name, (own, of_best) in skill.items()}
    if is_best["test"] and not is_best["validation"]:
        text = (
            f"the threshold {given[0]:.6g} is the best one of the test split (true skill statistic "
            f"{skill['test'][0]:.3f}) and not of the validation split ({skill['validation'][0]:.3f}, where "
            f"{skill['validation'][1]:.3f} can be had)"
        )
        return Finding(check, subject, LEAK, int((split == "test").sum()), text)
    text = f"the threshold {given[0]:.6g} is not chosen on the test split"
    return Finding(check, subject, CLEAN, len(threshold), text)


def _features_agree(
    windows: StudyWindows,
    dataset: Dataset,
    population: NDArray[np.int64],
    codes: NDArray[np.int8],
    min_max_scaled: Sequence[str],
) -> bool:
    """Whether what `dataset` has of the instruments `codes` are the statistics of the windows at `population`."""
    subtracted, divisor = (
        statistic[codes] for statistic in feature_statistics(windows, population, min_max_scaled=min_max_scaled)
    )
    differs = [np.abs(dataset.mean[codes] - subtracted), np.abs(dataset.standard_deviation[codes] - divisor)]
    return bool((np.maximum(*differs) <= _TOLERANCE * divisor).all())


def _pixels_agree(
    windows: StudyWindows, dataset: Dataset, population: NDArray[np.int64], pixels_of: str | None
) -> bool:
    if windows.images is None or pixels_of is None or np.isnan(dataset.pixel_mean_gauss):
        return True
    mean, spread = pixel_statistics(windows, population, pixels_of)
    got = dataset.pixel_mean_gauss, dataset.pixel_standard_deviation_gauss
    return max(abs(got[0] - mean), abs(got[1] - spread)) <= _TOLERANCE * spread


def _best_threshold(columns: dict[str, NDArray[Any]], rows: NDArray[np.intp]) -> float:
    if not len(rows):
        return float("nan")
    return threshold_of_best_true_skill_statistic(columns["label"][rows], columns["probability"][rows])


def _same_threshold(a: float, b: float) -> bool:
    return bool(np.isclose(a, b, rtol=_THRESHOLD_TOLERANCE, atol=0, equal_nan=True))


def _skill(columns: dict[str, NDArray[Any]], rows: NDArray[np.intp], threshold: float) -> float:
    """True skill statistic at one threshold."""
    forecast, is_event = columns["probability"][rows] > threshold, columns["label"][rows] == 1
    return float(forecast[is_event].mean() - forecast[~is_event].mean())


def _is_standard(values: NDArray[np.float64]) -> bool:
    # Files carry six digits or so.
    return bool(abs(values.mean()) < 1e-4 and abs(values.std() - 1) < 1e-4)  # noqa: PLR2004 (digits of a file)
