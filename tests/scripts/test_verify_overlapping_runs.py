"""The rule on overlapping runs: its tables, a planted difference, and input that is refused."""

from __future__ import annotations

import numpy as np
import pytest

import made_up_runs as made_up
from flaredag.errors import InputError
from flaredag.overlapping_run_tables import (
    RUN_COLUMNS,
    RUN_COMPARISON_COLUMNS,
    RUN_METRICS,
    RUN_TESTS,
    read_run_comparisons,
    read_runs,
)
from flaredag.overlapping_runs import fits_of_model, runs_of_fits
from flaredag.predictions import write_predictions
from verify_overlapping_runs import main

FOLDS = made_up.FOLDS
SETTINGS = {"resamples": 200, "seed": 5, "level": 0.95}
ASKED = {"datasets": {"M_FOLDS": FOLDS}, "a": "good", "b": "poor", "n_thresholds": 201}
# A planted difference, and one of next to nothing.
FAR, NEAR = {"good": 3.0, "poor": 0.5}, {"good": 2.02, "poor": 2.0}


def verified(folder, skill, *, asked=ASKED, split_by_model=True):
    """Write forecasts of `skill`, a file a model; the tables that the rule makes of them."""
    table, paths = made_up.predictions_of(skill), []
    for name in skill if split_by_model else [slice(None)]:
        paths.append(folder / f"{len(paths)}.nc")
        write_predictions(paths[-1], table[table["model"] == name] if split_by_model else table)
    files = folder / "runs.csv", folder / "runs_comparison.csv"
    main(paths, ["M_FOLDS"] * len(paths), *files, asked=asked, settings=SETTINGS)
    return read_runs(files[0]), read_run_comparisons(files[1])


def compared_in(table, metric, test, threshold=""):
    rows = table[(table["metric"] == metric) & (table["test"] == test) & (table["threshold"] == threshold)]
    (row,) = rows.to_dict("records")
    return row


def test_a_row_is_the_mean_and_spread_of_the_runs(tmp_path):
    runs, compared = verified(tmp_path, FAR)
    # Six scores at two thresholds and three that need none, of two models.
    assert len(runs) == 2 * (6 * 2 + 3)
    assert set(runs["metric"]) == set(RUN_METRICS)
    assert (runs["n_runs"] == FOLDS**2).all()
    assert (runs["n_fits"] == FOLDS).all()
    fits = fits_of_model(made_up.predictions_of(FAR), model="poor", folds=FOLDS)
    of_poor = runs_of_fits(fits, folds=FOLDS, n_thresholds=201)
    own = runs[runs["model"] == "poor"].set_index(["metric", "threshold"])
    for key, values in of_poor.scores.items():
        assert own.loc[key, "mean"] == pytest.approx(values.mean())
        assert own.loc[key, "sd"] == pytest.approx(values.std(ddof=1))
    at = own.loc["precision", "threshold_value"]
    assert at["best_on_test"] == pytest.approx(of_poor.threshold_value["best_on_test"])
    assert at["validation"] == pytest.approx(fits.validation_threshold.mean())
    assert np.isnan(own.loc[("brier_score", ""), "threshold_value"])
    assert len(compared) == len(RUN_TESTS) * (6 * 2 + 3)


def test_the_planted_difference_is_found_by_runs_and_by_regions(tmp_path):
    runs, compared = verified(tmp_path, FAR)
    for metric, sign in (("area_under_roc_curve", 1), ("brier_score", -1)):
        means = runs[runs["metric"] == metric].set_index("model")["mean"]
        over_runs = compared_in(compared, metric, "wilcoxon_signed_rank")
        assert over_runs["difference"] == pytest.approx(means["good"] - means["poor"])
        assert sign * over_runs["difference"] > 0.1
        assert over_runs["p"] < 1e-4
        assert np.isnan(over_runs["low"])
        by_regions = compared_in(compared, metric, "region_block_bootstrap")
        assert by_regions["p"] < 0.02
        assert min(sign * by_regions["low"], sign * by_regions["high"]) > 0
        # All test samples and all but a fourth of them say nearly the same.
        assert by_regions["difference"] == pytest.approx(over_runs["difference"], abs=0.02)
    assert (over_runs["n"], by_regions["n"]) == (FOLDS**2, 12)


