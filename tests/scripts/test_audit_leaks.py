"""The rule that audits a study: what it reads and writes, and that a leak fails the build and leaves no file."""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from audit_leaks import audit_leaks, main
from flaredag.artifacts import write_csv
from flaredag.datasets import draw_dataset
from flaredag.errors import InputError
from flaredag.predictions import write_predictions
from flaredag.samples import write_datasets, write_windows
from flaredag.score_tables import SCORE_COLUMNS
from flaredag.study_windows import make_windows
from flaredag.tables import write_flares, write_records
from made_up_audit import AUDITED, made_up_study
from made_up_history import history_settings, with_course
from verify_predictions import verify_predictions


def write(study, folder, *, predictions=None, windows=None, datasets=None) -> dict:
    """Files of a study, and the arguments of `main`."""
    own = study.records.drop(columns=["instrument", "split_group"])
    write_records(folder / "sharp-0.nc", own, instrument="sharp")
    write_flares(folder / "goes.nc", study.flares)
    write_windows(folder / "windows.nc", {"flare": windows or study.windows})
    write_datasets(folder / "datasets.nc", {"ONLY": datasets or study.datasets})
    table = study.predictions if predictions is None else predictions
    write_predictions(folder / "predictions.nc", table)
    scores, _ = verify_predictions(table)
    scores = scores.assign(archive="embedded", study="x", dataset="ONLY", protocol="all")
    write_csv(folder / "scores.csv", scores[list(SCORE_COLUMNS)], float_format="%.10g")
    return {
        "windows": str(folder / "windows.nc"),
        "datasets": str(folder / "datasets.nc"),
        "scores": str(folder / "scores.csv"),
        "predictions": [str(folder / "predictions.nc")],
        "predicted": ["ONLY"],
        "tables": [str(folder / "sharp-0.nc")],
        "flares": [str(folder / "goes.nc")],
        "cubes": [],
        "audit": str(folder / "audit.csv"),
        "study": "x",
        "settings": AUDITED,
        "drawn": study.drawn,
        "declared_leaks": [],
        "seed": 7,
    }


@pytest.fixture(scope="module")
def study():
    return made_up_study()


def test_a_clean_study(study, tmp_path):
    main(**write(study, tmp_path))
    table = pd.read_csv(tmp_path / "audit.csv")
    assert list(table.columns) == ["check", "subject", "outcome", "n", "text"]
    assert set(table["check"]) == {
        "region_in_two_splits",
        "windows_overlap_across_splits",
        "column_gives_label_away",
        "standardised_by_test",
        "test_chosen_by_outcome",
        "feature_knows_the_future",
        "noaa_region_in_two_splits",
        "sympathetic_flares",
        "threshold_from_test",
        "forecast_equals_label",
        "forecast_of_another_split",
        "label_differs",
    }
    others = table[table["outcome"] != "clean"]
    assert others[["subject", "outcome"]].to_numpy().tolist() == [
        ["ONLY", "reported"],
        ["ONLY: best_on_test", "declared"],
    ]


def test_the_same_bytes_again(study, tmp_path):
    arguments = write(study, tmp_path)
    main(**arguments)
    first = (tmp_path / "audit.csv").read_bytes()
    main(**arguments)
    assert (tmp_path / "audit.csv").read_bytes() == first


def test_a_leak_fails_and_the_log_has_the_whole_table(study, tmp_path, caplog):
    dataset = study.datasets[0]
    mean = dataset.mean + 1.0
    arguments = write(study, tmp_path, datasets=[replace(dataset, mean=mean), study.datasets[1]])
    with (
        caplog.at_level(logging.INFO, logger="flaredag"),
        pytest.raises(InputError, match=r"study x: 1 leaks of .*standardised_by_test, ONLY: mean and standard"),
    ):
        main(**arguments)
    assert not (tmp_path / "audit.csv").exists()
    assert any(message.startswith("region_in_two_splits, ONLY: clean") for message in caplog.messages)


def test_windows_that_are_not_those_of_the_tables_fail(study, tmp_path):
    features = study.windows.features.copy()
    features[:, 1] *= 1.0001
    arguments = write(study, tmp_path, windows=replace(study.windows, features=features))
    with pytest.raises(InputError, match=r"feature_knows_the_future, all regions: .* usfluxl \("):
        main(**arguments)


def test_forecasts_of_several_files_make_one_finding(study, tmp_path):
    arguments = write(study, tmp_path)
    for model in ("lstm", "mlp"):
        own = study.predictions[study.predictions["model"] == model]
        write_predictions(tmp_path / f"{model}.nc", own.reset_index(drop=True))
    arguments |= {"predictions": [str(tmp_path / f"{m}.nc") for m in ("lstm", "mlp")], "predicted": ["ONLY", "ONLY"]}
    main(**arguments)
    table = pd.read_csv(tmp_path / "audit.csv")
    assert table[(table["check"] == "threshold_from_test") & (table["outcome"] == "clean")]["n"].tolist() == [4]
    assert table[table["check"] == "label_differs"]["n"].tolist() == [len(study.predictions)]


def test_forecasts_of_a_data_set_that_is_not_drawn(study, tmp_path):
    arguments = write(study, tmp_path) | {"predicted": ["DISK"]}
    scores = pd.read_csv(tmp_path / "scores.csv").assign(dataset="DISK")
    scores.to_csv(tmp_path / "scores.csv", index=False)
    main(**arguments)
    table = pd.read_csv(tmp_path / "audit.csv")
    own = table[table["subject"] == "DISK"]
    assert dict(zip(own["check"], own["outcome"], strict=True)) == {
        "threshold_from_test": "clean",
        "forecast_equals_label": "clean",
    }


def test_a_prediction_file_without_a_data_set(study, tmp_path):
    with pytest.raises(InputError, match="1 prediction files for 0 data sets; wanted one of each a file"):
        main(**(write(study, tmp_path) | {"predicted": []}))


def test_the_function_takes_what_is_read(study):
    findings = audit_leaks(
        {"": study.windows},
        {"ONLY": study.datasets},
        [],
        study.records,
        study.flares,
        None,
        settings=AUDITED,
        drawn=study.drawn,
        declared_leaks=[],
        seed=np.int64(7),
    )
    assert "leak" not in set(findings["outcome"])


@pytest.mark.parametrize(("known_from", "outcome"), [("start", "declared"), ("end", "clean")])
def test_what_the_flare_history_knows_early_is_asked(study, known_from, outcome):
    flares = with_course(study.flares, 1.0, 2.0)
    settings = history_settings(known_from, AUDITED) | {"features": ["area", "mhis", "mdec"]}
    (windows,) = make_windows(study.records, flares, None, settings=settings)[0].values()
    drawn = study.drawn["ONLY"]
    findings = audit_leaks(
        {"": windows},
        {"ONLY": [draw_dataset(windows, name="ONLY", seed=0, **drawn["draw"])]},
        [],
        study.records,
        flares,
        None,
        settings=settings,
        drawn={"ONLY": drawn | {"seeds": [0]}},
        declared_leaks=[{"setting": "flare_history.known_from", "value": "start"}],
        seed=7,
    )
    own = findings[findings["check"] == "flare_in_progress_is_known"]
    assert own[["subject", "outcome"]].to_numpy().tolist() == [["flare history", outcome]]
    assert "leak" not in set(findings["outcome"])
