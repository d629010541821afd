"""What a study asks of its verification, and what the schema allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from flaredag.score_tables import CATEGORICAL_METRICS, THRESHOLDS
from flaredag.verification_settings import profiles_threshold, reliability_bins, score_tables, settings_of_profiles

SCHEMA = yaml.safe_load((Path(__file__).parents[2] / "rules" / "config.schema.yaml").read_text())
TABLE: dict[str, Any] = {"title": "Two.", "thresholds": ["validation", "best_on_test"], "metrics": ["precision"]}
FIGURE: dict[str, Any] = {"name": "m", "title": "M", "series": [{"dataset": "D", "model": "lstm"}]}


def faults(key: str, value: Any) -> list[str]:
    """What the schema has against a setting of a study."""
    schema = {"$defs": SCHEMA["$defs"], "properties": {key: SCHEMA["$defs"]["study"]["properties"][key]}}
    return [error.message for error in Draft202012Validator(schema).iter_errors({key: value})]


def test_a_study_that_says_nothing_has_ten_bins_and_no_table():
    assert reliability_bins({}) == 10
    assert reliability_bins({"verification": {"score_tables": [TABLE]}}) == 10
    assert score_tables({}) == score_tables({"verification": {"reliability_bins": 20}}) == []


def test_what_a_study_asks_for():
    study = {"verification": {"reliability_bins": 20, "score_tables": [TABLE]}}
    assert reliability_bins(study) == 20
    assert score_tables(study) == [TABLE]
    assert faults("verification", study["verification"]) == []
    of_probabilities = {"title": "Brier.", "metrics": ["brier_score"], "datasets": ["D"], "models": ["lstm"]}
    assert faults("verification", {"score_tables": [of_probabilities | {"reference_forecasts": True}]}) == []


def test_only_a_figure_of_profiles_has_them():
    assert settings_of_profiles(FIGURE) == settings_of_profiles(FIGURE | {"kind": "compared"}) == {}
    asked = FIGURE | {"kind": "profiles"}
    assert settings_of_profiles(asked) == {"profiles": {"series": FIGURE["series"], "threshold": "validation"}}
    assert profiles_threshold(asked | {"threshold": "best_on_test"}) == "best_on_test"


@pytest.mark.parametrize(
    ("verification", "told"),
    [
        ({"reliability_bins": 1}, "less than the minimum"),
        ({"reliability_bins": 7.5}, "not of type 'integer'"),
        ({"bins": 20}, "'bins' was unexpected"),
        ({"score_tables": [TABLE | {"thresholds": ["best"]}]}, "'best' is not one of"),
        ({"score_tables": [TABLE | {"metrics": ["recall"]}]}, "'recall' is not one of"),
        ({"score_tables": [TABLE | {"metrics": list(CATEGORICAL_METRICS)}]}, "is too long"),
        ({"score_tables": [{"title": "No."}]}, "'metrics' is a required property"),
        ({"score_tables": [{"title": "No.", "metrics": ["precision"]}]}, "'precision' is not one of"),
        ({"score_tables": [TABLE | {"models": ["lstm"]}]}, "'datasets' is a dependency of 'models'"),
    ],
)
def test_a_wrong_setting_is_refused(verification, told):
    (fault, *_) = faults("verification", verification)
    assert told in fault


def test_kinds_of_figures():
    assert faults("figures", [FIGURE, FIGURE | {"kind": "profiles"}, FIGURE | {"kind": "compared"}]) == []
    assert faults("figures", [FIGURE | {"kind": "profiles", "threshold": "best_on_test"}]) == []
    # A threshold is marked in profiles alone.
    assert faults("figures", [FIGURE | {"threshold": "validation"}]) == ["'kind' is a required property"]
    assert faults("figures", [FIGURE | {"kind": "compared", "threshold": "validation"}]) == ["'profiles' was expected"]
    assert "'rows' is not one of" in faults("figures", [FIGURE | {"kind": "rows"}])[0]


def test_the_schema_names_every_categorical_score_and_threshold():
    assert SCHEMA["$defs"]["categorical_metric"]["enum"] == list(CATEGORICAL_METRICS)
    assert SCHEMA["$defs"]["threshold"]["enum"] == list(THRESHOLDS)
