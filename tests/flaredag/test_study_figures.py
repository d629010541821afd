"""Figures that a study describes: their series, what remains of them, what the report takes, what the schema allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from flaredag.study_figures import (
    TRAINING_CURVES,
    TRAINING_REGIONS,
    figures_of_kinds,
    remaining_figure,
    series_of_figure,
    shown_in_section,
    training_curves_asked,
)

SCHEMA = yaml.safe_load((Path(__file__).parents[2] / "rules" / "config.schema.yaml").read_text())
COMPARED: dict[str, Any] = {"name": "m", "title": "M", "series": [{"dataset": "D", "model": "lstm"}]}
CURVES: dict[str, Any] = {"name": "training_curves", "title": "Losses.", "kind": TRAINING_CURVES, "dataset": "D"}
CURVES |= {"models": ["net", "net_by_brier_score"]}
PANELS = [{"metric": "true_skill_statistic", "model": "net"}, {"metric": "brier_skill_score", "model": "other"}]
REGIONS: dict[str, Any] = {"name": "training_regions", "title": "Regions", "kind": TRAINING_REGIONS}
REGIONS |= {"datasets": ["D", "LESS"], "panels": PANELS}
STUDY = {"figures": [COMPARED, CURVES, REGIONS]}


def faults(figure: dict[str, Any]) -> list[str]:
    schema = {"$defs": SCHEMA["$defs"]} | SCHEMA["$defs"]["study"]["properties"]["figures"]
    return [error.message for error in Draft202012Validator(schema).iter_errors([figure])]


def test_series_of_each_kind():
    assert series_of_figure(COMPARED) == COMPARED["series"]
    assert series_of_figure(CURVES) == [{"dataset": "D", "model": name} for name in CURVES["models"]]
    assert series_of_figure(REGIONS) == [
        {"dataset": dataset, "model": model} for dataset in ("D", "LESS") for model in ("net", "other")
    ]


def test_what_remains_of_each_kind():
    def without_net(one):
        return one["model"] not in ("net", "lstm")

    assert remaining_figure(COMPARED, without_net)["series"] == []
    assert remaining_figure(CURVES, without_net)["models"] == ["net_by_brier_score"]
    assert remaining_figure(REGIONS, without_net) == REGIONS | {"panels": PANELS[1:]}
    fewer = REGIONS | {"datasets": ["D", "LESS", "LEAST"]}
    assert remaining_figure(fewer, lambda one: one["dataset"] != "D") == REGIONS | {"datasets": ["LESS", "LEAST"]}
    # One data set is no comparison.
    assert series_of_figure(remaining_figure(REGIONS, lambda one: one["dataset"] != "D")) == []
    assert series_of_figure(remaining_figure(REGIONS, lambda _: False)) == []


def test_the_report_takes_what_its_tables_are_made_from():
    assert shown_in_section(COMPARED) == {"name": "m", "title": "M"}
    curves = shown_in_section(CURVES)
    assert curves[TRAINING_CURVES] == {"dataset": "D", "models": CURVES["models"]}
    assert curves["title"].startswith("Losses. Losses and validation TSS by epoch, a line a seed, on D")
    assert "kept by net and net by brier score" in curves["title"]
    assert shown_in_section(REGIONS)[TRAINING_REGIONS] == {"datasets": ["D", "LESS"], "panels": PANELS}


def test_curves_are_asked_for_once_a_model_and_data_set():
    other = CURVES | {"models": ["net", "third"]}
    asked = training_curves_asked({"figures": [COMPARED, CURVES, other, REGIONS, CURVES | {"dataset": "E"}]})
    assert asked == {"D": ["net", "net_by_brier_score", "third"], "E": ["net", "net_by_brier_score"]}
    assert training_curves_asked({"figures": [COMPARED]}) == {}
    assert figures_of_kinds(STUDY, [TRAINING_CURVES]) == [CURVES]


@pytest.mark.parametrize("figure", [COMPARED, CURVES, REGIONS, CURVES | {"name": "training_curves_2"}])
def test_the_schema_allows_each_kind(figure):
    assert faults(figure) == []


@pytest.mark.parametrize(
    "figure",
    [
        COMPARED | {"name": "training_m"},
        COMPARED | {"models": ["net"]},
        CURVES | {"name": "losses"},
        CURVES | {"series": COMPARED["series"]},
        {key: value for key, value in CURVES.items() if key != "dataset"},
        REGIONS | {"name": "training_curves"},
        REGIONS | {"datasets": ["D"]},
        REGIONS | {"panels": [{"metric": "recall", "model": "net"}]},
        REGIONS | {"threshold": "validation"},
    ],
)
def test_what_is_of_another_kind_is_refused(figure):
    assert faults(figure)
