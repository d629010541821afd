"""The CNN: its form, that it learns, what it is given, and what is kept of it."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from torch import nn

from flaredag.cubes import STEP_GAUSS
from flaredag.devices import CPU, Computing
from flaredag.errors import InputError
from flaredag.models import cnn
from flaredag.samples import Magnetograms, Samples

SETTINGS = {
    "learning_rate": 1e-3,
    "batch_size": 16,
    "max_epochs": 2,
    "patience_epochs": 2,
    "kept_epoch": "true_skill_statistic",
    "head_inputs": [],
}
PIXELS = 32


def bipoles(n_samples=32, *, seed=0, pixels=PIXELS, strong_gauss=800.0, weak_gauss=50.0):
    """Samples of one bipole each, of any place and tilt: strong ones positive, weak ones negative."""
    rng = np.random.default_rng(seed)
    label = (np.arange(n_samples) % 2).astype(np.int8)
    y, x = np.indices((pixels, pixels))
    steps = np.empty((n_samples, pixels, pixels), dtype=np.int16)
    for image, strong in zip(steps, label, strict=True):
        centre, tilt = rng.uniform(0.3, 0.7, 2) * pixels, rng.uniform(0, 2 * np.pi)
        offset = pixels / 8 * np.array([np.sin(tilt), np.cos(tilt)])
        poles = [
            sign * np.exp(-((y - py) ** 2 + (x - px) ** 2) / (2 * (pixels / 12) ** 2))
            for sign, (py, px) in ((1, centre + offset), (-1, centre - offset))
        ]
        gauss = (strong_gauss if strong else weak_gauss) * sum(poles) + rng.normal(0, 10, (pixels, pixels))
        image[...] = np.rint(gauss / STEP_GAUSS)
    return Samples(
        sequence=rng.normal(size=(n_samples, 4, 2)).astype(np.float32),
        label=label,
        strong_before=np.zeros(n_samples, dtype=bool),
        instrument=np.zeros(n_samples, dtype=np.int8),
        region=np.arange(n_samples, dtype=np.int32),
        issue_time=np.full(n_samples, np.datetime64("2012-01-01", "s")),
        magnetograms=Magnetograms(steps, rng.uniform(-70, 70, (n_samples, 2)).astype(np.float32), 3.0, 200.0),
    )


def with_magnetograms(samples, **changes):
    return dataclasses.replace(samples, magnetograms=dataclasses.replace(samples.magnetograms, **changes))


def bytes_of(fit):
    return {name: values.tobytes() for name, values in fit.arrays.items()}


@pytest.fixture(scope="module")
def fitted():
    return cnn.fit(bipoles(), bipoles(8, seed=1), seed=0, settings=SETTINGS)


class TestNetwork:
    def test_the_papers_network_by_hand(self):
        # 128 -> 64 -> 32 -> 16 -> 8 -> 4 pixels: 4 x 4 x 64 = 1024.
        shapes = {name: tuple(value.shape) for name, value in cnn.MagnetogramCNN(128, 0).named_parameters()}
        kernels = [(64, 1, 11, 11), (64, 64, 11, 11), (64, 64, 3, 3), (64, 64, 3, 3), (64, 64, 3, 3)]
        assert [shapes[f"blocks.{i}.convolution.weight"] for i in range(5)] == kernels
        assert [shapes[f"blocks.{i}.normalisation.weight"] for i in range(5)] == [(64,)] * 5
        assert [shapes[f"head.{i}.weight"] for i in (0, 3, 6)] == [(128, 1024), (64, 128), (2, 64)]
        convolutions = 64 * (121 + 1) + 64 * (64 * 121 + 1) + 3 * 64 * (64 * 9 + 1)
        head = 128 * 1025 + 2 * 128 + 64 * 129 + 2 * 64 + 2 * 65
        n_parameters = sum(parameter.numel() for parameter in cnn.MagnetogramCNN(128, 0).parameters())
        assert n_parameters == convolutions + 5 * 2 * 64 + head

    def test_the_order_of_the_modules(self):
        network = cnn.MagnetogramCNN(64, 0)
        block = [nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d]
        for one in network.blocks:
            modules = list(one.children())
            assert all(isinstance(module, kind) for module, kind in zip(modules, block, strict=True))
            assert (one.convolution.stride, one.convolution.padding, one.pool.kernel_size) == ((1, 1), "same", 2)
        # Nothing but batch normalisation and dropout between the linear layers.
        head = [nn.Linear, nn.BatchNorm1d, nn.Dropout, nn.Linear, nn.BatchNorm1d, nn.Dropout, nn.Linear]
        assert [type(module) for module in network.head] == head
        assert [module.p for module in network.head if isinstance(module, nn.Dropout)] == [0.5, 0.5]

    def test_every_activation_is_its_own_and_not_in_place(self):
        activations = [m for m in cnn.MagnetogramCNN(32, 0).modules() if isinstance(m, nn.ReLU)]
        assert len(set(map(id, activations))) == 5
        assert not any(activation.inplace for activation in activations)

    @pytest.mark.parametrize(("pixels", "n_flat"), [(32, 64), (64, 256), (100, 576)])
    def test_the_flattened_size_follows_from_the_image_size(self, pixels, n_flat):
        network = cnn.MagnetogramCNN(pixels, 3).eval()
        assert network.head[0].in_features == n_flat + 3
        assert network(torch.zeros(2, 1, pixels, pixels), torch.zeros(2, 3)).shape == (2, 2)

    def test_images_too_small(self):
        with pytest.raises(InputError, match=r"31 x 31 pixels.*at least 32 x 32"):
            cnn.MagnetogramCNN(31, 0)

    @pytest.mark.parametrize("learns", [False, True])
    def test_the_short_way_of_a_cpu_gives_what_the_modules_give(self, learns):
        torch.manual_seed(0)
        block = cnn.ConvolutionBlock(3, 3).train(learns)
        images = torch.randn(4, 3, 9, 8)
        plain = nn.Sequential(*block.children())
        with torch.no_grad():
            torch.testing.assert_close(block(images), plain(images))

    def test_hooks_see_every_module_where_gradients_are_asked_for(self):
        network = cnn.MagnetogramCNN(32, 0).eval()
        seen = []
        for module in network.modules():
            if not list(module.children()):
                module.register_forward_hook(lambda module, *_: seen.append(type(module).__name__))
        network(torch.zeros(1, 1, 32, 32))
        of_block = ["LargeKernelConvolution", "BatchNorm2d", "ReLU", "MaxPool2d"]
        assert seen[:20] == of_block * 5


class TestFit:
    def test_learns_strong_from_weak_bipoles(self):
        settings = SETTINGS | {"max_epochs": 6, "patience_epochs": 6}
        fit = cnn.fit(bipoles(96), bipoles(32, seed=1), seed=0, settings=settings)
        test = bipoles(32, seed=2)
        probability = fit.probability(test)
        assert ((probability > 0) & (probability < 1)).all()
        assert ((probability > 0.5) == test.label).all()
        assert max(fit.history["validation_true_skill_statistic"]) == 1

    def test_same_seed_same_bits_whatever_happened_before(self, fitted):
        torch.manual_seed(17)
        again = cnn.fit(bipoles(), bipoles(8, seed=1), seed=0, settings=SETTINGS)
        assert bytes_of(again) == bytes_of(fitted)
        assert again.history == fitted.history
        other = cnn.fit(bipoles(), bipoles(8, seed=1), seed=1, settings=SETTINGS)
        assert bytes_of(other) != bytes_of(fitted)

    def test_the_number_of_threads_outside_changes_no_bit(self, fitted):
        threads, test = torch.get_num_threads(), bipoles(20, seed=2)
        torch.set_num_threads(2)
        try:
            again = cnn.fit(bipoles(), bipoles(8, seed=1), seed=0, settings=SETTINGS)
            on_two = again.probability(test)
        finally:
            torch.set_num_threads(threads)
        assert bytes_of(again) == bytes_of(fitted)
        assert on_two.tobytes() == fitted.probability(test).tobytes()

    @pytest.mark.parametrize("kept_epoch", ["true_skill_statistic", "cross_entropy"])
    def test_the_epoch_kept_is_the_best_of_its_criterion(self, kept_epoch):
        validation = bipoles(20, seed=1, strong_gauss=70.0)
        settings = SETTINGS | {"max_epochs": 4, "learning_rate": 1e-2, "kept_epoch": kept_epoch}
        fit = cnn.fit(bipoles(), validation, seed=0, settings=settings)
        probability = fit.probability(validation)
        right = np.where(validation.label == 1, probability, 1 - probability)
        of_epochs = fit.history[f"validation_{kept_epoch}"]
        if kept_epoch == "cross_entropy":
            wanted, best = -np.log(right).mean(), min(of_epochs)
        else:
            forecast = probability > 0.5
            wanted = forecast[validation.label == 1].mean() - forecast[validation.label == 0].mean()
            best = max(of_epochs)
        assert of_epochs[fit.history["best_epoch"] - 1] == best == pytest.approx(wanted, rel=1e-6)

    def test_images_are_standardised_batch_by_batch_from_steps(self):
        steps = np.full((3, 2, 2), 10, dtype=np.int16)
        steps[1] = -406
        magnetograms = Magnetograms(steps, np.zeros((3, 2), dtype=np.float32), 3.0, 100.0)
        inputs = cnn.MagnetogramInputs(magnetograms, np.array([[1.0], [2.0], [3.0]], dtype=np.float32), CPU)
        images, extra = inputs[torch.tensor([1, 0])]
        # (-203 - 3) / 100 and (5 - 3) / 100.
        torch.testing.assert_close(images, torch.tensor([-2.06, 0.02])[:, None, None, None].expand(2, 1, 2, 2))
        assert extra.tolist() == [[2.0], [1.0]]
        assert steps[1, 0, 0] == -406

    @pytest.mark.parametrize(("n_samples", "found"), [(1, "1 training samples"), (0, "0 training samples")])
    def test_too_few_samples(self, n_samples, found):
        with pytest.raises(InputError, match=found):
            cnn.fit(bipoles(n_samples), bipoles(8), seed=0, settings=SETTINGS)

    def test_no_magnetograms(self):
        bare = dataclasses.replace(bipoles(), magnetograms=None)
        with pytest.raises(InputError, match="without magnetograms"):
            cnn.fit(bare, bare, seed=0, settings=SETTINGS)

    def test_images_that_are_not_square(self):
        samples = bipoles(8)
        oblong = with_magnetograms(samples, steps=samples.magnetograms.steps[:, :, :20])
        with pytest.raises(InputError, match="20 x 32 pixels; square"):
            cnn.fit(oblong, oblong, seed=0, settings=SETTINGS)

    def test_validation_images_of_another_size(self):
        with pytest.raises(InputError, match=r"validation magnetograms of \(64, 64\) pixels, .* of 32 x 32"):
            cnn.fit(bipoles(8), bipoles(8, pixels=64), seed=0, settings=SETTINGS)

    @pytest.mark.parametrize("deviation", [0.0, float("nan")])
    def test_images_without_contrast(self, deviation):
        flat = with_magnetograms(bipoles(8), standard_deviation_gauss=deviation)
        with pytest.raises(InputError, match=f"standard deviation {deviation} G; some contrast"):
            cnn.fit(flat, flat, seed=0, settings=SETTINGS)

    def test_as_on_a_gpu(self, monkeypatch):
        # What a GPU is asked for, on the CPU: bfloat16 products, channels last, and the modules one after the other.
        as_on_a_gpu = Computing(torch.device("cpu"), torch.bfloat16, channels_last=True)
        settings = SETTINGS | {"max_epochs": 1, "head_inputs": ["location"]}
        test = bipoles(8, seed=2)
        with monkeypatch.context() as patched:
            patched.setattr(cnn, "computing", lambda: as_on_a_gpu)
            fit = cnn.fit(bipoles(), bipoles(8, seed=1), seed=0, settings=settings)
            rounded = fit.probability(test)
        floating = [values for values in fit.arrays.values() if values.dtype.kind == "f" and values.size > 1]
        assert all(values.dtype == np.float32 and values.flags.c_contiguous for values in floating)
        exact = cnn.restored(load(save(fit.arrays)), settings).probability(test)
        np.testing.assert_allclose(rounded, exact, atol=0.02)
        assert (rounded != exact).any()

    def test_a_rate_at_which_nothing_is_learnt_but_infinity(self):
        with pytest.raises(InputError, match=r"at epoch 1, batch 2.*learning rate 3e\+37.*lower learning_rate"):
            cnn.fit(bipoles(64), bipoles(8), seed=0, settings=SETTINGS | {"learning_rate": 3e37})


class TestHeadInputs:
    def test_location_by_hand(self):
        samples = with_magnetograms(bipoles(2), location_deg=np.array([[-45, 9], [90, -18]], dtype=np.float32))
        wanted = np.array([[-0.5, 0.5, 0.1], [1.0, 1.0, -0.2]])
        np.testing.assert_allclose(cnn.extra_inputs(samples, ["location"]), wanted, rtol=1e-6)

    def test_keywords_are_those_of_the_last_record(self):
        samples = bipoles(3)
        np.testing.assert_array_equal(cnn.extra_inputs(samples, ["keywords"]), samples.sequence[:, -1])
        both = cnn.extra_inputs(samples, ["location", "keywords"])
        np.testing.assert_array_equal(both[:, 3:], samples.sequence[:, -1])
        assert both.dtype == np.float32
        assert cnn.extra_inputs(samples, []) is None

    def test_others_are_refused(self):
        with pytest.raises(InputError, match="head_inputs: time; wanted location or keywords"):
            cnn.extra_inputs(bipoles(2), ["time"])

    @pytest.mark.parametrize("head_input", ["location", "keywords"])
    def test_the_forecast_hangs_on_them(self, head_input):
        fit = cnn.fit(bipoles(), bipoles(8), seed=0, settings=SETTINGS | {"head_inputs": [head_input]})
        samples = bipoles(6, seed=3)
        if head_input == "location":
            moved = with_magnetograms(samples, location_deg=samples.magnetograms.location_deg + 20)
        else:
            moved = dataclasses.replace(samples, sequence=samples.sequence + 1)
        assert (fit.probability(samples) != fit.probability(moved)).all()

    def test_learns_from_keywords_what_no_image_shows(self):
        def alike(n_samples, seed):
            samples = bipoles(n_samples, seed=seed, weak_gauss=800.0)
            sequence = samples.sequence.copy()
            sequence[:, -1, 0] += np.where(samples.label == 1, 4, -4)
            return dataclasses.replace(samples, sequence=sequence)

        settings = SETTINGS | {"head_inputs": ["keywords"], "max_epochs": 6, "patience_epochs": 6}
        fit = cnn.fit(alike(96, 0), alike(32, 1), seed=0, settings=settings)
        assert max(fit.history["validation_true_skill_statistic"]) > 0.8


class TestRestored:
    @pytest.mark.parametrize("head_inputs", [[], ["location"], ["keywords", "location"]])
    def test_a_checkpoint_gives_the_same_bits(self, head_inputs):
        settings = SETTINGS | {"head_inputs": head_inputs, "max_epochs": 1}
        fit = cnn.fit(bipoles(), bipoles(8), seed=0, settings=settings)
        again = cnn.restored(load(save(fit.arrays)), settings)
        samples = bipoles(20, seed=2)
        assert again.probability(samples).tobytes() == fit.probability(samples).tobytes()
        assert bytes_of(again) == bytes_of(fit)
        assert (again.mean_gauss, again.standard_deviation_gauss) == (3.0, 200.0)

    def test_its_arrays_are_its_own(self, fitted):
        arrays = {name: values.copy() for name, values in fitted.arrays.items()}
        again = cnn.restored(arrays, SETTINGS)
        before = bytes_of(again)
        for values in arrays.values():
            values[...] = 0
        assert bytes_of(again) == before

    def test_another_image_size(self, fitted):
        with pytest.raises(InputError, match=r"\(64, 64\) pixels; the CNN was fitted on 32 x 32"):
            fitted.probability(bipoles(2, pixels=64))
        with pytest.raises(InputError, match="images of 64 x 64 pixels"):
            cnn.restored(fitted.arrays | {"pixels": np.array([64])}, SETTINGS)

    def test_other_head_inputs(self, fitted):
        for head_inputs in (["location"], ["keywords"]):
            with pytest.raises(InputError, match="0 numbers beside images of 32 x 32"):
                cnn.restored(fitted.arrays, SETTINGS | {"head_inputs": head_inputs})

    def test_other_keywords_than_it_was_fitted_with(self):
        settings = SETTINGS | {"head_inputs": ["keywords"], "max_epochs": 1}
        samples = bipoles(8)
        fit = cnn.fit(samples, samples, seed=0, settings=settings)
        fewer = dataclasses.replace(samples, sequence=samples.sequence[:, :, :1])
        with pytest.raises(InputError, match="1 numbers beside each image; the CNN was fitted with 2"):
            fit.probability(fewer)

    def test_another_standardisation(self, fitted):
        with pytest.raises(InputError, match="samples of its own data set"):
            fitted.probability(with_magnetograms(bipoles(2), mean_gauss=4.0))

    def test_another_architecture(self, fitted):
        arrays = fitted.arrays
        with pytest.raises(InputError, match=r"arrays of another network.*blocks.1.convolution.weight"):
            cnn.restored(arrays | {"blocks.1.convolution.weight": np.zeros((64, 64, 5, 5), np.float32)}, SETTINGS)
        fewer = {name: values for name, values in arrays.items() if name != "blocks.4.convolution.bias"}
        with pytest.raises(InputError, match=r"arrays of another network.*blocks.4.convolution.bias"):
            cnn.restored(fewer, SETTINGS)
        with pytest.raises(InputError, match=r"no head.0.weight, mean_gauss, pixels, standard_deviation_gauss among"):
            cnn.restored({"lstm.weight_ih_l0": np.zeros(3)}, SETTINGS)

    def test_more_samples_than_one_batch_of_prediction(self, fitted):
        many = bipoles(cnn.PREDICTION_BATCH + 3, seed=2)
        last = with_magnetograms(many, steps=many.magnetograms.steps[-3:])
        last = dataclasses.replace(last, label=many.label[-3:])
        probability = fitted.probability(many)
        assert probability.shape == (cnn.PREDICTION_BATCH + 3,)
        np.testing.assert_allclose(probability[-3:], fitted.probability(last), rtol=1e-4)

    def test_standardised_as_in_prediction(self, fitted):
        samples = bipoles(4, seed=2)
        gauss = samples.magnetograms.steps * STEP_GAUSS
        with torch.no_grad():
            logits = fitted.network(fitted.standardised(gauss))
        probability = torch.softmax(logits.double(), dim=1)[:, 1].numpy()
        np.testing.assert_allclose(probability, fitted.probability(samples), rtol=1e-6)
        assert gauss[0, 0, 0] == samples.magnetograms.steps[0, 0, 0] * STEP_GAUSS
