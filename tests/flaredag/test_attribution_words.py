"""What methods of attribution are called."""

from __future__ import annotations

import pytest

from flaredag.attribution_words import meaning, title, title_lines
from made_up_explanations import METHODS


@pytest.mark.parametrize(
    ("method", "lines"),
    [
        ("deconvolution", ("Deconvolution",)),
        ("guided_backpropagation", ("Guided", "Backpropagation")),
        ("integrated_gradients.first", ("Integrated", "Gradients (first)")),
        ("deep_lift.zero", ("DeepLIFT", "(zero)")),
        ("grad_cam_5", ("Grad-CAM 5",)),
        ("made_up", ("made up",)),
    ],
)
def test_title_in_lines_and_in_one(method, lines):
    assert title_lines(method) == lines
    assert title(method) == " ".join(lines)


def test_every_method_has_its_own_title_and_a_meaning_of_one_sentence():
    assert len({title(method) for method in METHODS}) == len(METHODS)
    for method in METHODS:
        assert meaning(method).endswith(".")
        assert meaning(method).count(".") == 1


def test_meaning_tells_the_baseline():
    assert meaning("deep_lift.first").endswith("(baseline: first frame).")
    assert meaning("deep_lift.zero").endswith("(baseline: zero field).")
    assert meaning("made_up") == ""
