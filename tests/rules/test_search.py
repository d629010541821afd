"""The rules of hyperparameter searches on a tiny study: what runs, what runs again, what is refused and is removed."""

import json
import re
import shutil

import pytest
import yaml

from flaredag.artifacts import sha256_of_file
from flaredag.pruning import SEARCHES, prune
from flaredag.search_tables import read_searches
from flaredag.search_trials import read_trials
from tiny_project import make_searching

STUDY = "results/embedded/sun2022"
TABLE, OPTIMA, FIGURE = (f"{STUDY}/{name}" for name in ("searches.csv", "optima.yaml", "figures/search_small.svg"))
ALL = [TABLE, OPTIMA, FIGURE]
RULES = ["list_searches", "plot_search", "search_hyperparameters", "write_optima"]


def digests(project, paths):
    return {path: sha256_of_file(project.path(path)) for path in paths}


def test_a_search_is_made_resumed_used_and_pruned(finished_copy, monkeypatch):
    project = finished_copy
    project.configure(make_searching)
    made_up = "results/store/searches/0123456789abcdef/fedcba9876543210/trials.csv"
    refused = project.attempt("--", made_up)
    assert refused.returncode != 0
    assert "no study of this configuration asks for such a fit" in refused.stdout

    # Of a finished study, nothing but the search is made.
    assert project.run("--", *ALL) == RULES
    table = read_searches(project.path(TABLE))
    assert table["setting"].tolist() == ["hidden_size", "learning_rate", "max_epochs"]
    assert table["configured"].tolist() == ["8", "0.001", "6"]
    assert (table["n_trials"] == 3).all()
    (folder,) = set(table["path"])
    trials = read_trials(project.path(f"{folder}/trials.csv"))
    assert len(trials) == 3
    assert table["optimum_score"].tolist() == pytest.approx([trials["score"].max()] * 3)
    optima = yaml.safe_load(project.path(OPTIMA).read_text())["study"]["sun2022"]
    own = optima["datasets"]["SHARP_ONLY"]["model_settings"]["lstm"]
    assert list(map(str, own.values())) == table.set_index("setting")["optimum"].loc[list(own)].tolist()
    provenance = json.loads(project.path(f"{folder}/provenance.json").read_text())
    assert provenance["made_from"]["seeds"] == [0, 1]

    # Nothing changed, nothing runs; what is missing is made again, the same.
    assert project.run("--", *ALL) == []
    before = digests(project, ALL)
    shutil.rmtree(project.path(folder))
    for path in ALL:
        project.path(path).unlink()
    assert project.run("--", *ALL) == RULES
    assert digests(project, ALL) == before

    # With its optima over the configuration nothing is searched, and the model is another where it is.
    with_optima = ["--configfile", OPTIMA, "--"]
    plan = project.attempt("--dry-run", *with_optima, "results/report.pdf")
    assert plan.returncode == 0, plan.stdout
    assert "search_hyperparameters" not in plan.stdout
    if (table["optimum_trial"] > 0).all():
        assert re.search(r"^fit_networks +1$", plan.stdout, re.MULTILINE)

    # The report shows them, and its manifest names them.
    ran = project.run("--", "results/report.pdf")
    assert ran == ["write_report"]
    rows = {row["path"]: row for row in json.loads(project.path("results/manifest.json").read_text())["artifacts"]}
    assert {f"{folder}/{name}" for name in ("trials.csv", "optimum.json", "provenance.json")} <= rows.keys()
    assert {TABLE, OPTIMA, FIGURE} <= rows.keys()

    # Another space is another search; what no study uses goes, and the rest stays.
    project.configure(lambda config: config["study"]["sun2022"]["search"].update(n_trials=2))
    assert project.run("--", *ALL).count("search_hyperparameters") == 1
    monkeypatch.chdir(project.folder)
    assert [path.as_posix() for path in prune("results/store", "results", SEARCHES)] == [folder]
    assert project.run("--", *ALL) == []


def test_a_study_without_a_search_has_a_table_without_rows(project):
    assert project.run("--allowed-rules", "list_searches", "--", TABLE) == ["list_searches"]
    assert read_searches(project.path(TABLE)).empty


# What keys say of each other besides: tests/flaredag/test_search_settings.py
@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("seeds", [0, 9], "study sun2022: search small: no seed of data set SHARP_ONLY: 9; it has 0, 1"),
        ("space", {"hidden_size": {"choices": []}}, "[] should be non-empty"),
        ("space", {"learning_rate": {"low": 0.001, "high": 1.5}}, "search.space: lstm.learning_rate: 1.5 is greater"),
        ("space", {"max_epochs": {"low": 1}}, "'high' is a dependency of 'low'"),
        ("n_trials", None, "'n_trials' is a dependency of 'searches'"),
    ],
)
def test_a_search_of_what_is_not_there_is_refused(project, key, value, words):
    def wrong(config):
        make_searching(config)
        search = config["study"]["sun2022"]["search"]
        if value is None:
            del search[key]
        else:
            search[key] = value

    project.configure(wrong)
    result = project.attempt("--dry-run", "--", TABLE)
    assert result.returncode != 0
    assert words in result.stdout
    assert "Traceback" not in result.stdout