def test_a_difference_of_next_to_nothing_is_significant_by_runs_alone(tmp_path):
    _, compared = verified(tmp_path, NEAR)
    over_runs, by_regions = (
        compared_in(compared, "area_under_roc_curve", test)
        for test in ("wilcoxon_signed_rank", "region_block_bootstrap")
    )
    assert abs(over_runs["difference"]) < 0.01
    assert over_runs["p"] < 0.01
    assert by_regions["low"] <= over_runs["difference"] <= by_regions["high"]
    assert by_regions["high"] - by_regions["low"] > 0.2 * abs(by_regions["difference"])


def test_the_other_way_round_differences_have_the_other_sign(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, forward = verified(tmp_path / "a", FAR)
    _, back = verified(tmp_path / "b", FAR, asked=ASKED | {"a": "poor", "b": "good"})
    key = ["metric", "threshold", "test"]
    forward, back = (table.set_index(key) for table in (forward, back))
    assert back["difference"].to_numpy() == pytest.approx(-forward["difference"].to_numpy())
    assert back["p"].to_numpy() == pytest.approx(forward["p"].to_numpy(), nan_ok=True)
    assert back["low"].to_numpy() == pytest.approx(-forward["high"].to_numpy(), nan_ok=True)


def test_how_forecasts_lie_in_files_changes_no_byte(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        verified(tmp_path / name, FAR, split_by_model=name == "a")
    for name in ("runs.csv", "runs_comparison.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_study_that_asks_for_none_has_tables_without_rows(tmp_path):
    files = tmp_path / "runs.csv", tmp_path / "runs_comparison.csv"
    main([], [], *files, asked={}, settings=SETTINGS)
    assert files[0].read_text() == ",".join(RUN_COLUMNS) + "\n"
    assert files[1].read_text() == ",".join(RUN_COMPARISON_COLUMNS) + "\n"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"datasets": {"M_FOLDS": FOLDS + 1}}, "data set M_FOLDS: good: fits of 0, 1, 2, 3; wanted .* the 5 training"),
        ({"datasets": {"C_FOLDS": FOLDS}}, "no predictions of data set C_FOLDS"),
        ({"b": "absent"}, "data set M_FOLDS: absent: fits of no seed"),
    ],
)
def test_what_is_not_there_is_told_and_nothing_written(tmp_path, asked, told):
    with pytest.raises(InputError, match=told):
        verified(tmp_path, FAR, asked=ASKED | asked)
    assert not (tmp_path / "runs.csv").exists()


def test_files_and_data_sets_that_do_not_match_are_told(tmp_path):
    with pytest.raises(InputError, match="1 prediction files for 0 data sets"):
        main(["a.nc"], [], tmp_path / "r.csv", tmp_path / "c.csv", asked=ASKED, settings=SETTINGS)


def test_fewer_events_than_folds_are_told(tmp_path):
    table = made_up.predictions_of(FAR)
    events = table[(table["split"] == "test") & (table["label"] == 1)]
    number = events.groupby(["model", "seed"], observed=True).cumcount()
    write_predictions(tmp_path / "p.nc", table.drop(number.index[number >= FOLDS - 1]))
    files = tmp_path / "runs.csv", tmp_path / "runs_comparison.csv"
    with pytest.raises(InputError, match="data set M_FOLDS: test split of good: 3 positive samples for 4 folds"):
        main([tmp_path / "p.nc"], ["M_FOLDS"], *files, asked=ASKED, settings=SETTINGS)
