import copy

import numpy as np
import pytest
import torch
from torch import nn

from flaredag import attributions
from flaredag.attributions import (
    METHODS,
    METHODS_OF_SINGLE_IMAGES,
    attribute,
    complete_integrated_gradients,
    completeness_error,
    explain,
    fitted_cnns,
    positive_logits,
    positive_probabilities,
    standardised,
    to_original_resolution,
)
from flaredag.errors import InputError
from flaredag.models.cnn import FittedCNN, MagnetogramCNN
from made_up_networks import made_up_cnn, write_checkpoint

PIXELS = 32


@pytest.fixture(scope="module")
def network():
    return made_up_cnn(3, pixels=PIXELS).network


@pytest.fixture(scope="module")
def images():
    generator = torch.Generator().manual_seed(5)
    return torch.randn(3, 1, PIXELS, PIXELS, generator=generator) * 2


class Small(nn.Module):
    """Logits of a 2 x 2 image, with what the methods look for: `blocks` and activations that are modules."""

    def __init__(self, layers, weight):
        super().__init__()
        self.blocks = nn.ModuleList()
        self.layers, self.last = layers, nn.Linear(4, 2, bias=False)
        with torch.no_grad():
            self.last.weight[:] = torch.tensor([[9.0] * 4, weight])

    def forward(self, images):
        return self.last(self.layers(images).flatten(1))


IMAGE = torch.tensor([[[[1.0, -2.0], [3.0, -4.0]]]])
WEIGHT = [0.5, 1.0, -2.0, 4.0]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        # The gradient of the positive class's logit.
        ("deconvolution", WEIGHT),
        ("guided_backpropagation", WEIGHT),
        # Weight times difference from the baseline (1, 1, 1, 1).
        ("integrated_gradients.zero", [0.0, -3.0, -4.0, -20.0]),
        ("deep_lift.zero", [0.0, -3.0, -4.0, -20.0]),
        ("occlusion", [0.0, -3.0, -4.0, -20.0]),
    ],
)
def test_maps_of_a_linear_network_are_those_worked_out_by_hand(method, expected):
    found = attribute(Small(nn.Identity(), WEIGHT), IMAGE, torch.ones(1, 1, 2, 2), method)
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        # Positive gradients that reach the ReLU, whether or not it was active: -2 is cut.
        ("deconvolution", [0.5, 1.0, 0.0, 4.0]),
        # and those where it was active as well: pixels 0 and 2.
        ("guided_backpropagation", [0.5, 0.0, 0.0, 0.0]),
        # From -1: half of the way from -1 to 1 has no gradient; a quarter from -1 to 3; none below 0.
        ("integrated_gradients.zero", [0.5, 0.0, -6.0, 0.0]),
        ("deep_lift.zero", [0.5, 0.0, -6.0, 0.0]),
        ("occlusion", [0.5, 0.0, -6.0, 0.0]),
    ],
)
def test_maps_through_a_relu_are_those_worked_out_by_hand(method, expected):
    found = attribute(Small(nn.ReLU(), WEIGHT), IMAGE, -torch.ones(1, 1, 2, 2), method, n_steps=400)
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-2)


