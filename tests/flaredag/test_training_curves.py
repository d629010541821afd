"""Training curves of fits: what is read of them, of which training they are, and whether they overfit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import made_up_trainings as made_up
from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.training_curves import (
    EPOCHS_AVERAGED,
    TRAINING_CURVE_COLUMNS,
    curves_of_fit,
    curves_of_training,
    overfitting,
    read_training_curves,
)


def test_a_fit_tells_its_losses_epoch_by_epoch_from_one_and_which_is_kept():
    curves = curves_of_fit(made_up.provenance(), ["transformer"], dataset="A", path="p.json")
    assert tuple(curves) == TRAINING_CURVE_COLUMNS
    assert len(curves) == 2 * made_up.N_EPOCHS
    first = curves[curves["seed"] == 0]
    assert first["epoch"].tolist() == list(range(1, made_up.N_EPOCHS + 1))
    assert first.loc[first["kept"] == 1, "epoch"].tolist() == [12]
    assert first["validation_cross_entropy"].iloc[[0, 19, 39]].tolist() == pytest.approx([0.7, 0.32, 0.52])
    assert set(curves["class_weights"]) == {"balanced"}


def test_what_a_batch_does_not_hold_is_no_row_and_no_weights_are_empty():
    assert curves_of_fit(made_up.provenance(), ["other"], dataset="A", path="p.json").empty
    plain = curves_of_fit(made_up.provenance(class_weights=None), ["transformer"], dataset="A", path="p.json")
    assert set(plain["class_weights"]) == {""}


@pytest.mark.parametrize("gone", ["history", "validation_brier_score", "best_epoch"])
def test_a_fit_without_curves_is_told(gone):
    content = made_up.provenance()
    content.pop(gone, None)
    for own in content.get("history", {}).values():
        own.pop(gone, None)
    with pytest.raises(InputError, match=rf"p\.json: tells no training curves of transformer.*{gone}"):
        curves_of_fit(content, ["transformer"], dataset="A", path="p.json")


def test_curves_of_another_length_are_told():
    content = made_up.provenance()
    content["history"]["transformer/0"]["training_loss"] = [0.5]
    with pytest.raises(InputError, match="tells no training curves"):
        curves_of_fit(content, ["transformer"], dataset="A", path="p.json")


def test_a_table_comes_back_as_written_and_another_is_told(tmp_path):
    write_csv(tmp_path / "t.csv", made_up.training_curves(), float_format="%.10g")
    read = read_training_curves(tmp_path / "t.csv")
    assert read["validation_brier_score"].to_numpy() == pytest.approx(
        made_up.training_curves()["validation_brier_score"].to_numpy()
    )
    write_csv(tmp_path / "t.csv", made_up.training_curves().drop(columns="kept"))
    with pytest.raises(InputError, match="kept"):
        read_training_curves(tmp_path / "t.csv")


def test_names_of_one_training_share_its_curves_and_keep_their_own_epochs():
    of_seeds = curves_of_training(made_up.training_curves(), dataset="A", models=made_up.MODELS)
    assert list(of_seeds) == [0, 1]
    kept = {seed: {epoch: by for epoch, by in own["kept_by"].items() if by} for seed, own in of_seeds.items()}
    brier = "transformer_by_brier_score"
    assert kept == {0: {12: ("transformer",), 20: (brier,)}, 1: {20: (brier,), 35: ("transformer",)}}


def test_names_of_several_trainings_and_absent_ones_are_told():
    curves = made_up.training_curves()
    curves.loc[(curves["model"] == "transformer") & (curves["epoch"] == 3), "training_loss"] = 9.0
    with pytest.raises(InputError, match="are of several trainings"):
        curves_of_training(curves, dataset="A", models=made_up.MODELS)
    with pytest.raises(InputError, match="no training curve of B transformer; there are curves of A transformer, "):
        curves_of_training(curves, dataset="B", models=["transformer"])


def test_a_validation_loss_that_rises_while_the_training_loss_falls_is_overfitting():
    turn = overfitting(np.array(made_up.training_losses()), np.array(made_up.validation_losses(0)))
    # Of epochs e .. e + 9 around epoch 20 the mean is least where 3 lie before it (.38, .36, .34) and 6 after: from 17.
    means = np.array([np.mean(made_up.validation_losses(0)[i : i + 10]) for i in range(31)])
    assert turn.turned_epoch == 26
    assert int(means.argmin()) + EPOCHS_AVERAGED == 26
    # The last ten epochs: 31 to 40, .43 to .52 with the mean .475; epochs 17 to 26: (1.4 + .33 + ... + .38)/10 = .353.
    assert turn.validation_change == pytest.approx(0.475 - 0.353)
    assert turn.training_change == pytest.approx(-0.14)
    assert turn.is_there


def test_a_loss_that_stays_is_none():
    turn = overfitting(np.array(made_up.training_losses()), np.array(made_up.validation_losses(1)))
    assert turn.turned_epoch == 29
    assert not turn.is_there


def test_too_few_epochs_tell_nothing():
    few = np.linspace(1.0, 0.0, 2 * EPOCHS_AVERAGED - 1)
    assert overfitting(few, few) is None


@given(st.lists(st.floats(0.0, 9.0), min_size=2 * EPOCHS_AVERAGED, max_size=60))
def test_after_its_turn_no_validation_loss_has_fallen(losses):
    turn = overfitting(np.array(losses), np.array(losses))
    assert turn.validation_change >= -1e-9
    assert EPOCHS_AVERAGED <= turn.turned_epoch <= len(losses)
    assert not turn.is_there
