"""The rules of a feature ranking on a tiny study: what runs, what runs again, what is refused and what is removed."""

import json
import re
import shutil

import pandas as pd
import pytest

from flaredag.artifacts import sha256_of_file
from flaredag.feature_subsets import features_in_order
from flaredag.pruning import SUBSETS, prune
from flaredag.ranking_tables import read_claims, read_ranking, rows_of

STUDY = "results/embedded/sun2022"
TABLES = [f"{STUDY}/{name}.csv" for name in ("ranking", "ranking_agreement", "ranking_claims", "subsets")]
FIGURE = f"{STUDY}/figures/ranking_sharp_only.svg"
FEATURES = ["area", "usfluxl", "meangbl", "r_value"]
JOINED = ["assess_features", "compare_rankings", "list_subsets", "plot_ranking"]
# Two batches of single features, and two of the first two, three and four of the ranking.
N_BATCHES = 4
PUBLISHED = (
    "dataset,order,rank,header,true,source\nSHARP_*,tss,1,R_VALUE,AREA,made up\nSHARP_*,tss,2,USFLUXL,USFLUXL,made up\n"
)
CLAIMS = "claim,kind,dataset,order,features,k,where\nr_value is first,among_first,SHARP_*,tss,R_VALUE,1,here\n"
REMOVAL_CLAIMS = CLAIMS + "bss falls,falls_without_first,SHARP_*,bss,,1,here\n"
BY_TSS = {"model": "logistic_regression", "metric": "true_skill_statistic", "threshold": "best_on_test"}
NETWORK = {"patch_steps": 4, "embedding_size": 4, "n_blocks": 1, "n_heads": 1, "head_size": 4, "mlp_size": 4}
NETWORK |= {"head_sizes": [4, 4, 4], "batch_size": 64, "max_epochs": 5}
OWN_EPOCHS = 2
REMOVAL_FIGURES = [f"{STUDY}/figures/ranking_sharp_only_{shown}.svg" for shown in ("alone", "tss", "bss")]


def ranked(config):
    config["study"]["sun2022"]["ranking"] = {
        "orders": {"tss": dict(BY_TSS)},
        "directions": ["first"],
        "datasets": ["SHARP_ONLY"],
        "seeds": [0, 1],
        "subsets_per_job": 2,
        "published": "rules/papers/order.csv",
        "claims": "rules/papers/claims.csv",
    }


def with_ranking(project):
    """A tiny project to whose study a ranking is added."""
    project.path("rules/papers/order.csv").write_text(PUBLISHED)
    project.path("rules/papers/claims.csv").write_text(CLAIMS)
    project.configure(ranked)
    return project


def removed(config):
    """Features are removed from both ends of two orders, by two names of one training."""
    ranked(config)
    names = ["transformer", "transformer_by_brier_score"]
    config["study"]["sun2022"]["fits"]["networks"]["models"] += names
    for name in names:
        config["models"][name] |= NETWORK
    # As everywhere, a data set may have settings of its own.
    own = {name: {"max_epochs": OWN_EPOCHS} for name in names}
    config["study"]["sun2022"]["datasets"]["SHARP_ONLY"]["model_settings"] = own
    config["study"]["sun2022"]["ranking"] |= {
        "orders": {
            "tss": {"model": names[0], "metric": "true_skill_statistic", "threshold": "fixed_0.5"},
            "bss": {"model": names[1], "metric": "brier_skill_score"},
        },
        "directions": ["first", "last"],
        "subsets_per_job": 20,
    }


def made_from(project, path):
    """What a batch of subsets was made from."""
    return json.loads(project.path(f"{path}/provenance.json").read_text())["made_from"]


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
    subsets = {path: made_from(project, path)["subsets"] for path in stored["path"]}
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
        config["study"]["sun2022"]["ranking"]["orders"]["tss"]["model"] = "logistic_regression_on_quantiles"
        config["study"]["sun2022"]["fits"]["baselines"]["models"].append("logistic_regression_on_quantiles")

    project.configure(with_another_model)
    assert project.run("--", *TABLES).count("score_subsets") == N_BATCHES
    monkeypatch.chdir(project.folder)
    removed = prune("results/store", "results", SUBSETS)
    assert sorted(path.as_posix() for path in removed) == sorted(stored["path"])
    assert project.run("--", *TABLES) == []


