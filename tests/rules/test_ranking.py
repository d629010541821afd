"""The rules of a feature ranking on a tiny study: what runs, what runs again, what is refused and what is removed."""

import json
import re
import shutil

import pandas as pd
import pytest

from flaredag.artifacts import sha256_of_file
from flaredag.pruning import SUBSETS, prune
from flaredag.ranking_tables import read_claims, read_ranking, rows_of

STUDY = "results/embedded/sun2022"
TABLES = [f"{STUDY}/{name}.csv" for name in ("ranking", "ranking_agreement", "ranking_claims", "subsets")]
FIGURE = f"{STUDY}/figures/ranking_sharp_only.svg"
TASK = "strong_vs_quiet"
FEATURES = ["area", "usfluxl", "meangbl", "r_value"]
JOINED = ["assess_features", "compare_rankings", "list_subsets", "plot_ranking"]
# Two batches of single features, and two of the first two, three and four of the ranking.
N_BATCHES = 4
PUBLISHED = "task,rank,header,true,source\n{task},1,R_VALUE,AREA,made up\n{task},2,USFLUXL,USFLUXL,made up\n"
CLAIMS = "claim,kind,task,features,k,where\nr_value is first,among_first,{task},R_VALUE,1,here\n"


def ranked(config):
    config["study"]["sun2022"]["ranking"] = {
        "model": "logistic_regression",
        "datasets": ["SHARP_ONLY"],
        "seeds": [0, 1],
        "subsets_per_job": 2,
        "published": "rules/papers/order.csv",
        "claims": "rules/papers/claims.csv",
    }


def with_ranking(project):
    """A tiny project to whose study a ranking is added."""
    project.path("rules/papers/order.csv").write_text(PUBLISHED.format(task=TASK))
    project.path("rules/papers/claims.csv").write_text(CLAIMS.format(task=TASK))
    project.configure(ranked)
    return project


def test_a_ranking_is_made_resumed_and_pruned(finished_copy, monkeypatch):
    project = with_ranking(finished_copy)
    plan = project.attempt("--dry-run", "--", *TABLES, FIGURE)
    for rule, n in {"score_subsets": N_BATCHES / 2, "rank_features": 1, **dict.fromkeys(JOINED, 1)}.items():
        assert re.search(rf"^{rule} +{n:.0f}$", plan.stdout, re.MULTILINE), plan.stdout
    made_up = "results/store/subsets/0123456789abcdef/fedcba9876543210/scores.csv"
    refused = project.attempt("--", made_up)
    assert refused.returncode != 0
    assert "no study of this configuration asks for such a fit" in refused.stdout

    # Of a finished study, nothing but the ranking is made.
    ran = project.run("--", *TABLES, FIGURE)
    assert ran == sorted([*["score_subsets"] * N_BATCHES, "rank_features", *JOINED])
    ranking = read_ranking(project.path(TABLES[0]))
    for kind in ("individual", "cumulative"):
        rows = rows_of(ranking, kind)
        assert sorted(rows["feature"]) == sorted(FEATURES)
        assert (rows["n_seeds"] == 2).all()
    alone = rows_of(ranking, "individual")
    assert alone["mean"].is_monotonic_decreasing
    claims = read_claims(project.path(TABLES[2]))
    held = dict(zip(claims["naming"], claims["verdict"], strict=True))
    assert held["header"] == ("yes" if alone["feature"].iloc[0] == "r_value" else "no")

    # Nothing changed, nothing runs.
    paths = [*TABLES, FIGURE, f"{STUDY}/ranking/SHARP_ONLY.csv"]
    before = {path: sha256_of_file(project.path(path)) for path in paths}
    assert project.run("--", *TABLES, FIGURE) == []

    # A run that was killed at one batch, with nothing of what follows, makes that batch alone and the same bytes.
    stored = pd.read_csv(project.path(TABLES[3]))
    assert len(stored) == N_BATCHES
    subsets = {
        path: json.loads(project.path(f"{path}/provenance.json").read_text())["made_from"]["subsets"]
        for path in stored["path"]
    }
    assert sorted(len(subset) for batch in subsets.values() for subset in batch) == [1, 1, 1, 1, 2, 3, 4]
    for size in (1, 4):
        missing = next(path for path, batch in subsets.items() if any(len(subset) == size for subset in batch))
        shutil.rmtree(project.path(missing))
        follows = paths if size == 1 else [*TABLES, FIGURE]
        for path in follows:
            project.path(path).unlink()
        again = project.run("--", *TABLES, FIGURE)
        assert again == sorted(["score_subsets", *JOINED, *(["rank_features"] if size == 1 else [])])
        assert {path: sha256_of_file(project.path(path)) for path in paths} == before

    # Other settings have batches of their own; what no study uses goes, and the rest stays.
    def with_another_model(config):
        config["study"]["sun2022"]["ranking"]["model"] = "logistic_regression_on_quantiles"
        config["study"]["sun2022"]["fits"]["baselines"]["models"].append("logistic_regression_on_quantiles")

    project.configure(with_another_model)
    assert project.run("--", *TABLES).count("score_subsets") == N_BATCHES
    monkeypatch.chdir(project.folder)
    removed = prune("results/store", "results", SUBSETS)
    assert sorted(path.as_posix() for path in removed) == sorted(stored["path"])
    assert project.run("--", *TABLES) == []


def test_a_study_without_a_ranking_has_tables_without_rows(project):
    ran = project.run("--allowed-rules", "assess_features", "compare_rankings", "--", *TABLES[:3])
    assert ran == ["assess_features", "compare_rankings"]
    assert all(pd.read_csv(project.path(path)).empty for path in TABLES[:3])


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("datasets", ["SHARP"], "study sun2022: ranking: no data set SHARP; it has SHARP_ONLY"),
        ("model", "perceptron", "ranking: no model perceptron; it has lstm"),
        ("seeds", [0, 9], "ranking: no seed of data set SHARP_ONLY 9; it has 0, 1"),
        ("model", "oracle", "'oracle' is not one of"),
        ("claims", None, "'claims' is a dependency of 'published'"),
    ],
)
def test_a_ranking_of_what_is_not_there_is_refused(project, key, value, words):
    def wrong(config):
        ranking = config["study"]["sun2022"]["ranking"]
        if value is None:
            del ranking[key]
        else:
            ranking[key] = value

    with_ranking(project).configure(wrong)
    result = project.attempt("--dry-run", "--", TABLES[0])
    assert result.returncode != 0
    assert words in result.stdout
    assert "Traceback" not in result.stdout
