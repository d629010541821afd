import copy
import dataclasses

import numpy as np
import pytest
import torch

from flaredag.attribution_checks import (
    check_row,
    checks_of_lines,
    checks_of_network,
    concentration,
    near_lines,
    pairwise_correlations,
    randomised,
    rank_correlations,
)
from flaredag.attributions import explain
from made_up_networks import made_up_cnn


@pytest.fixture(scope="module")
def networks():
    return [made_up_cnn(seed, pixels=32) for seed in (3, 4)]


def test_a_randomised_network_forgets_all_it_has_learnt_and_the_first_keeps_it(networks):
    network = networks[0].network
    before = copy.deepcopy(network.state_dict())
    found = randomised(network).state_dict()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(torch.equal(value, found[name]) for name, value in randomised(network).state_dict().items())
    assert not torch.equal(randomised(network, seed=2).state_dict()["head.0.weight"], found["head.0.weight"])
    for name in ("blocks.0.convolution.weight", "blocks.4.convolution.bias", "head.6.weight"):
        assert not torch.equal(found[name], before[name])
    assert not found["blocks.2.normalisation.running_mean"].any()
    assert before["blocks.2.normalisation.running_mean"].any()


def test_rank_correlations_by_hand():
    one = np.array([[[1.0, 2.0], [3.0, 4.0]]] * 4)
    other = np.array([[[1.0, 8.0], [27.0, 64.0]], [[4.0, 3.0], [2.0, 1.0]], [[1.0, 2.0], [4.0, 3.0]], [[5.0] * 2] * 2])
    # Ranks 1 2 4 3: 1 - 6 (0 + 0 + 1 + 1) / (4 * 15) = 0.8.
    np.testing.assert_allclose(rank_correlations(one, other), [1, -1, 0.8, np.nan])


def test_correlations_of_pairs_of_networks():
    rising, falling = np.arange(4.0).reshape(1, 2, 2), -np.arange(4.0).reshape(1, 2, 2)
    assert pairwise_correlations([rising, falling, rising]).tolist() == [[-1.0], [1.0], [-1.0]]
    assert pairwise_correlations([rising]).shape == (0, 1)


def test_pixels_near_an_inversion_line():
    # 0.12 degree is 1.458 Mm: 5 pixels are 7.29 Mm, 6 are 8.75 Mm.
    field = np.full((30, 40), 200.0)
    field[:, 20:] = -200.0
    found = near_lines(field, pixel_degrees=0.12)
    # Both polarities are within a pixel of columns 19 and 20, but at the upper and lower edge.
    assert np.flatnonzero(found[15]).tolist() == list(range(14, 26))
    assert found[0, 19]
    assert not near_lines(np.abs(field), pixel_degrees=0.12).any()
    assert not near_lines(field * 0.7, pixel_degrees=0.12).any()


def test_lines_of_sharp_are_sought_on_every_fourth_pixel():
    field = np.full((40, 80), 200.0)
    field[:, 40:] = -200.0
    found = near_lines(field, pixel_degrees=0.03)
    # Of the pixels 36 and 40 of every fourth, up to 7.5 Mm: 20.57 pixels of 0.3645 Mm.
    assert np.flatnonzero(found[20]).tolist() == list(range(36 - 20, 40 + 20 + 1))


def test_missing_field_is_no_line():
    field = np.full((30, 40), 200.0)
    field[:, 20:] = np.nan
    assert not near_lines(field, pixel_degrees=0.12).any()


def test_concentration_by_hand():
    masks = np.zeros((4, 2, 4), dtype=bool)
    masks[:3, :, 0] = True  # a quarter of the area
    maps = np.ones((4, 2, 4))
    maps[1] = [[-3, 1, 0, 0], [3, -1, 0, 0]]  # three quarters of the absolute values are in the first column
    maps[2] = 0
    np.testing.assert_allclose(concentration(maps, masks), [1, 3, np.nan, np.nan])


