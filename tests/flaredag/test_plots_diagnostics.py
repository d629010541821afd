from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest

from flaredag.block_bootstrap import block_weights
from flaredag.diagnostics import diagnose
from flaredag.errors import InputError
from flaredag.plots import write_svg
from flaredag.plots_diagnostics import MOST_SERIES, diagnostics_figure, points_of

MODELS = ("lstm", "lstm.prior_shift", "climatology")


def tables(event_rate=0.3, models=MODELS, dataset="SHARP_ALL"):
    rng = np.random.default_rng(0)
    block = rng.integers(30, size=600)
    truth = np.clip(rng.beta(1, 1 / event_rate - 1, size=600), 1e-3, 1)
    label = (rng.random(600) < truth).astype(np.int8)
    forecasts = {"lstm": np.sqrt(truth), "climatology": np.full(600, event_rate)}
    weights = block_weights(30, resamples=20, seed=0)
    points, components = [], []
    for model in models:
        found, decomposition = diagnose(label, forecasts.get(model, truth), block, weights, level=0.95)
        points.append(found.assign(dataset=dataset, model=model))
        components.append({"dataset": dataset, "model": model, "blocks": "regions"} | decomposition)
    return pd.concat(points, ignore_index=True), pd.DataFrame(components)


def draw(points, components, models=MODELS, dataset="SHARP_ALL", mark=""):
    return diagnostics_figure(points, components, [(dataset, model) for model in models], title="Of SHARP", mark=mark)


def axes_named(figure, title):
    return next(axes for axes in figure.axes if axes.get_title() == title)


def all_texts(figure):
    texts = [text.get_text() for text in figure.texts]
    texts += [text.get_text() for axes in figure.axes for text in axes.texts]
    return texts + [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_every_curve_is_drawn_with_its_points():
    points, components = tables()
    figure = draw(points, components, mark="SIMULATED")
    reliability = axes_named(figure, "CORP reliability")
    drawn = reliability.lines[0].get_xydata()
    of_lstm = points_of(points, ("SHARP_ALL", "lstm"), "corp")
    # What lies on a flat stretch is left out; what is left is the same curve.
    np.testing.assert_allclose(np.interp(of_lstm["x"], drawn[:, 0], drawn[:, 1]), of_lstm["y"], atol=1e-12)
    assert len(drawn) < len(of_lstm)
    murphy = axes_named(figure, "Murphy diagram").lines
    assert len(murphy) == len(MODELS) + 1
    np.testing.assert_allclose(murphy[2].get_ydata(), points_of(points, ("SHARP_ALL", "climatology"), "murphy")["y"])
    assert len(axes_named(figure, "economic value").lines) == 2 * len(MODELS) + 1
    assert "SIMULATED" in all_texts(figure)


def test_the_note_says_what_was_resampled():
    points, components = tables()
    assert any("bounds by resampled regions;" in text for text in all_texts(draw(points, components)))
    of_days = components.assign(blocks="Carrington rotations")
    assert any("bounds by resampled Carrington rotations;" in text for text in all_texts(draw(points, of_days)))
    assert any(text.startswith("No bounds") for text in all_texts(draw(points, components.assign(blocks="none"))))


def test_a_legend_of_long_names_fits_the_width():
    names = ("logistic_regression_on_quantiles_of_all_records.prior_shift", "climatology")
    for models in (MODELS, names):
        figure = draw(*tables(models=models), models=models)
        figure.canvas.draw()
        extent = figure.legends[0].get_window_extent()
        assert extent.x0 >= 0
        assert extent.x1 <= figure.bbox.width


def test_the_legend_has_the_decomposition():
    points, components = tables()
    legend = "\n".join(text.get_text() for text in draw(points, components).legends[0].get_texts())
    assert "LSTM, prior shift" in legend
    shown = components[["brier_score", "miscalibration", "low_discrimination", "uncertainty"]]
    for value in shown.to_numpy().ravel():
        assert f"{value:.4f}" in legend


@pytest.mark.parametrize(("event_rate", "scale"), [(0.3, "linear"), (0.03, "log")])
def test_rare_events_have_a_logarithmic_axis(event_rate, scale):
    figure = draw(*tables(event_rate))
    assert axes_named(figure, "economic value").get_xscale() == scale
    assert axes_named(figure, "Murphy diagram").get_xscale() == scale


def test_a_value_that_is_cut_off_is_told():
    points, components = tables(0.03)
    lowest = points.loc[points["diagram"] == "value", "y"].min()
    assert lowest < -0.5
    figure = draw(points, components)
    assert axes_named(figure, "economic value").get_ylim()[0] == -0.5
    assert any(f"lowest, cut off: \N{MINUS SIGN}{-lowest:.1f}" in text for text in all_texts(figure))
    shifted = draw(points, components, models=["lstm.prior_shift"])
    assert not any("cut off" in text for text in all_texts(shifted))


def test_one_outcome_only_is_drawn():
    points, components = tables()
    value = points["diagram"].isin(["value", "potential_value"])
    points.loc[value, ["y", "low", "high"]] = np.nan
    figure = draw(points, components)
    assert np.isnan(axes_named(figure, "economic value").lines[0].get_ydata()).all()


def test_same_tables_same_bytes(tmp_path):
    points, components = tables()
    for name in ("a.svg", "b.svg"):
        write_svg(tmp_path / name, draw(points, components))
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("a.svg", "b.svg")}
    assert len(digests) == 1
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")


def test_two_data_sets_are_named():
    points, components = (pd.concat(parts) for parts in zip(tables(), tables(dataset="SMARP_ALL"), strict=True))
    figure = diagnostics_figure(points, components, [("SHARP_ALL", "lstm"), ("SMARP_ALL", "lstm")], title="", mark="")
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert [text.split("   ")[0] for text in legend[1:]] == ["SHARP_ALL LSTM", "SMARP_ALL LSTM"]


def test_what_is_not_there_is_refused():
    points, components = tables()
    with pytest.raises(InputError, match=r"no corp diagram of SHARP_ALL cnn; there are diagrams of SHARP_ALL lstm, "):
        draw(points, components, models=["cnn"])
    with pytest.raises(InputError, match=r"no decomposition of SHARP_ALL lstm"):
        draw(points, components.iloc[1:], models=["lstm"])
    for n in (0, MOST_SERIES + 1):
        with pytest.raises(InputError, match=rf"figure 'Of SHARP' has {n} series; wanted 1 to {MOST_SERIES}"):
            draw(points, components, models=["lstm"] * n)
