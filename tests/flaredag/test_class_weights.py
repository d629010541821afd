"""Weights of classes: sums by hand, and scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from flaredag.class_weights import class_weights
from flaredag.errors import InputError

LABELS = st.lists(st.integers(0, 1), min_size=2, max_size=60).filter(lambda labels: len(set(labels)) == 2)


def test_one_event_in_four():
    label = np.array([0, 1, 0, 0], dtype=np.int8)
    assert class_weights(label, "none", model="m") is None
    # 4 / (2 * 3) and 4 / (2 * 1): the three weigh 2 together, as does the one.
    assert class_weights(label, "balanced", model="m") == {0: 2 / 3, 1: 2.0}


@given(LABELS)
def test_balanced_classes_weigh_the_same_and_together_as_much_as_before(labels):
    label = np.array(labels, dtype=np.int8)
    weights = class_weights(label, "balanced", model="m")
    negative, positive = weights[0] * (label == 0).sum(), weights[1] * (label == 1).sum()
    assert negative == pytest.approx(positive)
    assert negative + positive == pytest.approx(len(label))


@given(LABELS)
def test_equals_scikit_learn(labels):
    label = np.array(labels, dtype=np.int8)
    wanted = compute_class_weight("balanced", classes=np.array([0, 1]), y=label)
    assert list(class_weights(label, "balanced", model="m").values()) == pytest.approx(wanted)


@pytest.mark.parametrize(("value", "words"), [(0, "0 training samples with an event and 3"), (1, "3 .* and 0 without")])
@pytest.mark.parametrize("weights", ["none", "balanced"])
def test_one_class_alone_is_refused(value, words, weights):
    with pytest.raises(InputError, match=f"forest: {words}"):
        class_weights(np.full(3, value, dtype=np.int8), weights, model="forest")


def test_unknown_weights_are_refused():
    with pytest.raises(InputError, match="class_weights is 'equal'; wanted one of none, balanced"):
        class_weights(np.array([0, 1], dtype=np.int8), "equal", model="forest")
