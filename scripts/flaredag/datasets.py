"""Data sets drawn from the windows of a study: who is evaluated, what is added to training, which draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.errors import InputError
from flaredag.keyword_ranges import KEYWORDS
from flaredag.sample_folds import TRAINING, sample_folds
from flaredag.samples import Dataset, StudyWindows
from flaredag.splits import (
    SPLITS,
    check_splits,
    fold_of_regions,
    random_order,
    split_regions,
    split_regions_of_classes,
    split_times,
    undersample,
    without_some,
)
from flaredag.standardisation import feature_statistics, pixel_statistics, windows_of_same_regions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def draw_dataset(
    windows: StudyWindows,
    *,
    name: str,
    seed: int,
    undersampled: Sequence[str],
    standardisation: str,
    min_max_scaled: Sequence[str] = (),
    pixels_standardised_by: str | None = None,
    features: Sequence[str] | None = None,
    **how_split: Any,
) -> Dataset:
    """One data set of one seed.

    `how_split`: keywords of `split_members`, which says who trains and who tests. Splits named in `undersampled` are
    balanced. `standardisation`: "global" takes mean and standard deviation, an instrument, over the last records of all
    its windows (the paper's section 2.7; a leak, declared in the study), "train" over the training samples; features
    named in `min_max_scaled` take minimum and range (`flaredag.standardisation`); the pixels of all magnetograms take
    mean and standard deviation of the one instrument `pixels_standardised_by`, the same way. Where the `unit` is the
    region, all windows of its regions have a say. `features`: those of the study that models see, all where not given.
    Raises InputError where a split lacks positive or negative samples, and where `features` names one that the windows
    do not have.
    """
    columns = columns_of_features(windows, features, where=f"{name}: features")
    members = split_members(windows, where=f"{name}, seed {seed}", seed=seed, **how_split)
    positions = {}
    for split in SPLITS:
        positions[split] = _drawn(windows, np.flatnonzero(members[split]), seed, balanced=split in undersampled)
        label = windows.label[positions[split]]
        if not (label == 1).any() or not (label == 0).any():
            n_of_class = {value: int((windows.label[members[split]] == value).sum()) for value in (1, 0)}
            raise InputError(
                f"{name}, seed {seed}: the {split} split has {n_of_class[1]} positive and {n_of_class[0]} negative "
                f"samples of {len(np.unique(windows.split_group[members[split]]))} regions; wanted at least one of "
                "each. Take another seed, a larger fraction of regions, or more data."
            )
    population = {"global": np.arange(len(windows.label)), "train": positions["train"]}[standardisation]
    if how_split.get("unit") == "region":
        population = windows_of_same_regions(windows, population)
    of_features = feature_statistics(windows, population, min_max_scaled=min_max_scaled)
    if pixels_standardised_by is None:
        return Dataset(seed, positions, *of_features, columns=columns)
    of_pixels = pixel_statistics(windows, population, pixels_standardised_by)
    return Dataset(seed, positions, *of_features, *of_pixels, columns=columns)


def columns_of_features(
    windows: StudyWindows, features: Sequence[str] | None, *, where: str
) -> NDArray[np.int64] | None:
    """Columns of the windows' features that these are, in the order of the windows; None for all.

    Raises InputError (beginning with `where`) where one is none of the windows'.
    """
    if features is None:
        return None
    unknown = [name for name in features if name not in windows.feature_names]
    if unknown:
        raise InputError(
            f"{where}: no feature {', '.join(unknown)}; the study has {', '.join(windows.feature_names)}. Name some of "
            "these."
        )
    return np.array([i for i, name in enumerate(windows.feature_names) if name in features], dtype=np.int64)


def split_members(
    windows: StudyWindows,
    *,
    where: str,
    seed: int,
    evaluated: str,
    added_to_training: Sequence[str],
    test_fraction: float,
    validation_fraction: float,
    folds: int | None = None,
    training_folds: int | None = None,
    split_by: str = "region",
    borders: str = "purged",
    purge_gap_hours: float = 0.0,
    validation_from: str | None = None,
    test_from: str | None = None,
    tested_cycle: Sequence[str] = (),
    zero_keywords: str = "kept",
    stratified: bool = False,
    unit: str = "record",
    fewer_training_regions: int = 0,
) -> dict[str, NDArray[np.bool_]]:
    """Which labelled windows, (sample,), are in each split, before any is left out to balance it.

    The windows of the instrument `evaluated` are split; windows of the instruments `added_to_training` join the
    training split alone (FUSED data sets of Sun et al. 2022, section 4.1). `split_by` says how:

    - "region": regions at random (section 4.1), `stratified` those with an event and those without apart (Li et al.
      2024, Table 3); with `folds` the test split is the fold of the number `seed` of a cross-validation (section
      4.4.2);
    - "time": the past trains, the future tests (`flaredag.splits.split_times`);
    - "cycle": the windows of `evaluated` in `tested_cycle`, its first day and the day after its last, test; those of
      all instruments outside of it train, and of their regions `validation_fraction` validate.

    Splits in time lie `purge_gap_hours` apart, and regions are whole. Where the `borders` of a split by time are "cut"
    it goes by the issue time alone, and a region may be in two splits. Windows whose last record has a keyword that is
    exactly 0, as R_VALUE is where there is no strong inversion line, are in no split where `zero_keywords` are
    "left_out": the code of Liu et al. 2019 takes such records for incomplete ones. With `training_folds` the training
    split lacks the fold of the number `seed` of so many (`flaredag.sample_folds`), and no more hangs on the seed:
    splits are in time (Liu et al. 2019, section 4.2). Where the `unit` is "region", not "record", each region is one
    sample, its last window. `fewer_training_regions`: so many regions at random are taken out of the training split of
    a split by region, those of a smaller number among those of a larger (Li et al. 2024, Figure 5).

    Raises InputError (beginning with `where`) where a region would be in two splits of any other kind than one that is
    cut, where such are to be cut, where there is no such fold, and where no more than so many regions train.
    """
    cut = borders == "cut"
    if cut and split_by != "time":
        raise InputError(
            f"{where}: `borders: cut` with `split_by: {split_by}`; only splits by time are cut at a border. Leave out "
            "`borders`, or split by time."
        )
    own = windows.instrument == windows.instruments.index(evaluated)
    added = np.isin(windows.instrument, [windows.instruments.index(name) for name in added_to_training])
    # All regions with windows are split, labelled or not, so that a mended label moves no region.
    group = windows.split_group
    members = {split: np.zeros(len(own), dtype=bool) for split in SPLITS}
    gap = np.timedelta64(0 if cut else round(3600 * purge_gap_hours), "s")
    fractions = {"test_fraction": test_fraction, "validation_fraction": validation_fraction}
    if split_by == "time":
        of_own = split_times(
            group[own],
            windows.issue_time[own],
            **fractions,
            validation_from=validation_from,
            test_from=test_from,
            purge_gap_hours=purge_gap_hours,
            borders=borders,
        )
        for split in SPLITS:
            members[split][own] = of_own[split]
        later = windows.issue_time[members["validation"] | members["test"]]
        if len(later):
            members["train"] |= added & (windows.issue_time < later.min() - gap)
    elif split_by == "cycle":
        begin, end = (np.datetime64(day, "s") for day in tested_cycle)
        members["test"] = own & (windows.issue_time >= begin) & (windows.issue_time < end)
        outside = (own | added) & ((windows.issue_time < begin - gap) | (windows.issue_time >= end + gap))
        for code in np.unique(windows.instrument[outside]):
            of_one = outside & (windows.instrument == code)
            of_one &= ~np.isin(group, group[members["test"] & (windows.instrument == code)])
            regions = split_regions(
                group[of_one], seed=seed, test_fraction=0.0, validation_fraction=validation_fraction
            )
            for split in ("train", "validation"):
                members[split] |= of_one & np.isin(group, regions[split])
    else:
        if folds is None and stratified:
            regions = split_regions_of_classes(group[own], windows.label[own], seed=seed, **fractions)
        elif folds is None:
            regions = split_regions(group[own], seed=seed, **fractions)
        else:
            regions = fold_of_regions(group[own], fold=seed, folds=folds, validation_fraction=validation_fraction)
        if fewer_training_regions:
            regions["train"] = without_some(regions["train"], fewer_training_regions, seed=seed, where=where)
        for split in SPLITS:
            members[split] = own & np.isin(group, regions[split])
        members["train"] |= added
    if not cut:
        check_splits({split: np.unique(group[members[split] & own]) for split in SPLITS}, where=where)
    usable = windows.label >= 0
    if zero_keywords == "left_out":
        usable &= ~_ends_in_zero(windows)
    if unit == "region":
        usable &= _is_last_of_region(windows)
    members = {split: members[split] & usable for split in SPLITS}
    if training_folds is not None:
        members["train"] = _without_fold(windows, members["train"], seed, training_folds, where=where)
    return members


def _without_fold(
    windows: StudyWindows, train: NDArray[np.bool_], fold: int, folds: int, *, where: str
) -> NDArray[np.bool_]:
    """Training samples, (sample,), less those of the training fold `fold` of `folds`."""
    if not 0 <= fold < folds:
        raise InputError(f"{where}: no training fold {fold}; wanted 0 to {folds - 1}. Mend `training_folds`.")
    own = np.flatnonzero(train)
    fold_of_own = sample_folds(
        windows.label[own],
        windows.instrument[own],
        windows.region[own],
        windows.issue_time[own],
        folds=folds,
        purpose=TRAINING,
        where=where,
    )
    kept = np.zeros_like(train)
    kept[own[fold_of_own != fold]] = True
    return kept


def _ends_in_zero(windows: StudyWindows) -> NDArray[np.bool_]:
    """Whether a keyword of a window's last record is 0, (sample,); features of the flare history often are."""
    keywords = [i for i, name in enumerate(windows.feature_names) if name in KEYWORDS]
    return (windows.features[:, keywords] == 0).any(axis=1)[windows.step_record[:, -1]]


def _is_last_of_region(windows: StudyWindows) -> NDArray[np.bool_]:
    """Whether a window is the last of its region, (sample,)."""
    code = windows.instrument.astype(np.int64) << 32 | windows.region.astype(np.int64)
    order = np.lexsort((windows.issue_time, code))
    is_last = np.zeros(len(code), dtype=bool)
    is_last[order] = np.diff(code[order], append=-1) != 0
    return is_last


def _drawn(windows: StudyWindows, positions: NDArray[np.int64], seed: int, *, balanced: bool) -> NDArray[np.int64]:
    if not balanced:
        return positions
    seconds = windows.issue_time[positions].astype(np.int64)
    order = random_order("undersample", seed, windows.instrument[positions], windows.region[positions], seconds)
    return positions[undersample(windows.label[positions], order)]