def test_rows_leave_out_what_is_not_known():
    row = check_row("sharp-1", "occlusion", "a_check", np.array([1.0, np.nan, 4.0]))
    assert row == {"subject": "sharp-1", "method": "occlusion", "check": "a_check", "value": 2.5, "n": 2}
    assert check_row("s", "m", "c", np.array([1.0, 4.0]), np.max)["value"] == 4
    nothing = check_row("s", "m", "c", np.array([np.nan]))
    assert np.isnan(nothing["value"])
    assert nothing["n"] == 0


def test_checks_of_a_network_are_there_for_each_method(networks):
    gauss = np.random.default_rng(2).normal(size=(2, 32, 32)).astype(np.float32) * 3
    methods = ("deconvolution", "deep_lift.first", "grad_cam_5")
    explained = explain(networks[0], gauss, methods)
    rows = checks_of_network("sharp-5", networks[0], gauss, explained, [])
    assert {row["subject"] for row in rows} == {"sharp-5"}
    assert [(row["method"], row["check"]) for row in rows] == [
        ("deconvolution", "randomisation_rank_correlation"),
        ("deconvolution", "randomisation_rank_correlation_of_sizes"),
        ("deep_lift.first", "completeness_largest_error"),
        ("deep_lift.first", "randomisation_rank_correlation"),
        ("deep_lift.first", "randomisation_rank_correlation_of_sizes"),
        ("grad_cam_5", "randomisation_rank_correlation"),
        ("grad_cam_5", "randomisation_rank_correlation_of_sizes"),
    ]
    values = {(row["method"], row["check"]): row for row in rows}
    complete = values["deep_lift.first", "completeness_largest_error"]
    assert complete["n"] == 1  # the first frame is its own baseline
    assert complete["value"] < 1e-3
    for row in rows:
        if "randomisation" in row["check"]:
            assert row["value"] < 0.999
    # Maps that are not the network's do not add up.
    wrong = dataclasses.replace(explained, maps=explained.maps * 1.5)
    [error] = [
        row["value"]
        for row in checks_of_network("sharp-5", networks[0], gauss, wrong, [])
        if row["check"] == "completeness_largest_error"
    ]
    assert error == pytest.approx(0.5, abs=1e-3)


def test_stability_is_that_of_integrated_gradients_over_networks(networks, monkeypatch):
    monkeypatch.setattr("flaredag.attributions.MOST_STEPS", 50)
    gauss = np.random.default_rng(2).normal(size=(2, 32, 32)).astype(np.float32) * 3
    methods = ("integrated_gradients.zero", "deep_lift.zero")
    explained = explain(networks[0], gauss, methods)
    rows = {
        (row["method"], row["check"]): row
        for row in checks_of_network("sharp-5", networks[0], gauss, explained, networks)
    }
    other = explain(networks[1], gauss, methods[:1]).of(methods[0])
    # Three pairs: one of the network with itself.
    between = rank_correlations(explained.of(methods[0]), other)
    stable = rows["integrated_gradients.zero", "stability_rank_correlation"]
    assert stable["value"] == pytest.approx((2 + 2 * between.sum()) / 6)
    assert stable["n"] == 6
    assert ("deep_lift.zero", "stability_rank_correlation") not in rows
    assert rows["integrated_gradients.zero", "largest_number_of_steps"]["value"] == 50


def test_lines_are_compared_with_the_field_itself():
    field = np.full((1, 30, 40), 200.0)
    field[:, :, 20:] = -200.0
    maps = np.zeros((2, 1, 30, 40))
    maps[0, 0, :, 19] = 1.0
    maps[1, 0, :, 0] = 1.0
    rows = checks_of_lines("sharp-5", ("a", "b"), maps, field, pixel_degrees=0.12)
    share = near_lines(field[0], pixel_degrees=0.12).mean()
    assert [row["method"] for row in rows] == ["field", "a", "b"]
    np.testing.assert_allclose([row["value"] for row in rows], [1, 1 / share, 0])
