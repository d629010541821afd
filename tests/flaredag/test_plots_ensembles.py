from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.ensemble_names import ensemble_models
from flaredag.ensembles import fit_weights
from flaredag.errors import InputError
from flaredag.level_one import level_one_data
from flaredag.plots import GREY, write_svg
from flaredag.plots_ensembles import ensemble_boundaries_figure, ensemble_scores_figure, ensemble_weights_figure
from made_up_ensembles import ENSEMBLE, made_up_learners
from stack_predictions import stack_predictions

MODELS = [*ENSEMBLE["learners"], *ensemble_models("stack", ENSEMBLE["criteria"])]
N_ROWS = len(MODELS)


def scores_of(n_seeds: int, datasets=("A", "B")) -> pd.DataFrame:
    """True skill statistic 0.5 + a hundredth of the seed + a tenth for the second data set."""
    rows = [
        {"dataset": name, "model": model, "seed": seed, "threshold": "fixed_0.5", "metric": "true_skill_statistic"}
        | {"value": 0.5 + 0.01 * seed + 0.1 * (name == "B")}
        for name in datasets
        for model in MODELS
        for seed in range(n_seeds)
    ]
    return pd.DataFrame(rows)


def points_of(axes) -> list[np.ndarray]:
    return [line.get_xdata() for line in axes.lines if line.get_marker() == "o"]


def test_scores_show_every_seed_of_every_model():
    figure = ensemble_scores_figure(scores_of(3), ENSEMBLE, datasets=["B", "A"], title="T", mark="SIMULATED")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["B", "A"]
    titles = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert titles[:3] == ["LSTM", "CNN", "stacked by cross-entropy"]
    assert titles[-3:] == ["average", "best on validation", "oracle: fitted on test"]
    of_b = points_of(figure.axes[0])
    assert len(of_b) == N_ROWS
    assert all(points == pytest.approx([0.6, 0.61, 0.62]) for points in of_b)
    assert figure.axes[0].lines[-1].get_color() == GREY
    assert {text.get_text() for text in figure.texts} >= {"T", "SIMULATED"}


def test_scores_are_taken_at_the_threshold_of_the_ensemble():
    scores = pd.concat([scores_of(2), scores_of(2).assign(threshold="validation", value=0.25)], ignore_index=True)
    at_validation = ENSEMBLE | {"threshold": "validation"}
    figure = ensemble_scores_figure(scores, at_validation, datasets=["A"], title="T", mark="")
    assert all(points == pytest.approx([0.25, 0.25]) for points in points_of(figure.axes[0]))
    assert any("best TSS on the validation split" in text.get_text() for text in figure.texts)


@pytest.mark.parametrize(("n_seeds", "n_lines_a_row"), [(1, 2), (3, 2), (5, 7)])
def test_few_seeds_have_a_median_and_many_a_box(n_seeds, n_lines_a_row):
    # Points and median; or points, box, two whiskers, two caps and median.
    figure = ensemble_scores_figure(scores_of(n_seeds), ENSEMBLE, datasets=["A"], title="T", mark="")
    assert len(figure.axes[0].lines) == n_lines_a_row * N_ROWS


def test_a_score_that_is_undefined_is_left_out():
    scores = scores_of(3)
    scores.loc[scores["seed"] == 1, "value"] = np.nan
    scores.loc[scores["model"] == "cnn", "value"] = np.nan
    figure = ensemble_scores_figure(scores, ENSEMBLE, datasets=["A"], title="T", mark="")
    assert len(points_of(figure.axes[0])) == N_ROWS - 1


def test_a_model_without_scores_is_told():
    scores = scores_of(2)
    with pytest.raises(InputError, match="no true_skill_statistic of A stack_best"):
        ensemble_scores_figure(
            scores.loc[scores["model"] != "stack_best"], ENSEMBLE, datasets=["A"], title="T", mark=""
        )


