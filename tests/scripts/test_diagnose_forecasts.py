from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from diagnose_forecasts import diagnose_forecasts, main
from flaredag.block_bootstrap import block_weights
from flaredag.diagnostics import (
    DECOMPOSITION_COLUMNS,
    DIAGNOSTIC_COLUMNS,
    diagnose,
    read_decomposition,
    read_diagnostics,
)
from flaredag.errors import InputError
from flaredag.predictions import write_predictions

SETTINGS = {"resamples": 30, "seed": 5, "level": 0.95}


def mock_forecasts(model="lstm", *, seeds=(0, 1), shift=0, n=40, regions=5) -> pd.DataFrame:
    parts = []
    for seed in seeds:
        for place, split in enumerate(("train", "validation", "test")):
            rng = np.random.default_rng([seed, place, shift])
            probability = rng.random(n)
            parts.append(
                pd.DataFrame(
                    {
                        "instrument": "sharp",
                        "region": np.arange(n) % regions + 1 + regions * ((place + seed) % 3),
                        "issue_time": np.datetime64("2011-02-15", "s") + np.arange(n) * np.timedelta64(96, "m"),
                        "label": (rng.random(n) < probability).astype(int),
                        "probability": probability,
                        "split": split,
                        "model": model,
                        "seed": seed,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def series(*names):
    return [dict(zip(("dataset", "model"), name.split(" "), strict=True)) for name in names]


def run(folder, files, wanted, **settings):
    main(
        [folder / name for name, _ in files],
        [dataset for _, dataset in files],
        folder / "diagnostics.csv",
        folder / "decomposition.csv",
        series=wanted,
        **(SETTINGS | settings),
    )


def test_seeds_are_pooled_and_a_region_is_one_block_through_them():
    forecasts = mock_forecasts(seeds=(0, 3))  # seeds 0 and 3 test the same regions
    points, decomposition = diagnose_forecasts(forecasts, ["lstm"], **SETTINGS)
    test = forecasts[forecasts["split"] == "test"]
    assert sorted(test["region"].unique()) == [11, 12, 13, 14, 15]
    weights = block_weights(5, resamples=30, seed=5)
    want, components = diagnose(
        test["label"].to_numpy(np.int8),
        test["probability"].to_numpy(),
        test["region"].to_numpy() - 11,
        weights,
        level=0.95,
    )
    pd.testing.assert_frame_equal(points.drop(columns="model"), want)
    assert decomposition.iloc[0].to_dict() == {"model": "lstm", "blocks": "regions"} | components
    assert points.loc[points["diagram"] == "histogram", "n"].sum() == 80


def test_the_whole_disk_is_resampled_by_stretches_of_time():
    daily = mock_forecasts(seeds=(0,), n=400).assign(instrument="disk", region=0)
    daily["issue_time"] = np.datetime64("2011-02-15", "s") + np.arange(len(daily)) * np.timedelta64(1, "D")
    points, decomposition = diagnose_forecasts(daily, ["lstm"], **SETTINGS)
    assert decomposition["blocks"].tolist() == ["Carrington rotations"]
    assert (decomposition["low_discrimination"] < decomposition["high_discrimination"]).all()
    of_value = points[(points["diagram"] == "murphy") & (points["y"] > 0)]
    assert (of_value["low"] < of_value["high"]).mean() > 0.9
    few = daily.groupby("split").head(5)
    points, decomposition = diagnose_forecasts(few, ["lstm"], **SETTINGS)
    assert decomposition["blocks"].tolist() == ["none"]
    assert points["low"].isna().all()


def test_only_the_test_split_counts():
    forecasts = mock_forecasts()
    changed = forecasts.copy()
    changed.loc[changed["split"] != "test", "label"] = 0
    for got, want in zip(
        diagnose_forecasts(changed, ["lstm"], **SETTINGS),
        diagnose_forecasts(forecasts, ["lstm"], **SETTINGS),
        strict=True,
    ):
        pd.testing.assert_frame_equal(got, want)


def test_models_are_held_against_each_other_on_the_same_draws():
    forecasts = mock_forecasts()
    both = pd.concat([forecasts, forecasts.assign(model="twin")])
    points, _ = diagnose_forecasts(both, ["twin", "lstm"], **SETTINGS)
    parts = {model: own.drop(columns="model").reset_index(drop=True) for model, own in points.groupby("model")}
    pd.testing.assert_frame_equal(parts["twin"], parts["lstm"])
    assert points["model"].iloc[0] == "twin"


def test_series_of_several_files_and_data_sets(tmp_path):
    write_predictions(tmp_path / "a.nc", mock_forecasts())
    write_predictions(tmp_path / "b.nc", mock_forecasts("lstm.prior_shift"))
    write_predictions(tmp_path / "c.nc", mock_forecasts(shift=1))
    files = [("a.nc", "A"), ("b.nc", "A"), ("c.nc", "C"), ("a.nc", "A")]
    run(tmp_path, files, series("C lstm", "A lstm.prior_shift", "A lstm"))
    points, components = (
        read_diagnostics(tmp_path / "diagnostics.csv"),
        read_decomposition(tmp_path / "decomposition.csv"),
    )
    names = [("C", "lstm"), ("A", "lstm.prior_shift"), ("A", "lstm")]
    assert list(components[["dataset", "model"]].itertuples(index=False, name=None)) == names
    assert list(points[["dataset", "model"]].drop_duplicates().itertuples(index=False, name=None)) == names
    assert tuple(points.columns) == DIAGNOSTIC_COLUMNS
    assert tuple(components.columns) == DECOMPOSITION_COLUMNS


def test_same_forecasts_same_bytes(tmp_path):
    write_predictions(tmp_path / "a.nc", mock_forecasts())
    digests = set()
    for _ in range(2):
        run(tmp_path, [("a.nc", "A")], series("A lstm"))
        digests.add(hashlib.sha256((tmp_path / "diagnostics.csv").read_bytes()).hexdigest())
    assert len(digests) == 1
    run(tmp_path, [("a.nc", "A")], series("A lstm"), seed=6)
    assert hashlib.sha256((tmp_path / "diagnostics.csv").read_bytes()).hexdigest() not in digests


@pytest.mark.parametrize(
    ("files", "wanted", "message"),
    [
        ([("a.nc", "A")], ["A cnn"], r"a.nc: data set A: no test forecast of cnn; there are some of lstm"),
        ([("a.nc", "A")], ["B lstm"], r"no prediction file of data set B; there are files of A"),
        ([("a.nc", "A")], [], r"1 prediction files for 1 data sets, and 0 series"),
        (
            [("untested.nc", "A")],
            ["A lstm"],
            r"untested.nc: data set A: no test forecast of lstm; there are some of no model",
        ),
    ],
)
def test_what_is_not_there_is_refused_and_nothing_is_written(tmp_path, files, wanted, message):
    forecasts = mock_forecasts()
    write_predictions(tmp_path / "a.nc", forecasts)
    write_predictions(tmp_path / "untested.nc", forecasts[forecasts["split"] != "test"])
    with pytest.raises(InputError, match=message):
        run(tmp_path, files, series(*wanted))
    assert not list(tmp_path.glob("*.csv"))


def test_files_and_data_sets_that_do_not_match_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"1 prediction files for 2 data sets"):
        main(["a.nc"], ["A", "B"], tmp_path / "d.csv", tmp_path / "c.csv", series=series("A lstm"), **SETTINGS)
