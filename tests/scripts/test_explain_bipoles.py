import numpy as np
import pandas as pd
import pytest

from explain_bipoles import main, most_probable_of_separations
from flaredag.attributions import METHODS_OF_SINGLE_IMAGES, attribute, positive_probabilities, standardised
from flaredag.errors import InputError
from flaredag.explanations import read_bipoles
from flaredag.synthetic_magnetograms import bipole_magnetogram
from made_up_networks import made_up_cnn, write_checkpoint

SETTINGS = {
    "amplitudes_gauss": [200, 400],
    "separations_deg": [2, 4],
    "tilts_deg": [0],
    "patch_width_deg": 16,
}


@pytest.fixture
def explained(tmp_path, monkeypatch):
    """A function that explains bipoles by the networks of some checkpoints, and reads what is written."""
    monkeypatch.setattr("flaredag.attributions.MOST_STEPS", 50)

    def run(checkpoints, **changes):
        paths = [str(tmp_path / name) for name in ("bipoles.csv", "bipoles.nc", "bipoles.checks.csv")]
        main([str(path) for path in checkpoints], *paths, model="cnn", settings=SETTINGS | changes)
        return pd.read_csv(paths[0]), read_bipoles(paths[1]), pd.read_csv(paths[2])

    return run


def test_every_bipole_and_seed_has_a_probability_and_the_first_network_explains(tmp_path, explained):
    networks = {seed: made_up_cnn(seed, pixels=32) for seed in (3, 10)}
    checkpoints = [
        write_checkpoint(tmp_path / f"{seed}.safetensors", {f"cnn/{seed}": fit}) for seed, fit in networks.items()
    ]
    table, bipoles, checks = explained(checkpoints)
    assert list(table.columns) == ["amplitude_gauss", "separation_deg", "tilt_deg", "seed", "probability"]
    assert table["seed"].tolist() == [3, 10] * 4
    assert table["amplitude_gauss"].tolist() == [200] * 4 + [400] * 4
    field = bipole_magnetogram(400, 2, 0, patch_width_deg=16, pixels=32)[None].astype(np.float32)
    for seed, fit in networks.items():
        own = table[table["seed"] == seed]
        row = own.query("amplitude_gauss == 400 and separation_deg == 2")
        wanted = positive_probabilities(fit.network, standardised(fit, field))
        np.testing.assert_allclose(row["probability"], wanted, atol=2e-6)
    assert (bipoles.model, bipoles.seed, bipoles.patch_width_deg) == ("cnn", 3, 16)
    assert bipoles.methods == METHODS_OF_SINGLE_IMAGES
    assert bipoles.separation_deg.tolist() == [2, 4]
    mean = table.groupby(["separation_deg", "amplitude_gauss"])["probability"].mean()
    np.testing.assert_allclose(bipoles.mean_probability, mean.groupby("separation_deg").max(), atol=2e-6)
    assert bipoles.any_flaring == (mean.max() > 0.5)
    place = bipoles.methods.index("guided_backpropagation")
    images = standardised(networks[3], bipoles.magnetogram)
    wanted = attribute(networks[3].network, images, images[:1], "guided_backpropagation")
    np.testing.assert_array_equal(bipoles.attribution[place], wanted)
    assert set(checks["subject"]) == {"bipoles"}
    assert "stability_rank_correlation" in set(checks["check"])
    assert set(checks.query("check == 'randomisation_rank_correlation'")["method"]) == set(METHODS_OF_SINGLE_IMAGES)


def test_the_most_probable_of_the_most_probable_separations():
    separation = np.array([2.0, 4, 6, 2, 4, 6, 2, 4, 6])
    probability = np.array([0.1, 0.5, 0.3, 0.2, 0.5, 0.9, 0.2, 0.4, 0.8])
    assert most_probable_of_separations(separation, probability, 4).tolist() == [3, 1, 5]
    assert most_probable_of_separations(separation, probability, 2).tolist() == [1, 5]
    assert most_probable_of_separations(separation, np.zeros(9), 2).tolist() == [0, 1]


def test_networks_that_do_not_belong_together_are_refused_and_nothing_is_written(tmp_path, explained):
    mixed = [
        write_checkpoint(tmp_path / "a.safetensors", {"cnn/0": made_up_cnn(0, pixels=32)}),
        write_checkpoint(tmp_path / "b.safetensors", {"cnn/1": made_up_cnn(1, pixels=64)}),
    ]
    with pytest.raises(InputError, match=r"networks of images of \[32, 64\] pixels; wanted one size"):
        explained(mixed)
    with pytest.raises(InputError, match="no checkpoint"):
        explained([])
    assert not list(tmp_path.glob("bipoles*"))
