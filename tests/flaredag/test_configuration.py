from pathlib import Path

import pytest
import yaml

from flaredag.archive_files import ArchiveFiles
from flaredag.configuration import (
    archive_in_report,
    artifacts_of_archive,
    check_study,
    chosen_effort,
    chosen_studies,
    figure_settings,
    figures_of,
    settings_of_datasets,
    study_in_report,
)
from flaredag.errors import InputError
from flaredag.sources import read_manifest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


@pytest.fixture
def study(config):
    return config["study"]["sun2022"]


def test_the_effort_is_that_of_the_archive_unless_named(config):
    assert chosen_effort(config) == "quick"
    assert chosen_effort(config | {"archive": "published"}) == "paper"
    assert chosen_effort(config | {"effort": "paper"}) == "paper"


def test_studies_are_a_list_or_names_joined_by_commas(config):
    config["study"]["other"] = config["study"]["sun2022"]
    assert chosen_studies(config) == ["sun2022"]
    assert chosen_studies(config | {"studies": "other,sun2022"}) == ["other", "sun2022"]
    with pytest.raises(InputError, match="no study sun2023; the configuration describes sun2022, other"):
        chosen_studies(config | {"studies": "sun2023,sun2022"})


def test_the_study_of_the_repository_is_sound(study):
    check_study("sun2022", study)


def use_dataset(study):
    study["figures"][0]["series"][0]["dataset"] = "SHARP"


def use_model(study):
    study["comparisons"][1]["pairs"][0]["b"]["model"] = "cnn"


def use_headline(study):
    study["headline"]["baseline"] = "cnn"


def use_instrument(study):
    study["datasets"]["FUSED_SHARP"]["added_to_training"] = ["mdi"]


def forget_quality(study):
    del study["selection"]["quality_below"]["smarp"]


def label_twice(study):
    study["labels"]["negative"].append("QUIET->STRONG")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (use_dataset, "study sun2022: no data set SHARP; it has SHARP_ONLY, FUSED_SHARP, SMARP_ONLY, FUSED_SMARP"),
        (use_model, "no model cnn; it has lstm, logistic_regression"),
        (use_headline, "no model cnn"),
        (use_instrument, "no instrument mdi; it has sharp, smarp"),
        (forget_quality, "no instrument smarp; it has sharp"),
        (label_twice, "QUIET->STRONG is positive and negative"),
    ],
)
def test_keys_that_contradict_each_other_are_told(study, change, words):
    change(study)
    with pytest.raises(InputError, match=words):
        check_study("sun2022", study)


def test_figures_end_with_the_overview_of_all(study):
    assert figures_of(study) == ["sharp", "smarp", "overview"]
    assert figure_settings(study, "smarp") == study["figures"][1]
    assert figure_settings(study, "overview") is None


def test_settings_of_a_data_set_hold_those_of_the_splits(study):
    assert settings_of_datasets(study)["FUSED_SMARP"] == {
        "evaluated": "smarp",
        "added_to_training": ["sharp"],
        "test_fraction": 0.2,
        "validation_fraction": 0.2,
        "undersampled": ["train", "validation", "test"],
        "standardisation": "global",
    }


def test_leaks_are_told_while_their_settings_are_there(study):
    leaks = [leak["text"] for leak in study["declared_leaks"]]
    assert study_in_report("sun2022", study)["declared_leaks"] == leaks
    study["splits"]["standardisation"] = "train"
    assert study_in_report("sun2022", study)["declared_leaks"] == leaks[1:]
    study["splits"]["undersampled"] = ["train"]
    assert study_in_report("sun2022", study)["declared_leaks"] == []


def test_the_report_has_a_caption_for_each_figure_and_names_the_study(study):
    told = study_in_report("sun2022", study)
    assert told["name"] == "sun2022"
    assert len(told["figures"]) == len(figures_of(study))
    assert told["comparisons"][0] == {"name": "table7", "title": study["comparisons"][0]["title"]}


def test_the_report_names_the_sources_of_an_archive(config):
    sources = list(read_manifest(ROOT / "rules" / "published_sources.yaml").values())
    told = archive_in_report("published", config["archives"]["published"], sources, ["coverage"])
    assert told["simulated"] is False
    assert [figure["name"] for figure in told["figures"]] == ["coverage"]
    assert told["sources"][0]["licence"] == "MIT"
    assert told["sources"][0]["address"].endswith("/datasets")
    assert archive_in_report("embedded", config["archives"]["embedded"], [], [])["sources"] == []


def test_artifacts_say_what_they_were_made_from(study):
    files = ArchiveFiles(shards=["t"], raw={"k": ["raw"]}, curated={"tables": ["r/a/tables/t.nc"]})
    rows = {row["path"]: row for row in artifacts_of_archive("r/a", files, {"s": study})}
    assert rows["raw"] == {"path": "raw", "made_from": [], "seeds": []}
    assert rows["r/a/tables/t.nc"]["made_from"] == ["raw"]
    assert rows["r/a/coverage.csv"]["made_from"] == ["r/a/tables/t.nc"]
    assert rows["r/a/overlap/factors.csv"]["made_from"] == ["r/a/tables/t.nc"]
    assert "r/a/coverage.csv" in rows["r/a/figures/coverage.svg"]["made_from"]
    assert "r/a/figures/magnetograms.svg" not in rows
    assert rows["r/a/s/windows.nc"] == {"path": "r/a/s/windows.nc", "made_from": ["r/a/tables/t.nc"], "seeds": []}
    assert rows["r/a/s/datasets.nc"]["made_from"] == ["r/a/s/windows.nc"]
    assert rows["r/a/s/datasets.nc"]["seeds"] == study["seeds"]
    assert rows["r/a/s/figures/overview.svg"]["made_from"] == ["r/a/s/curves.csv", "r/a/s/scores.csv"]
    assert rows["r/a/s/predictions/FUSED_SMARP.csv"]["made_from"] == ["r/a/s/fits.csv"]
    # What one was made from is itself an artifact.
    assert {path for row in rows.values() for path in row["made_from"]} <= rows.keys()