def test_features_are_removed_from_both_ends_of_two_orders(finished_copy):
    project = with_ranking(finished_copy)
    project.configure(removed)
    project.path("rules/papers/claims.csv").write_text(REMOVAL_CLAIMS)
    wanted = [*TABLES, *REMOVAL_FIGURES]
    ran = project.run("--", *wanted)
    # One batch of single features and one of what remains: both orders are served by one training.
    joined = [rule for rule in JOINED if rule != "plot_ranking"]
    assert ran == sorted([*["score_subsets"] * 2, "rank_features", *joined, *["plot_ranking"] * 3])
    stored = pd.read_csv(project.path(TABLES[3]))
    assert stored["models"].tolist() == ["transformer+transformer_by_brier_score"] * 2
    orders = features_in_order(project.path(f"{STUDY}/ranking/SHARP_ONLY.csv"), ["tss", "bss"])
    assert all(sorted(order) == sorted(FEATURES) for order in orders.values())
    batch = made_from(project, stored["path"][1])
    assert {own["max_epochs"] for own in batch["models"].values()} == {OWN_EPOCHS}
    remaining = {frozenset(subset) for subset in batch["subsets"]}
    ends = {frozenset(part) for order in orders.values() for k in (2, 3) for part in (order[:k], order[-k:])}
    assert remaining == {frozenset(FEATURES), *ends}

    ranking = read_ranking(project.path(TABLES[0]))
    for name, order in orders.items():
        own = ranking[ranking["order"] == name]
        figure = {"metric": "true_skill_statistic", "threshold": "fixed_0.5"} if name == "tss" else {}
        figure = figure or {"metric": "brier_skill_score", "threshold": ""}
        assert rows_of(own, "individual", **figure)["feature"].tolist() == order
        assert rows_of(own, "cumulative", direction="first", **figure)["k"].tolist() == [1, 2, 3, 4]
        assert rows_of(own, "cumulative", direction="last", **figure)["k"].tolist() == [4, 3, 2, 1]
        # Every seed draws its regions.
        assert own["low"].notna().any()
    claims = read_claims(project.path(TABLES[2]))
    assert claims["order"].tolist() == ["tss", "tss", "bss"]
    assert project.run("--", *wanted) == []

    # A killed run makes what is missing, the same bytes.
    before = {path: sha256_of_file(project.path(path)) for path in wanted}
    shutil.rmtree(project.path(stored["path"][1]))
    for path in wanted:
        project.path(path).unlink()
    again = project.run("--", *wanted)
    assert again == sorted(["score_subsets", *joined, *["plot_ranking"] * 3])
    assert {path: sha256_of_file(project.path(path)) for path in wanted} == before

    # Another threshold is among the scores: only an order that comes out otherwise has other features removed.
    def at_another_threshold(config):
        config["study"]["sun2022"]["ranking"]["orders"]["tss"]["threshold"] = "validation"

    project.configure(at_another_threshold)
    rerun = project.run("--", *wanted)
    assert rerun.count("rank_features") == 1
    assert rerun.count("score_subsets") <= 1


def test_a_study_without_a_ranking_has_tables_without_rows(project):
    ran = project.run("--allowed-rules", "assess_features", "compare_rankings", "--", *TABLES[:3])
    assert ran == ["assess_features", "compare_rankings"]
    assert all(pd.read_csv(project.path(path)).empty for path in TABLES[:3])


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("datasets", ["SHARP"], "study sun2022: ranking: no data set SHARP; it has SHARP_ONLY"),
        ("orders", {"tss": BY_TSS | {"model": "perceptron"}}, "ranking: no model perceptron; it has lstm"),
        ("seeds", [0, 9], "ranking: no seed of data set SHARP_ONLY 9; it has 0, 1"),
        ("orders", {"tss": BY_TSS | {"model": "oracle"}}, "'oracle' does not match"),
        (
            "orders",
            {"tss": BY_TSS | {"metric": "brier_skill_score"}},
            "order tss is by brier_skill_score at the threshold",
        ),
        ("orders", {"TSS": BY_TSS}, "'TSS' does not match"),
        ("directions", ["both"], "'both' is not one of ['first', 'last']"),
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
