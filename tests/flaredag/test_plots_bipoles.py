"""Figure of synthetic bipoles: rows of maps and the sweep."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.plots import write_svg
from flaredag.plots_bipoles import SWEPT, bipoles_figure
from made_up_explanations import METHODS, bipoles

SINGLE = tuple(method for method in METHODS if not method.endswith(".first"))
AMPLITUDES, SEPARATIONS, TILTS = (500.0, 1500.0, 3000.0), (2.0, 4.0, 8.0), (-45.0, 0.0, 10.0, 30.0)


def sweep() -> pd.DataFrame:
    """Two networks, one of them 0.2 more probable than the other, in a shuffled order."""
    rows = [
        (amplitude, separation, tilt, (amplitude / 3000 + separation / 8) / 4 + 0.2 * seed, seed)
        for amplitude, separation, tilt, seed in product(AMPLITUDES, SEPARATIONS, TILTS, (0, 1))
    ]
    return pd.DataFrame(rows, columns=[*SWEPT, "probability", "seed"]).sample(frac=1.0, random_state=1)


def test_rows_are_named_and_the_sweep_is_the_mean_over_networks():
    figure = bipoles_figure(bipoles(methods=SINGLE), sweep(), mark="SIMULATED")
    texts = [text.get_text() for text in figure.texts]
    assert texts[0].startswith("a   $B_0$ = 500 G, separation 2°, tilt 0° · probability 0.02, mean over networks 0.01")
    assert "tilt \N{MINUS SIGN}45°" in texts[3]
    assert texts[-1] == "SIMULATED"
    panels = figure.axes[4 * (1 + len(SINGLE)) :]
    assert [axes.get_title() for axes in panels[:4]] == ["tilt \N{MINUS SIGN}45°", "tilt 0°", "tilt 10°", "tilt 30°"]
    # (500 / 3000 + 2 / 8) / 4 + 0.1 in the lower left, (1 + 1) / 4 + 0.1 in the upper right.
    grid = np.asarray(panels[1].images[0].get_array())
    assert grid[0, 0] == pytest.approx((1 / 6 + 1 / 4) / 4 + 0.1)
    assert grid[-1, -1] == pytest.approx(0.6)
    assert panels[1].images[0].origin == "lower"


def test_letters_stand_where_the_explained_bipoles_are_in_the_sweep():
    figure = bipoles_figure(bipoles(methods=SINGLE), sweep(), mark="")
    found = {}
    for axes in figure.axes:
        for text in axes.texts:
            if len(text.get_text()) == 1:
                x, y = map(round, text.get_position())
                found[text.get_text()] = axes.get_title(), AMPLITUDES[y], SEPARATIONS[x]
    assert found == {
        "a": ("tilt 0°", 500.0, 2.0),
        "b": ("tilt 10°", 1500.0, 4.0),
        "c": ("tilt 30°", 3000.0, 4.0),
        "d": ("tilt \N{MINUS SIGN}45°", 3000.0, 8.0),
    }


def test_it_is_said_when_no_bipole_is_called_flaring():
    for any_flaring in (True, False):
        figure = bipoles_figure(bipoles(any_flaring=any_flaring), sweep(), mark="")
        said = [text.get_text() for text in figure.texts if "above 0.5" in text.get_text()]
        assert bool(said) is not any_flaring


def test_one_bipole_and_one_method_are_drawn(tmp_path):
    swept = sweep().query("amplitude_gauss == 500 and separation_deg == 2 and tilt_deg == 0")
    figure = bipoles_figure(bipoles(n=1, methods=("occlusion",)), swept, mark="")
    titles = [axes.get_title() for axes in figure.axes]
    assert {"Magnetogram", "Occlusion"} <= set(titles)
    write_svg(tmp_path / "one.svg", figure)
    assert (tmp_path / "one.svg").read_text().startswith("<?xml")


def test_nothing_to_draw_is_an_error():
    with pytest.raises(InputError, match="no explained bipole"):
        bipoles_figure(bipoles(), sweep().iloc[:0], mark="")
    with pytest.raises(InputError, match="no explained bipole"):
        bipoles_figure(bipoles(n=0), sweep(), mark="")
