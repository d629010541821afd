from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.artifacts import write_csv
from flaredag.block_bootstrap import block_weights
from flaredag.diagnostics import (
    DECOMPOSITION_COLUMNS,
    DIAGNOSTIC_COLUMNS,
    DIAGRAMS,
    diagnose,
    read_decomposition,
    read_diagnostics,
)
from flaredag.errors import InputError

LABEL = np.array([0, 1, 0, 1], dtype=np.int8)
PROBABILITY = np.array([0.1, 0.2, 0.4, 0.9])
NO_WEIGHTS = np.zeros((0, 1), dtype=np.float32)


def diagnosed(label=LABEL, probability=PROBABILITY, *, n_regions=4, resamples=50):
    block = np.arange(len(label)) % n_regions
    return diagnose(label, probability, block, block_weights(n_regions, resamples=resamples, seed=1), level=0.9)


def of(points, diagram):
    return points[points["diagram"] == diagram].reset_index(drop=True)


def test_points_by_hand():
    points, decomposition = diagnosed()
    assert list(dict.fromkeys(points["diagram"])) == list(DIAGRAMS)
    corp = of(points, "corp")
    assert corp["x"].tolist() == [0.1, 0.2, 0.4, 0.9]
    assert corp["y"].tolist() == [0, 0.5, 0.5, 1]
    histogram = of(points, "histogram")
    assert histogram["n"].sum() == 4
    assert histogram.loc[histogram["n"] > 0, "x"].to_numpy() == pytest.approx([0.125, 0.225, 0.425, 0.925])
    assert histogram["y"].sum() == 1
    # At 1/2 one of two events is missed: .5 / 4 of the loss twice; climatology misses both, or warns of all.
    at_half = points[points["x"] == 0.5].set_index("diagram")["y"]
    assert at_half["murphy"] == pytest.approx(0.25)
    assert at_half["murphy_of_climatology"] == pytest.approx(0.5)
    assert at_half["value"] == pytest.approx(0.5)
    assert at_half["potential_value"] == pytest.approx(0.5)
    assert set(of(points, "value")["n"]) == {4}
    brier = (0.01 + 0.64 + 0.16 + 0.01) / 4
    assert decomposition["brier_score"] == pytest.approx(brier)
    sum_of_components = -decomposition["discrimination"] + decomposition["miscalibration"] + 0.25
    assert sum_of_components == pytest.approx(brier)


def test_bounds_hold_the_figure_of_many_regions():
    rng = np.random.default_rng(0)
    probability = rng.random(3000)
    label = (rng.random(3000) < probability).astype(np.int8)
    points, decomposition = diagnosed(label, probability, n_regions=100, resamples=200)
    for diagram in ("value", "murphy", "murphy_of_climatology"):
        own = of(points, diagram)
        held = (own["low"] <= own["y"] + 1e-12) & (own["y"] <= own["high"] + 1e-12)
        assert held.mean() > 0.95, diagram
        assert (own["high"] - own["low"] > 0).mean() > 0.9
    corp = of(points, "corp")
    corp = corp[(corp["x"] > 0.1) & (corp["x"] < 0.9)]
    assert ((corp["low"] <= corp["y"]) & (corp["y"] <= corp["high"])).all()
    assert (corp["low"] < corp["high"]).all()
    assert 0 <= decomposition["low_miscalibration"] < decomposition["high_miscalibration"]
    assert decomposition["low_discrimination"] < decomposition["discrimination"] < decomposition["high_discrimination"]


def test_without_resamples_there_are_no_bounds():
    points, decomposition = diagnose(LABEL, PROBABILITY, np.zeros(4, dtype=np.int64), NO_WEIGHTS, level=0.9)
    assert points[["low", "high"]].isna().all(axis=None)
    assert points["y"].notna().all()
    assert [name for name, value in decomposition.items() if np.isnan(value)] == list(DECOMPOSITION_COLUMNS[-4:])


@pytest.mark.parametrize("outcome", [0, 1])
def test_one_class_only_has_no_value(outcome):
    points, decomposition = diagnosed(np.full(4, outcome, dtype=np.int8))
    assert of(points, "value")[["y", "low", "high"]].isna().all(axis=None)
    assert of(points, "corp")["y"].tolist() == [outcome] * 4
    assert decomposition["uncertainty"] == 0


def test_tables_are_read_as_they_were_written(tmp_path):
    points, decomposition = diagnosed()
    points = points.assign(dataset="D", model="m")[list(DIAGNOSTIC_COLUMNS)]
    components = pd.DataFrame([{"dataset": "D", "model": "m", "blocks": "regions"} | decomposition])
    components = components[list(DECOMPOSITION_COLUMNS)]
    write_csv(tmp_path / "d.csv", points, float_format="%.17g")
    write_csv(tmp_path / "c.csv", components, float_format="%.17g")
    got = read_diagnostics(tmp_path / "d.csv")
    pd.testing.assert_frame_equal(got, points.astype({"n": float}), check_dtype=False)
    pd.testing.assert_frame_equal(read_decomposition(tmp_path / "c.csv"), components, check_dtype=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dataset,model,diagram,x,y,low,high\nD,m,corp,0,0,0,0\n", "column n missing"),
        ("dataset,model,diagram,x,y,low,high,n\n", "holds no row"),
        ("dataset,model,diagram,x,y,low,high,n\nD,m,corp,high,0,0,0,1\n", "column x: record 1 is 'high'"),
        ("dataset,model,diagram,x,y,low,high,n\nD,m,roc,0,0,0,0,1\n", "unknown diagram roc; known are corp"),
        ("", "not readable as CSV"),
    ],
)
def test_bad_diagnostics_are_refused(tmp_path, text, message):
    (tmp_path / "d.csv").write_text(text)
    with pytest.raises(InputError, match=rf"d.csv: .*{message}"):
        read_diagnostics(tmp_path / "d.csv")


def test_a_bad_decomposition_is_refused(tmp_path):
    (tmp_path / "c.csv").write_text("dataset,model\nD,m\n")
    with pytest.raises(InputError, match=r"c.csv: column blocks, brier_score, .* missing"):
        read_decomposition(tmp_path / "c.csv")
