from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from calibrate_predictions import calibrate_predictions, main
from flaredag.artifacts import write_json
from flaredag.calibration_names import METHODS
from flaredag.conformal import TABLE_COLUMNS
from flaredag.errors import InputError
from flaredag.predictions import read_predictions, write_predictions

SETTINGS = {"coverage_targets": [0.5, 0.9], "resamples": 20, "seed": 5, "level": 0.95}
# Trained 1:1 of regions where 1 of 5 is an event.
COUNTS = {"0": {"splits": {"train": {"positive": 10, "negative": 10}}}}
COUNTS["0"]["natural"] = {"train": {"positive": 10, "negative": 40}}
COUNTS["1"] = COUNTS["0"]
# region, split -> (label, probability)
SAMPLES = {
    (1, "train"): ([0, 1], [0.3, 0.6]),
    (2, "validation"): ([0, 1, 0], [0.2, 0.8, 0.5]),
    (3, "validation"): ([1], [0.5]),
    (4, "test"): ([0, 1, 0], [0.5, 0.8, 0.0]),
}


def predictions_of(samples=None, *, model: str = "lstm", seed: int = 0) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "instrument": "sharp",
                "region": region,
                "issue_time": np.datetime64("2011-02-15", "s") + np.arange(len(label)) * np.timedelta64(96, "m"),
                "label": np.array(label, dtype=np.int8),
                "probability": probability,
                "split": split,
                "model": model,
                "seed": seed,
            }
        )
        for (region, split), (label, probability) in (samples or SAMPLES).items()
    ]
    return pd.concat(parts, ignore_index=True)


def calibrated(undersampled, predictions=None, counts=None, class_weighted=()) -> dict[str, pd.DataFrame]:
    table = predictions_of() if predictions is None else predictions
    held_out = table[table["split"] != "train"]
    tables = calibrate_predictions(held_out, counts or COUNTS, undersampled=undersampled, class_weighted=class_weighted)
    return {one["model"].iloc[0]: one for one in tables}


def test_every_method_calibrates_the_held_out_splits():
    by_name = calibrated(["train"])
    assert list(by_name) == [f"lstm.{method}" for method in METHODS]
    for one in by_name.values():
        assert one["split"].tolist() == ["validation"] * 4 + ["test"] * 3
        assert one["label"].tolist() == [0, 1, 0, 1, 0, 1, 0]


def test_prior_shift_goes_from_the_drawn_to_the_natural_rate():
    # odds 1, 4 and 0 of the test split at 1/2 are a quarter of that at 1/5
    shifted = calibrated(["train"])["lstm.prior_shift"]
    assert shifted.loc[shifted["split"] == "test", "probability"].tolist() == pytest.approx([0.2, 0.5, 0])


def test_a_model_with_class_weights_was_trained_as_if_classes_were_equal():
    # Drawn at the natural rate of 1/5, where nothing is to be shifted; with weights its odds are for 1/2.
    natural = {"0": {kind: COUNTS["0"]["natural"] for kind in ("splits", "natural")}}
    plain = calibrated([], counts=natural)["lstm.prior_shift"]
    weighted = calibrated([], counts=natural, class_weighted=["lstm"])["lstm.prior_shift"]
    test = plain["split"] == "test"
    assert plain.loc[test, "probability"].tolist() == pytest.approx([0.5, 0.8, 0])
    assert weighted.loc[test, "probability"].tolist() == pytest.approx([0.2, 0.5, 0])


def test_maps_are_fitted_on_the_validation_split_alone():
    # Levels at 0.2, 0.5, 0.8: no event, one of two, one
    isotonic = calibrated(["train"])["lstm.isotonic"]
    assert isotonic["probability"].tolist() == pytest.approx([0, 1, 0.5, 0.5, 0.5, 1, 0])
    changed = dict(SAMPLES)
    changed[4, "test"] = ([1, 0, 1], [0.5, 0.8, 0.0])
    other = calibrated(["train"], predictions_of(changed))
    for name, one in calibrated(["train"]).items():
        assert other[name]["probability"].tolist() == one["probability"].tolist()


def test_a_balanced_validation_split_counts_at_the_natural_rate():
    # Two events and two others: each other one counts for 4. At 0.5: one event, 4 others.
    isotonic = calibrated(["train", "validation"])["lstm.isotonic"]
    assert isotonic["probability"].tolist()[:4] == pytest.approx([0, 1, 0.2, 0.2])


def test_forecasts_are_made_for_the_population_of_the_test_split():
    # All balanced: nothing is to be shifted, nothing weighted.
    by_name = calibrated(["train", "validation", "test"])
    assert by_name["lstm.prior_shift"]["probability"].tolist() == [0.2, 0.8, 0.5, 0.5, 0.5, 0.8, 0]
    assert by_name["lstm.isotonic"]["probability"].tolist()[2] == pytest.approx(0.5)