def test_weights_are_those_of_the_first_learner_on_validation():
    _, weights = stack_predictions(made_up_learners(), [ENSEMBLE], dataset="A")
    figure = ensemble_weights_figure(weights, ENSEMBLE, datasets=["A"], title="T", mark="")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cross-entropy", "Brier score", "AUC", "TSS"]
    of_brier = weights.loc[(weights["model"] == "stack_brier_score") & (weights["learner"] == "lstm"), "weight"]
    assert points_of(axes)[1] == pytest.approx(of_brier.to_numpy())
    assert "weight of LSTM (the rest: CNN)" in figure.get_supxlabel()


@pytest.mark.parametrize("others", [["cnn"], ["cnn", *(f"random_forest_of_large_leaves_{i}" for i in range(6))]])
def test_the_label_of_weights_lies_below_the_scale_however_many_learners_it_names(others):
    _, weights = stack_predictions(made_up_learners(), [ENSEMBLE], dataset="A")
    figure = ensemble_weights_figure(
        weights, ENSEMBLE | {"learners": ["lstm", *others]}, datasets=["A"], title="T", mark=""
    )
    figure.draw_without_rendering()
    label = next(text for text in figure.texts if text.get_text() == figure.get_supxlabel())
    assert label.get_window_extent().y0 >= 0
    assert label.get_window_extent().y1 <= figure.axes[0].get_xticklabels()[0].get_window_extent().y0


def test_a_data_set_without_weights_is_told():
    _, weights = stack_predictions(made_up_learners(seeds=(0,)), [ENSEMBLE], dataset="A")
    with pytest.raises(InputError, match="no weight of ensemble stack by cross_entropy on B; there are weights of A"):
        ensemble_weights_figure(weights, ENSEMBLE, datasets=["A", "B"], title="T", mark="")


def test_boundaries_pass_through_the_weights_fitted():
    data = level_one_data(made_up_learners(seeds=(0,)), ["lstm", "cnn"], seed=0)
    figure = ensemble_boundaries_figure(data, ["lstm", "cnn"], criterion="accuracy", title="T", mark="")
    train, validation, test, curves = figure.axes
    assert [len(axes.lines) for axes in (train, validation, test)] == [0, 1, 2]
    assert [len(axes.collections[0].get_offsets()) for axes in (train, validation, test)] == [40, 40, 40]
    alphas = [
        fit_weights(["accuracy"], *data.of_split(split))["accuracy"].weights[0] for split in ("validation", "test")
    ]
    for line, alpha in zip(test.lines, alphas, strict=True):
        x, y = line.get_data()
        assert alpha * np.array(x) + (1 - alpha) * np.array(y) == pytest.approx([0.5, 0.5])
    assert [line.get_linestyle() for line in test.lines] == ["-", "--"]
    on_validation, on_test, fitted, oracle = curves.lines
    assert [fitted.get_xdata()[0], oracle.get_xdata()[0]] == pytest.approx(alphas)
    best = fit_weights(["accuracy"], *data.of_split("validation"))["accuracy"].value
    assert max(on_validation.get_ydata()) <= best
    assert len(on_test.get_xdata()) == 1001


def test_three_learners_have_no_plane():
    data = level_one_data(made_up_learners(("lstm", "cnn", "other"), seeds=(0,)), ["lstm", "cnn", "other"], seed=0)
    with pytest.raises(InputError, match="3 learners in a plane; wanted 2"):
        ensemble_boundaries_figure(data, ["lstm", "cnn", "other"], criterion="accuracy", title="T", mark="")


def test_same_content_same_bytes(tmp_path):
    data = level_one_data(made_up_learners(seeds=(0,)), ["lstm", "cnn"], seed=0)
    for name in ("one.svg", "two.svg"):
        figure = ensemble_boundaries_figure(data, ["lstm", "cnn"], criterion="accuracy", title="T", mark="")
        write_svg(tmp_path / name, figure)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
