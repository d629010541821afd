from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from aggregate_full_disk import aggregate_full_disk, main
from flaredag.errors import InputError
from flaredag.predictions import read_predictions, write_predictions
from flaredag.samples import Dataset, StudyWindows, write_datasets, write_windows
from flaredag.tables import write_flares

SETTINGS = {"issue_hour": 0, "max_age_hours": 12, "horizon_hours": 24, "strong_class": "M1.0", "cadence_minutes": 96}
# Region, issue time (2012), label: one sample a region and day.
TRAIN = [(1, "01-01T22:24", 1), (1, "01-02T22:24", 0), (1, "01-03T22:24", 0), (1, "01-04T22:24", 0)]
VALIDATION = [(2, "01-08T22:24", 0), (2, "01-09T22:24", 1)]
TEST = [(3, "01-14T22:24", 1), (4, "01-14T22:24", 0), (4, "01-17T22:24", 0)]
# In none of the splits: left out by the gap, but known before the validation split begins.
LEFT_OUT = [(5, "01-05T22:24", 1)]
SAMPLES = [*TRAIN, *LEFT_OUT, *VALIDATION, *TEST]
FLARES = [
    # training: region 1, and one without region on 4 January
    ("2012-01-02T05:00", "M1.0", 1),
    ("2012-01-04T12:00", "X2.0", -1),
    # of the region left out
    ("2012-01-06T01:00", "M3.0", 5),
    ("2012-01-10T03:00", "M1.5", 2),
    # before the test span, in it, and too weak
    ("2012-01-14T23:00", "M2.0", 3),
    ("2012-01-15T03:00", "M2.0", 3),
    ("2012-01-17T06:00", "C9.9", 4),
    ("2012-01-17T06:00", "M1.0", -1),
]


def time(text: str) -> np.datetime64:
    return np.datetime64(f"2012-{text}", "s")


def made_windows(samples=None, instrument: int = 0) -> StudyWindows:
    rows = samples or SAMPLES
    n = len(rows)
    return StudyWindows(
        instruments=("sharp", "smarp"),
        feature_names=("area",),
        features=np.zeros((n, 1)),
        step_record=np.arange(n, dtype=np.int32)[:, None],
        instrument=np.full(n, instrument, dtype=np.int8),
        region=np.array([region for region, _, _ in rows], dtype=np.int32),
        split_group=np.array([region for region, _, _ in rows], dtype=np.int64),
        issue_time=np.array([time(text) for _, text, _ in rows]),
        evolution=np.zeros(n, dtype=np.int8),
        label=np.array([label for _, _, label in rows], dtype=np.int8),
    )


def made_dataset(seed: int = 0, **changed) -> Dataset:
    positions = {"train": [0, 1, 2, 3], "validation": [5, 6], "test": [7, 8, 9]} | changed
    arrays = {split: np.array(own, dtype=np.int64) for split, own in positions.items()}
    return Dataset(seed, arrays, np.zeros((2, 1)), np.ones((2, 1)))


def made_flares(rows=None) -> pd.DataFrame:
    flares = pd.DataFrame(rows or FLARES, columns=["start_time", "goes_class", "region"])
    flux = {"M": 1e-5, "X": 1e-4, "C": 1e-6}
    return flares.assign(
        start_time=flares["start_time"].astype("datetime64[s]"),
        peak_time=flares["start_time"].astype("datetime64[s]"),
        end_time=flares["start_time"].astype("datetime64[s]"),
        peak_flux=[flux[name[0]] * float(name[1:]) for name in flares["goes_class"]],
        start_uncertainty=0,
        noaa_ar=0,
        instrument="sharp",
        lists="",
    )


def made_predictions(probability=(0.3, 0.1, 0.5, 0.2, 0.4), *, model="lstm.prior_shift", seed=0) -> pd.DataFrame:
    rows = [*VALIDATION, *TEST]
    return pd.DataFrame(
        {
            "instrument": "sharp",
            "region": [region for region, _, _ in rows],
            "issue_time": [time(text) for _, text, _ in rows],
            "label": [label for _, _, label in rows],
            "probability": probability,
            "split": ["validation"] * 2 + ["test"] * 3,
            "model": model,
            "seed": seed,
        }
    )


def aggregated(**changed) -> pd.DataFrame:
    arguments = {
        "predictions": made_predictions(),
        "windows": made_windows(),
        "datasets": [made_dataset()],
        "flares": made_flares(),
        "settings": SETTINGS,
    } | changed
    return aggregate_full_disk(**arguments)


def series(table: pd.DataFrame, model: str, split: str = "test", column: str = "probability") -> list[float]:
    return table.loc[(table["model"] == model) & (table["split"] == split), column].tolist()


