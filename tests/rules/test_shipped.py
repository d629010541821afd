"""The rules on what a paper's authors shipped: from the mirror to the scores, and each alone."""

import hashlib

import pandas as pd
import pytest
import yaml

import made_up_shipped as made_up
from flaredag.artifacts import sha256_of_file
from flaredag.shipped_results import read_named_columns, read_shipped_scores
from flaredag.tables import write_records

STUDY = "sharp12min"
FOLDER = f"results/published/{STUDY}"
CURATED = [f"{FOLDER}/shipped_{name}.csv" for name in ("forecasts", "columns")]
SCORES = f"{FOLDER}/shipped_scores.csv"
RULES = ("retrieve_shipped", "curate_shipped", "verify_shipped")


@pytest.fixture
def with_shipped(project):
    """A project with made-up shipped tables in its mirror, and a curated table of SHARP keywords."""
    tables = {"liu/samples.csv": made_up.samples(), "liu/forecasts.csv": made_up.forecasts()}
    files = []
    for name, table in tables.items():
        path = project.path(f"mirror/{name}")
        made_up.written(path, table)
        content = path.read_bytes()
        files.append(
            {"name": name, "address": "", "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        )
    manifest = project.path("rules/published_sources.yaml")
    content = yaml.safe_load(manifest.read_text())
    content["sources"]["liu2019_lstm"]["files"] = files
    del content["sources"]["deepflarepred_cases"]
    manifest.write_text(yaml.safe_dump(content))
    made_up.written_facts(project.path("rules/papers/liu2019_lstm.yaml"), made_up.facts())
    made_up.written(project.path("rules/keyword_magnitudes.csv"), made_up.sizes())
    path = project.path("results/published/sharp_table/sharp.nc")
    path.parent.mkdir(parents=True)
    write_records(path, made_up.records(), instrument="sharp")

    def change(config):
        config["study"][STUDY]["shipped"] = "liu2019_lstm"
        config["verification"]["resamples"] = 100

    project.configure(change)
    return project


def settings(rules) -> tuple[str, ...]:
    return ("--config", "archive=published", "mirror=mirror", f"studies={STUDY}", "--allowed-rules", *rules, "--")


def test_the_rules_on_shipped_files_alone_make_the_same_bytes_again(with_shipped):
    project = with_shipped
    assert project.run(*settings(RULES), *CURATED, SCORES) == sorted(RULES)
    assert read_named_columns(project.path(CURATED[1]))["keyword"].tolist() == ["USFLUX", "R_VALUE", "TOTUSJH"]
    scores = read_shipped_scores(project.path(SCORES)).set_index("metric")
    # 8 of 10 events hit, 5 of 50 others called, all events in one of two regions.
    assert scores.loc["true_skill_statistic", "value"] == pytest.approx(0.8 - 0.1)
    assert scores.loc["true_skill_statistic", "n_regions"] == 2
    before = {path: sha256_of_file(project.path(path)) for path in (*CURATED, SCORES)}
    for rule, outputs in (("curate_shipped", CURATED), ("verify_shipped", [SCORES])):
        for path in outputs:
            project.path(path).unlink()
        assert project.run(*settings([rule]), *outputs) == [rule]
    assert {path: sha256_of_file(project.path(path)) for path in before} == before


def test_columns_that_are_swapped_stop_the_rule_without_a_traceback(with_shipped):
    project = with_shipped
    path = project.path("results/published/raw/liu/forecasts.csv")
    table = made_up.forecasts()
    made_up.written(path, table[[*table.columns[:-2], "TOTUSJH", "USFLUX"]])
    made_up.written(path.parent / "samples.csv", made_up.samples())
    result = project.attempt(*settings(["curate_shipped"]), *CURATED)
    assert result.returncode != 0
    assert "in another order (8: TOTUSJH for USFLUX" in result.stdout
    assert "Traceback" not in result.stdout
    assert not any(project.path(name).exists() for name in CURATED)


def test_a_study_whose_authors_shipped_nothing_has_tables_without_rows(with_shipped):
    project = with_shipped
    project.configure(lambda config: config["study"][STUDY].pop("shipped"))
    assert project.run(*settings(RULES), *CURATED, SCORES) == ["curate_shipped", "verify_shipped"]
    assert all(pd.read_csv(project.path(path)).empty for path in (*CURATED, SCORES))