def test_climatology_becomes_that_of_the_natural_rate():
    constant = {key: (labels, [0.5] * len(labels)) for key, (labels, _) in SAMPLES.items()}
    for one in calibrated(["train", "validation"], predictions_of(constant)).values():
        assert (one["probability"] == one["probability"].iloc[0]).all()
    shifted = calibrated(["train", "validation"], predictions_of(constant))["lstm.prior_shift"]
    assert shifted["probability"].tolist() == pytest.approx([0.2] * 7)


def test_persistence_stays_within_0_and_1_by_every_method():
    certain = {(2, "validation"): ([0, 1, 0, 1], [0.0, 1.0, 1.0, 0.0]), (4, "test"): ([0, 1], [0.0, 1.0])}
    by_name = calibrated(["train", "validation"], predictions_of(certain, model="persistence"))
    assert by_name["persistence.prior_shift"]["probability"].tolist() == [0, 1, 1, 0, 0, 1]
    # Half of either forecast is an event, whose others count for 4.
    assert by_name["persistence.isotonic"]["probability"].tolist() == pytest.approx([0.2] * 6)


def test_one_outcome_in_validation_is_told_with_model_and_seed():
    quiet = dict(SAMPLES) | {(2, "validation"): ([0, 0, 0], [0.1, 0.2, 0.3]), (3, "validation"): ([0], [0.5])}
    with pytest.raises(InputError, match=r"model lstm, seed 0: 0 samples with an event and 4 without"):
        calibrated(["train"], predictions_of(quiet))


def test_an_index_without_counts():
    for counts in ({}, {"0": {"splits": COUNTS["0"]["splits"]}}):
        with pytest.raises(InputError, match=r"model lstm, seed 0: the index tells of no samples.*Delete the index"):
            calibrated(["train"], counts={"7": {}} | counts)


@pytest.fixture
def files(tmp_path):
    """Two files of predictions of three models and seeds, and the index."""
    paths = [str(tmp_path / name) for name in ("a.nc", "b.nc")]
    write_predictions(paths[0], pd.concat([predictions_of(), predictions_of(seed=1)], ignore_index=True))
    write_predictions(paths[1], predictions_of(model="climatology"))
    index = str(tmp_path / "index.json")
    write_json(index, {"datasets": {"SHARP": {"seeds": COUNTS}}})
    return paths, index


def run(files, folder, **changed):
    paths, index = files
    arguments = {"study": "sun", "dataset": "SHARP", "undersampled": ["train"], "class_weighted": []}
    arguments |= {"settings": SETTINGS} | changed
    main(paths, index, folder / "out.nc", folder / "out.csv", **arguments)


def test_files_are_written_as_verification_reads_them(files, tmp_path):
    run(files, tmp_path)
    table = read_predictions(tmp_path / "out.nc")
    series = table[["model", "seed"]].drop_duplicates().astype(str).agg(" ".join, axis=1)
    expected = [f"{model}.{method} {seed}" for model, seed in (("lstm", 0), ("lstm", 1)) for method in METHODS]
    assert series.tolist() == expected + [f"climatology.{method} 0" for method in METHODS]
    assert set(table["split"]) == {"validation", "test"}
    sets = pd.read_csv(tmp_path / "out.csv")
    assert tuple(sets.columns) == TABLE_COLUMNS
    assert sets[["study", "dataset"]].drop_duplicates().to_numpy().tolist() == [["sun", "SHARP"]]
    assert sets["model"].tolist() == ["climatology"] * 6 + ["lstm"] * 6
    # One region of two is too few for 90 %.
    assert (sets.loc[sets["target"] == 0.9, "both"] == 1).all()


def test_same_inputs_give_the_same_bytes(files, tmp_path):
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run(files, tmp_path / name)
        digests.append([hashlib.sha256((tmp_path / name / out).read_bytes()).digest() for out in ("out.nc", "out.csv")])
    assert digests[0] == digests[1]


def test_bad_input_names_file_and_data_set_and_leaves_nothing(files, tmp_path):
    index = files[1]
    with pytest.raises(InputError, match=r"index.json: no data set NOBODY; it has SHARP"):
        run(files, tmp_path, dataset="NOBODY")
    with pytest.raises(InputError, match="SHARP: no file of predictions"):
        run(([], index), tmp_path)
    write_json(index, {"datasets": {"SHARP": {"seeds": {"1": COUNTS["1"]}}}})
    with pytest.raises(InputError, match=r"a.nc, data set SHARP: model lstm, seed 0: the index tells of no samples"):
        run(files, tmp_path)
    assert not (tmp_path / "out.nc").exists()
    assert not (tmp_path / "out.csv").exists()