def test_full_disk_by_hand():
    table = aggregated()
    # A cadence after the last sample of each split is midnight: 9 and 10 January; 15 to 18 January.
    days = [f"2012-01-{day}T00:00:00" for day in (15, 16, 17, 18)]
    assert [str(time) for time in series(table, "lstm", column="issue_time")] == [
        str(pd.Timestamp(day)) for day in days
    ]
    # 15th: the flare of 03:00, not that of the evening before. 17th: one without region.
    assert series(table, "lstm", column="label") == [1, 0, 1, 0]
    assert series(table, "lstm", "validation", column="label") == [0, 1]
    # Training: days 2 to 7 (the forecast of the 7th ends before 8 January 22:24). Regions gave an event on the 2nd
    # and, region 5, on the 6th; of the other four days only the 4th had one, of no region.
    elsewhere = 1 / 4
    assert series(table, "lstm") == pytest.approx(
        [1 - (1 - elsewhere) * 0.5 * 0.8, elsewhere, elsewhere, 1 - (1 - elsewhere) * 0.6]
    )
    assert series(table, "lstm", "validation") == pytest.approx([1 - 0.75 * 0.7, 1 - 0.75 * 0.9])
    # Three of six days of training; and whether the day before had one.
    assert series(table, "climatology") == [0.5] * 4
    assert series(table, "persistence") == [1, 1, 0, 1]
    assert series(table, "persistence", "validation") == [0, 0]


def test_the_disk_is_one_region_of_its_own_instrument(tmp_path):
    table = aggregated()
    assert set(table["instrument"]) == {"disk"}
    assert set(table["region"]) == {0}
    assert set(table["model"]) == {"climatology", "lstm", "persistence"}
    write_predictions(tmp_path / "disk.nc", table)
    assert len(read_predictions(tmp_path / "disk.nc")) == len(table) == 3 * 6


def test_forecasts_that_are_not_calibrated_by_prior_shift_take_no_part():
    others = [
        made_predictions(np.full(5, 0.9), model=name)
        for name in ("lstm", "lstm.isotonic", "climatology.prior_shift", "persistence.prior_shift")
    ]
    table = aggregated(predictions=pd.concat([made_predictions(), *others], ignore_index=True))
    pd.testing.assert_frame_equal(table, aggregated())


def test_without_flares_of_no_region_nothing_comes_from_elsewhere():
    table = aggregated(flares=made_flares([row for row in FLARES if row[2] >= 0]))
    assert series(table, "lstm") == pytest.approx([1 - 0.5 * 0.8, 0, 0, 0.4])
    assert series(table, "lstm", column="label") == [1, 0, 0, 0]


def test_every_seed_has_its_forecasts():
    predictions = pd.concat([made_predictions(), made_predictions((0, 0, 0, 0, 0), seed=3)], ignore_index=True)
    table = aggregated(predictions=predictions, datasets=[made_dataset(), made_dataset(3)])
    assert table.loc[table["seed"] == 0].reset_index(drop=True).equals(aggregated())
    assert series(table[table["seed"] == 3], "lstm") == pytest.approx([0.25] * 4)


def test_windows_of_another_instrument_that_is_added_to_training_are_not_seen():
    # Without them training begins and ends as it did, and region 5 of SMARP explains nothing on the 6th.
    windows = made_windows()
    windows.instrument[4] = 1
    table = aggregated(windows=windows, datasets=[made_dataset(train=[0, 1, 2, 3, 4])])
    assert series(table, "lstm")[1] == pytest.approx(2 / 5)


def test_models_without_prior_shift():
    with pytest.raises(InputError, match=r"models lstm.platt: none calibrated by prior_shift"):
        aggregated(predictions=made_predictions(model="lstm.platt"))


def test_splits_that_are_not_one_after_the_other():
    mixed = made_dataset(train=[0, 1, 2, 8], test=[3, 7, 9])
    with pytest.raises(InputError, match=r"seed 0: samples of split train reach to 2012-01-14T22:24:00.*split by time"):
        aggregated(datasets=[mixed])


def test_a_split_without_sample_or_day():
    with pytest.raises(InputError, match="seed 0: no sample in split validation"):
        aggregated(datasets=[made_dataset(validation=[])])
    rows = [(2, "01-08T02:00", 0) if row == VALIDATION[0] else row for row in SAMPLES]
    with pytest.raises(InputError, match=r"split validation reaches from .* has no day with an issue time at 0 h UTC"):
        aggregated(windows=made_windows(rows), datasets=[made_dataset(validation=[5])])


@pytest.fixture
def files(tmp_path):
    names = ("predictions.nc", "windows.nc", "datasets.nc", "flares.nc")
    paths = [str(tmp_path / name) for name in names]
    write_predictions(paths[0], made_predictions())
    write_windows(paths[1], {"flare": made_windows()})
    write_datasets(paths[2], {"BY_TIME": [made_dataset()]})
    write_flares(paths[3], made_flares())
    return [*paths[:3], [paths[3]]]


def test_files_are_read_and_written(files, tmp_path):
    digests = set()
    for name in ("one.nc", "two.nc"):
        main(*files, tmp_path / name, dataset="BY_TIME", task="", settings=SETTINGS)
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).digest())
    assert len(digests) == 1
    written = read_predictions(tmp_path / "one.nc")
    expected = aggregated()
    for column in ("label", "probability", "seed", "region"):
        assert written[column].tolist() == expected[column].tolist()
    assert written["model"].astype(str).tolist() == expected["model"].tolist()


def test_bad_input_names_the_file_and_leaves_nothing(files, tmp_path):
    write_predictions(files[0], made_predictions(model="lstm.beta"))
    with pytest.raises(InputError, match=r"predictions.nc: models lstm.beta: none calibrated"):
        main(*files, tmp_path / "disk.nc", dataset="BY_TIME", task="", settings=SETTINGS)
    with pytest.raises(InputError, match="no data set OTHER"):
        main(*files, tmp_path / "disk.nc", dataset="OTHER", task="", settings=SETTINGS)
    assert not (tmp_path / "disk.nc").exists()