@pytest.mark.parametrize("method", ["grad_cam_4", "grad_cam_5"])
def test_grad_cam_is_the_positive_part_of_the_weighted_convolution(method):
    class Block(nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.convolution = nn.Conv2d(1, 1, 1, bias=False)
            nn.init.constant_(self.convolution.weight, factor)

    small = Small(nn.Identity(), [1.0, 1.0, 1.0, 1.0])
    small.blocks = nn.ModuleList(Block(factor) for factor in (1.0, 1.0, 1.0, 2.0, -3.0))
    small.layers = nn.Sequential(*(block.convolution for block in small.blocks))
    # Block 4 gives 2 x, and the logit is -3 times its sum: -6 x. Block 5 gives -6 x, and the logit is its sum.
    expected = np.maximum(-6 * IMAGE.numpy(), 0)[0]
    np.testing.assert_allclose(attribute(small, IMAGE, torch.zeros(1, 1, 2, 2), method), expected, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_maps_every_pixel_and_leaves_the_network_as_it_was(network, images, method):
    before, state = repr(network), copy.deepcopy(network.state_dict())
    network.train()
    found = attribute(network, images, images[:1], method)
    assert network.training
    network.eval()
    assert found.shape == (3, PIXELS, PIXELS)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.ptp(found[1]) > 0
    assert repr(network) == before
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


@pytest.mark.parametrize("method", ["guided_backpropagation", "integrated_gradients.zero", "deep_lift.zero"])
def test_same_bytes_on_any_number_of_threads(network, images, method):
    found = []
    threads = torch.get_num_threads()
    for n_threads in (1, 2):
        torch.set_num_threads(n_threads)
        found.append(attribute(network, images[:1], torch.zeros(1, 1, PIXELS, PIXELS), method).tobytes())
        assert torch.get_num_threads() == n_threads
    torch.set_num_threads(threads)
    assert found[0] == found[1]


def test_deep_lift_adds_up_though_pools_follow_on_activations(network, images):
    maps = attribute(network, images, images[:1], "deep_lift.first")
    assert completeness_error(network, images, images[:1], maps).max() < 1e-3


def test_integrated_gradients_take_more_steps_until_they_add_up(network, images, monkeypatch):
    monkeypatch.setattr(attributions, "MOST_STEPS", 100)
    baselines = images[:1]
    plain = attribute(network, images, baselines, "integrated_gradients.first")
    maps, n_steps = complete_integrated_gradients(network, images, baselines)
    error = completeness_error(network, images, baselines, plain)
    done = n_steps == 50
    assert error[~done].min() > 0.01 >= error[done].max()
    assert done[0]
    assert n_steps.max() > 50
    np.testing.assert_array_equal(maps[done], plain[done])
    assert completeness_error(network, images, baselines, maps)[n_steps < attributions.MOST_STEPS].max() <= 0.01


def test_steps_are_bounded_and_the_error_is_told(network, images, monkeypatch):
    monkeypatch.setattr(attributions, "MOST_STEPS", 100)
    monkeypatch.setattr(attributions, "COMPLETENESS", 1e-12)
    maps, n_steps = complete_integrated_gradients(network, images[1:2], images[:1])
    assert n_steps.tolist() == [100]
    assert completeness_error(network, images[1:2], images[:1], maps)[0] > 1e-12


def test_completeness_error_is_a_part_of_the_difference_of_logits():
    linear, zero = Small(nn.Identity(), WEIGHT), torch.zeros(1, 1, 2, 2)
    exact = (torch.tensor(WEIGHT).reshape(2, 2) * IMAGE[0]).numpy()  # adds up to 0.5 - 2 - 6 - 16 = -23.5
    found = completeness_error(linear, IMAGE.expand(2, 1, 2, 2), zero, np.concatenate([exact, exact * 1.02]))
    np.testing.assert_allclose(found, [0.0, 0.02], atol=1e-6)
    assert completeness_error(linear, IMAGE, IMAGE, np.zeros((1, 2, 2), dtype=np.float32)) == 0
    assert positive_logits(linear, IMAGE) == -23.5
    # The other logit is 9 (1 - 2 + 3 - 4) = -18.
    np.testing.assert_allclose(positive_probabilities(linear, IMAGE), 1 / (1 + np.exp(5.5)))


def test_images_without_value_and_unknown_methods_are_refused(network, images):
    broken = images.clone()
    broken[1, 0, 3, 4] = float("nan")
    with pytest.raises(InputError, match=r"image 1 of 3 has pixels without value \(1 such images\)"):
        attribute(network, broken, images[:1], "occlusion")
    with pytest.raises(InputError, match=r"baseline 1 of 3"):
        attribute(network, images, broken, "deconvolution")
    with pytest.raises(InputError, match=r"'saliency' is not known; wanted one of deconvolution"):
        attribute(network, images, images[:1], "saliency")


def fitted(network):
    return FittedCNN(network, 2.0, 50.0, (), {})


def test_explained_maps_are_those_of_each_method_with_its_baseline(network, images, monkeypatch):
    monkeypatch.setattr(attributions, "MOST_STEPS", 50)
    fit = fitted(network)
    gauss = (images[:, 0] * 50 + 2).numpy()
    methods = ("deep_lift.zero", "deep_lift.first", "integrated_gradients.zero")
    found = explain(fit, gauss, methods)
    assert found.methods == methods
    assert list(found.n_steps) == ["integrated_gradients.zero"]
    # Zero is 0 G, which is -2 / 50 standardised, and not the mean field.
    zero = torch.full((1, 1, PIXELS, PIXELS), -0.04)
    same = standardised(fit, gauss)
    np.testing.assert_array_equal(found.of("deep_lift.zero"), attribute(network, same, zero, "deep_lift"))
    np.testing.assert_array_equal(found.of("deep_lift.first"), attribute(network, same, same[:1], "deep_lift"))
    assert not found.of("deep_lift.first")[0].any()


def test_methods_of_single_images_need_no_sequence():
    assert set(METHODS) - set(METHODS_OF_SINGLE_IMAGES) == {"integrated_gradients.first", "deep_lift.first"}


def test_magnetograms_that_do_not_suit_the_network_are_refused(network):
    with pytest.raises(InputError, match=r"\(64, 64\) pixels; the network was fitted on \(32, 32\)"):
        standardised(fitted(network), np.zeros((2, 64, 64), dtype=np.float32))
    with pytest.raises(InputError, match="takes 3 numbers beside the image"):
        standardised(fitted(MagnetogramCNN(PIXELS, 3)), np.zeros((2, 32, 32), dtype=np.float32))


def test_splines_are_those_of_scikit_image():
    # skimage.transform.resize(a, shape, order=2) of scikit-image 0.26: larger; smaller along x, smoothed before.
    a = np.array([[0, 1, 4], [2, -3, 1], [5, 0, 2.0]])
    larger = [
        [0.090794, 0.092698, 0.096054, 0.693333, 2.206531, 3.685533, 3.382132],
        [0.199909, 0.329977, -0.289252, -0.226667, 1.29551, 3.027846, 2.671383],
        [1.210884, 1.802721, -1.061224, -3.0, -1.632653, 0.829932, 0.319728],
        [3.512472, 4.108118, 1.219864, -1.013333, -0.342041, 1.449161, 1.076644],
        [4.077098, 4.639274, 1.912109, -0.253333, 0.235918, 1.78576, 1.463039],
    ]
    smaller = [
        [0.119743, 3.34501],
        [0.119743, 3.34501],
        [0.76686, 1.091295],
        [2.231002, 0.417982],
        [4.146133, 1.493398],
        [4.146133, 1.493398],
    ]
    np.testing.assert_allclose(to_original_resolution(a, (5, 7)), larger, atol=1e-6)
    np.testing.assert_allclose(to_original_resolution(a, (6, 2)), smaller, atol=1e-6)
    np.testing.assert_array_equal(to_original_resolution(a, (3, 3)), a)


def test_maps_of_all_methods_and_frames_keep_their_places_and_range():
    maps = np.random.default_rng(1).normal(size=(2, 3, 8, 8)).astype(np.float32)
    found = to_original_resolution(maps, (20, 31))
    assert found.shape == (2, 3, 20, 31)
    np.testing.assert_array_equal(found[1, 2], to_original_resolution(maps[1, 2], (20, 31)))
    assert (found.max(axis=(2, 3)) <= maps.max(axis=(2, 3))).all()
    assert (found.min(axis=(2, 3)) >= maps.min(axis=(2, 3))).all()


def test_networks_of_a_checkpoint_come_by_seed(tmp_path, network):
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, {f"{model}/{seed}": fitted(network) for model in ("cnn", "cnn_b") for seed in (10, 2)})
    found = fitted_cnns(path, "cnn")
    assert list(found) == [2, 10]
    assert found[10].mean_gauss == 2.0
    with pytest.raises(InputError, match=r"no network lstm; it holds cnn/2, cnn/10"):
        fitted_cnns(path, "lstm")
    (tmp_path / "text").write_text("no checkpoint")
    with pytest.raises(InputError, match=r"text: not a checkpoint of flaredag"):
        fitted_cnns(tmp_path / "text", "cnn")
