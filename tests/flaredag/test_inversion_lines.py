"""Polarity inversion lines on patches of a few pixels, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from flaredag.inversion_lines import inversion_line_features


def features(field, width=0.5, height=0.25):
    found = inversion_line_features([field], strong_gauss=30, pixel_width_deg=[width], pixel_height_deg=[height])
    return found["inversion_line_length"][0], found["inversion_line_gradient"][0]


def test_a_line_between_columns():
    # Two sides of 0.25 degrees; 200 G and 110 G over 0.5 degrees.
    length, gradient = features([[100.0, -100.0, 0.0], [50.0, -60.0, 0.0]])
    assert length == pytest.approx(0.5)
    assert gradient == pytest.approx((200 + 110) / 0.5 * 0.25)


def test_a_line_between_rows():
    # Two sides of 0.5 degrees; 200 G each over 0.25 degrees.
    length, gradient = features([[100.0, 100.0], [-100.0, -100.0]])
    assert length == pytest.approx(1.0)
    assert gradient == pytest.approx(400 / 0.25 * 0.5)


def test_an_island_has_its_whole_rim():
    field = np.full((3, 3), 40.0)
    field[1, 1] = -40.0
    length, gradient = features(field)
    assert length == pytest.approx(2 * 0.5 + 2 * 0.25)
    assert gradient == pytest.approx(80 * (2 * 0.25 / 0.5 + 2 * 0.5 / 0.25))


@pytest.mark.parametrize(
    "field",
    [
        [[100.0, 0.0, -100.0]],  # weak field between them
        [[100.0, 50.0]],  # one polarity
        [[30.0, -30.0]],  # not above the threshold
        [[100.0, np.nan, -100.0]],
        [[np.nan, np.nan]],
    ],
)
def test_no_line(field):
    assert features(field) == (0.0, 0.0)


FIELDS = hnp.arrays(np.float64, (2, 5, 6), elements=st.floats(-500, 500))


@given(field=FIELDS)
def test_neither_the_sign_nor_a_mirror_matters(field):
    sizes = {"pixel_width_deg": [0.5, 0.4], "pixel_height_deg": [0.3, 0.4]}
    found = inversion_line_features(field, strong_gauss=30, **sizes)
    for other in (-field, field[:, ::-1], field[:, :, ::-1]):
        turned = inversion_line_features(other, strong_gauss=30, **sizes)
        for name in found:
            np.testing.assert_allclose(turned[name], found[name])
    # A gradient of at least 60 G stands across each side; none is wider than 0.5 degrees.
    assert (found["inversion_line_gradient"] >= 60 * found["inversion_line_length"] / 0.5 - 1e-9).all()
