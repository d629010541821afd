"""Sets of members as the configuration describes them."""

import copy
from pathlib import Path

import pytest
import yaml

from flaredag import combinations
from flaredag.errors import InputError

CONFIG = {
    "combinations": {
        "one": {
            "window_hours": 24,
            "flare_list": "swpc",
            "sources": {
                "given": {"kind": "table", "file": "a.csv", "event": "M1.0", "time_column": "t"},
                "centre": {
                    "kind": "bulletins",
                    "listed_flares": "f.txt",
                    "members": {"A": {"file": "b.txt"}, "B": {"file": "b.txt"}},
                },
                "ours": {"kind": "full_disk", "study": "s", "disk": "D", "seed": 3},
            },
            "sets": {
                "FIRST": {"event": "M1.0", "sources": ["ours", "given"]},
                "SECOND": {"event": "X1.0", "sources": ["centre"]},
            },
        }
    }
}
STUDIES = {
    "s": {
        "full_disk": {"D": {"made_from": "T", "flares": "f", "issue_hour": 0, "max_age_hours": 12}},
        "datasets": {"T": {}},
        "labels": {"horizon_hours": 24, "strong_class": "M1.0"},
        "windows": {"cadence_minutes": 96},
    }
}


def changed(**of_one) -> dict:
    config = copy.deepcopy(CONFIG)
    config["combinations"]["two"] = copy.deepcopy(CONFIG["combinations"]["one"]) | of_one
    return config


def test_a_set_has_its_sources_in_its_own_order_and_what_is_common():
    sets = combinations.described_sets(CONFIG)
    assert list(sets) == ["FIRST", "SECOND"]
    assert list(sets["FIRST"]["sources"]) == ["ours", "given"]
    assert {key: sets["SECOND"][key] for key in ("combination", "window_hours", "flare_list", "event")} == {
        "combination": "one",
        "window_hours": 24,
        "flare_list": "swpc",
        "event": "X1.0",
    }
    assert combinations.source_names(sets, combinations.FULL_DISK) == ["ours"]
    assert combinations.source_names(sets, combinations.CLASSES) == []
    assert combinations.sources_of_kinds(sets["FIRST"], combinations.TABLE) == ["given"]


def test_files_of_sources_each_once():
    sources = CONFIG["combinations"]["one"]["sources"]
    assert combinations.files_of_source(sources["given"]) == ["a.csv"]
    assert combinations.files_of_source(sources["centre"]) == ["b.txt", "f.txt"]
    assert combinations.files_of_source(sources["ours"]) == []


def test_what_a_set_forecasts():
    sets = combinations.described_sets(CONFIG)
    event = {"least_class": "X1.0", "below_class": "", "window_hours": 24}
    assert combinations.event_of_set(sets["SECOND"]) == event
    assert combinations.event_of_set(sets["SECOND"] | {"below": "X10.0"}) == event | {"below_class": "X10.0"}


def test_how_a_table_is_read():
    sets = combinations.described_sets(CONFIG)
    assert combinations.settings_of_table(sets["FIRST"], "given") == {
        "event": "M1.0",
        "time_column": "t",
        "window_hours": 24,
    }


def test_forecasts_of_the_disk_of_a_study_that_runs():
    source = CONFIG["combinations"]["one"]["sources"]["ours"]
    assert combinations.disk_of_source(source, STUDIES) == {
        "source": "s D",
        "seed": 3,
        "window_hours": 24,
        "event": "M1.0",
    }
    with pytest.raises(InputError, match=r"source s D: no such forecasts .*Choose the study \(studies=s\)"):
        combinations.disk_of_source(source, {"other": STUDIES["s"]})
    with pytest.raises(InputError, match="source s E: no such forecasts"):
        combinations.disk_of_source(source | {"disk": "E"}, STUDIES)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, r"combinations\.two\.sets\.FIRST: one has a set of this name"),
        (
            {"sets": {"THIRD": {"event": "M1.0", "sources": ["given", "nobody"]}}},
            "no source nobody; described are given",
        ),
    ],
)
def test_sets_that_cannot_be_are_refused(change, words):
    with pytest.raises(InputError, match=words):
        combinations.described_sets(changed(**change))


def test_a_source_of_two_kinds_is_refused():
    other = {"given": {"kind": "classes", "file": "c.txt"}}
    sets = combinations.described_sets(changed(sources=other, sets={"THIRD": {"event": "M1.0", "sources": ["given"]}}))
    with pytest.raises(InputError, match="source given is of several kinds"):
        combinations.source_names(sets, combinations.TABLE)


def test_the_sets_of_this_repository_name_published_files():
    root = Path(__file__).parents[2]
    sets = combinations.described_sets(yaml.safe_load((root / "config.yaml").read_text()))
    manifest = yaml.safe_load((root / "rules" / "published_sources.yaml").read_text())["sources"]
    published = {file["name"] for source in manifest.values() for file in source["files"]}
    for described in sets.values():
        for source in described["sources"].values():
            assert set(combinations.files_of_source(source)) <= published
