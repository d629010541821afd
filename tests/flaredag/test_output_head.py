"""The output layer of Li et al. 2024: its form, by hand, and what it refuses."""

import numpy as np
import pytest
import torch
from torch import nn

from flaredag.errors import InputError
from flaredag.output_head import OutputHead

FORM = {"sizes": [64, 32, 16], "dropouts": [0.399, 0.1001, 0.1]}


def test_three_of_each_kind_of_layer_and_two_logits():
    head = OutputHead(10, n_steps=5, **FORM)
    kinds = [nn.BatchNorm1d, nn.Linear, nn.ReLU, nn.Dropout]
    assert [type(layer) for layer in head.layers] == kinds * 3
    assert [head.layers[place].p for place in (3, 7, 11)] == FORM["dropouts"]
    dense = 64 * 11 + 32 * 65 + 16 * 33
    normalisation = 2 * (10 + 64 + 32)
    assert sum(one.numel() for one in head.parameters()) == dense + normalisation + 2 * (5 * 16 + 1)
    assert head(torch.zeros(3, 5, 10)).shape == (3, 2)
    assert OutputHead(10, **FORM)(torch.zeros(3, 10)).shape == (3, 2)


def test_by_hand():
    # Layers that hand on what they get, but for a ReLU: statistics 0 and 1, weights 1.
    head = OutputHead(1, n_steps=2, sizes=[1, 1, 1], dropouts=[0.5, 0.5, 0.5]).eval()
    with torch.no_grad():
        for layer in head.layers:
            if isinstance(layer, nn.Linear):
                layer.weight[:], layer.bias[:] = 1.0, 0.0
            if isinstance(layer, nn.BatchNorm1d):
                layer.eps = 0.0
        head.logits.weight[:] = torch.tensor([[1.0, 10.0], [0.0, 1.0]])
        head.logits.bias[:] = torch.tensor([0.0, 0.5])
    found = head(torch.tensor([[[2.0], [3.0]], [[-1.0], [4.0]]]))
    assert found.tolist() == [[32.0, 3.5], [40.0, 4.5]]


def test_steps_are_treated_alike_and_normalised_with_the_batch():
    torch.manual_seed(0)
    head, found = OutputHead(4, n_steps=3, **FORM), torch.randn(5, 3, 4)
    head.layers[3].p = head.layers[7].p = head.layers[11].p = 0.0
    head.train()(found)
    # A tenth of the statistics of all 15 rows, which began at 0.
    np.testing.assert_allclose(head.layers[0].running_mean, found.mean(dim=(0, 1)) / 10, atol=1e-7)
    head.eval()
    one_by_one = torch.stack([head.layers(found[:, step]) for step in range(3)], dim=1)
    torch.testing.assert_close(head(found), head.logits(one_by_one.flatten(1)))


def test_nothing_is_drawn_once_it_has_learnt():
    head = OutputHead(4, **FORM).eval()
    found = torch.randn(6, 4)
    assert torch.equal(head(found), head(found))
    assert not torch.equal(head.train()(found), head(found))


@pytest.mark.parametrize("changed", [{"sizes": [8, 4]}, {"dropouts": [0.1] * 4}, {"sizes": [], "dropouts": []}])
def test_other_than_three_layers_are_refused(changed):
    form = FORM | changed
    words = rf"head_sizes \[{', '.join(map(str, form['sizes']))}\] and head_dropouts .*; wanted 3 of each"
    with pytest.raises(InputError, match=words):
        OutputHead(4, **form)
