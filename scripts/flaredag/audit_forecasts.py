"""Leaks of forecasts: perfect ones, labels that models do not share, samples given twice or trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.audit import CLEAN, DECLARED, LEAK, REPORTED, Finding
from flaredag.audit_features import MIN_SAMPLES_OF_CLASS
from flaredag.audit_statistics import ORACLE
from flaredag.splits import SPLITS
from flaredag.study_windows import sample_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flaredag.samples import Dataset, StudyWindows


def forecast_twice(subject: str, table: pd.DataFrame, key: Sequence[str]) -> Finding:
    """Samples of `key` (model, seed, region, time: columns of `table`) that are given more than once."""
    n_again = int(table.duplicated(list(key)).sum())
    if n_again:
        first = table.loc[table.duplicated(list(key)).idxmax(), list(key)]
        text = f"rows that repeat another's {', '.join(key)}; the first: {', '.join(map(str, first))}"
        return Finding("sample_given_twice", subject, LEAK, n_again, text)
    return Finding("sample_given_twice", subject, CLEAN, len(table), f"every {', '.join(key)} is given once")


def label_differs(subject: str, table: pd.DataFrame, key: Sequence[str]) -> Finding:
    """Samples of `key` (region, time: columns of `table`) that have label 1 in one row and 0 in another."""
    codes = table.groupby(list(key), observed=True, sort=False, dropna=False).ngroup().to_numpy()
    label = table["label"].to_numpy()
    n_rows = np.bincount(codes)
    n_events = np.bincount(codes, weights=label)
    differs = (n_events > 0) & (n_events < n_rows)
    if differs.any():
        first = table.iloc[int(differs[codes].argmax())]
        text = (
            f"{int(differs.sum())} of {len(n_rows)} samples have both labels, as models or seeds were scored against "
            f"different truths; the first: {', '.join(str(first[name]) for name in key)}"
        )
        return Finding("label_differs", subject, LEAK, int(differs.sum()), text)
    return Finding("label_differs", subject, CLEAN, len(n_rows), "every sample has one label")


def forecast_equals_label(subject: str, table: pd.DataFrame) -> list[Finding]:
    """Series of a model and seed whose test forecasts are the labels themselves, or rank them without an error.

    `table` has model, seed, split, label and probability. Perfect ranking is reported: it may be luck in few samples.
    Models that say by their name that they saw the test set are declared.
    """
    check = "forecast_equals_label"
    test = table[(table["split"] == "test").to_numpy()]
    equal, perfect, oracles, n_series = [], [], set(), 0
    label, probability = (test[name].to_numpy() for name in ("label", "probability"))
    for (model, seed), rows in test.groupby(["model", "seed"], observed=True).indices.items():
        is_event = label[rows] == 1
        n_series += 1
        if min(is_event.sum(), (~is_event).sum()) < MIN_SAMPLES_OF_CLASS:
            continue
        own = probability[rows]
        if own[is_event].min() <= own[~is_event].max():
            continue
        if str(model).endswith(ORACLE):
            oracles.add(str(model))
        else:
            (equal if (own == label[rows]).all() else perfect).append(f"{model}, seed {seed}")
    found = []
    if equal:
        text = f"test forecasts that are the labels themselves; the first: {equal[0]}"
        found.append(Finding(check, subject, LEAK, len(equal), text))
    if perfect:
        text = f"test forecasts that rank every event above every non-event; the first: {perfect[0]}"
        found.append(Finding(check, f"{subject}: ranking", REPORTED, len(perfect), text))
    if oracles:
        text = f"fitted on the test set, as the name says: {', '.join(sorted(oracles))}"
        found.append(Finding(check, f"{subject}: oracles", DECLARED, len(oracles), text))
    return found or [Finding(check, subject, CLEAN, n_series, "no series is a perfect forecast of its test split")]


def forecasts_of_another_sample(
    subject: str, table: pd.DataFrame, windows: StudyWindows, datasets: Sequence[Dataset]
) -> list[Finding]:
    """Whether forecasts are of the split in which their data set has the sample, and carry its label.

    `table` (`flaredag.predictions`) is of `datasets`, a seed each, drawn from `windows`.
    """
    names = [str(name) for name in table["instrument"].cat.categories]
    code_of_name = np.array([windows.instruments.index(n) if n in windows.instruments else -1 for n in names])
    instrument = code_of_name[table["instrument"].cat.codes.to_numpy()]
    keys = sample_keys(instrument, table["region"].to_numpy(), table["issue_time"].to_numpy())
    of_windows = sample_keys(windows.instrument, windows.region, windows.issue_time)
    order = np.argsort(of_windows, kind="stable")
    place = order[np.searchsorted(of_windows, keys, sorter=order).clip(0, len(order) - 1)]
    known = (instrument >= 0) & (of_windows[place] == keys)
    split = pd.Categorical(table["split"], categories=list(SPLITS)).codes
    seed = table["seed"].to_numpy()
    in_data_set = np.full(len(table), -1, dtype=np.int8)
    for dataset in datasets:
        split_of_window = np.full(len(of_windows), -1, dtype=np.int8)
        for code, name in enumerate(SPLITS):
            split_of_window[dataset.positions[name]] = code
        own = known & (seed == dataset.seed)
        in_data_set[own] = split_of_window[place[own]]
    elsewhere = (in_data_set >= 0) & (in_data_set != split)
    unknown = in_data_set < 0
    mislabelled = known & (table["label"].to_numpy() != windows.label[place])
    findings = [
        Finding("forecast_of_another_split", subject, CLEAN, len(table), "forecasts are of the split of their samples"),
        Finding("label_differs", subject, CLEAN, len(table), "forecasts carry the labels of their windows"),
    ]
    if elsewhere.any():
        first = int(elsewhere.argmax())
        text = (
            f"forecasts of samples that the data set has in another split; the first, of {table['model'].iloc[first]}, "
            f"seed {seed[first]}, goes as {SPLITS[split[first]]} and is in {SPLITS[in_data_set[first]]}"
        )
        findings[0] = findings[0]._replace(outcome=LEAK, n=int(elsewhere.sum()), text=text)
    elif unknown.any():
        text = "forecasts of samples that the data set does not have"
        findings[0] = findings[0]._replace(outcome=REPORTED, n=int(unknown.sum()), text=text)
    if mislabelled.any():
        text = "forecasts with another label than that of their windows"
        findings[1] = findings[1]._replace(outcome=LEAK, n=int(mislabelled.sum()), text=text)
    return findings
