"""The first page of a verification: what it says of skill, calibration, value and leaks."""

import numpy as np
import pandas as pd
import pytest

from flaredag.artifacts import read_json
from flaredag.diagnostics import read_decomposition, read_diagnostics
from flaredag.forecast_scores import read_intervals
from flaredag.predictions import read_predictions
from flaredag.report_verification import Tables, facts, sections, summary
from made_up_forecasts import daily_forecasts, forecasts_of_regions, verified


def tables_of(folder) -> Tables:
    return Tables(
        intervals=read_intervals(folder / "intervals.csv"),
        comparisons=pd.read_csv(folder / "comparisons.csv"),
        diagnostics=read_diagnostics(folder / "diagnostics.csv"),
        decomposition=read_decomposition(folder / "decomposition.csv"),
        audit=pd.read_csv(folder / "audit.csv"),
    )


def words_of(tables: Tables) -> str:
    return " ".join(block["text"] for block in summary(tables, level=0.95) if "text" in block)


@pytest.fixture(scope="module")
def two_models(tmp_path_factory) -> Tables:
    return tables_of(verified(tmp_path_factory.mktemp("two"), daily_forecasts(models=("first_one", "b"))))


def changed(tables: Tables, **values: float) -> Tables:
    """The Brier skill score of every model, its bounds or what else, replaced."""
    intervals = tables.intervals.copy()
    intervals.loc[intervals["metric"] == "brier_skill_score", list(values)] = list(values.values())
    return tables._replace(intervals=intervals)


def test_skill_in_words(two_models):
    told = words_of(changed(two_models, value=0.4, low=0.1, high=0.6))
    assert "b, the best of 2 models, has skill against the constant forecast of the event rate" in told
    assert "Brier skill score 0.400 (95 % interval 0.100 to 0.600)." in told
    assert "may have skill or none against" in words_of(changed(two_models, value=0.4, low=-0.1, high=0.6))
    assert "is worse than the constant" in words_of(changed(two_models, value=-0.4, low=-0.9, high=-0.1))
    undefined = words_of(changed(two_models, value=0.4, low=np.nan, high=np.nan))
    assert "has no interval of its skill against" in undefined
    assert "Skill is undefined: only one outcome" in words_of(changed(two_models, value=np.nan))


def test_calibration_in_words_and_in_skill(two_models):
    decomposition = two_models.decomposition.copy()
    columns = ["miscalibration", "discrimination", "uncertainty", "low_miscalibration", "high_miscalibration"]
    decomposition[columns] = [0.02, 0.05, 0.1, 0.01, 0.03]
    told = words_of(two_models._replace(decomposition=decomposition))
    assert "Miscalibration costs it 0.200 of skill (95 % interval, less the overfit of the fit, 0.100 to 0.300)" in told
    assert "cannot be taken at their word. Perfectly recalibrated: 0.500." in told
    decomposition["low_miscalibration"] = 0.0
    assert "no more than chance may do" in words_of(two_models._replace(decomposition=decomposition))


def test_value_in_words(two_models):
    points = two_models.diagnostics.copy()
    of_value = points["diagram"] == "value"
    x = points.loc[of_value, "x"]
    points.loc[of_value, "y"] = np.where((x > 0.095) & (x < 0.405), 0.3, -2.0)
    told = words_of(two_models._replace(diagnostics=points))
    assert "where protection costs between 0.1 and 0.4 of the loss; elsewhere they may lose" in told
    points.loc[of_value, "y"] = -1.0
    assert "it serves no user better than climatology" in words_of(two_models._replace(diagnostics=points))


def test_leaks_come_first(tmp_path):
    leaking = summary(tables_of(verified(tmp_path / "leak", forecasts_of_regions(leak=True))), level=0.95)
    assert leaking[0]["kind"] == "warning"
    assert any("region in two splits" in item for item in leaking[0]["items"])
    clean = summary(tables_of(verified(tmp_path / "clean", forecasts_of_regions(leak=False))), level=0.95)
    assert clean[0]["kind"] == "answer"
    assert "no leak, and nothing to be reported" in clean[-1]["text"]


def test_facts(tmp_path):
    folder = verified(tmp_path, forecasts_of_regions(leak=False))
    forecasts = read_predictions(folder / "predictions.nc")
    source = read_json(folder / "source.json")
    told = dict(facts(forecasts, source["file"], source["sha256"], read_intervals(folder / "intervals.csv")))
    assert told["Forecasts"] == "100 train, 100 validation, 200 test"
    assert told["Test samples"] == "200 of 20 regions"
    assert told["Issued"] == "2012-01-21 to 2013-02-03"
    assert told["Models"] == "1: mine"
    assert told["Intervals by"] == "20 regions, drawn whole"


def test_sections_have_every_figure_once_and_notes(two_models):
    made = sections(two_models, ["A note."], ["a.svg", "b.svg", "c.svg"], level=0.95)
    blocks = [block for section in made for block in section["blocks"]]
    assert sorted(block["file"] for block in blocks if block["kind"] == "figure") == ["a.svg", "b.svg", "c.svg"]
    assert {"kind": "paragraph", "text": "A note."} in blocks
    titles = [section["title"] for section in made]
    assert titles[3] == "The best against the others"
    alone = two_models._replace(comparisons=two_models.comparisons.iloc[:0])
    assert "The best against the others" not in [
        each["title"] for each in sections(alone, [], ["", "", ""], level=0.95)
    ]
