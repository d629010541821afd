"""Published orders against ours: agreement and claims worked out by hand, and the tables of the repository."""

from pathlib import Path

import numpy as np
import pytest

import made_up_ranking as made_up
from flaredag.errors import InputError
from flaredag.published_rankings import (
    agreement,
    agreements,
    judged_claims,
    published_ranks,
    read_published_claims,
    read_published_order,
)
from flaredag.shipped_tables import read_shipped_tables

PAPERS = Path(__file__).resolve().parents[2] / "rules" / "papers"
# Section 4.3 of Liu et al. 2019: how many features are best, of each task.
BEST = {"at_least_c": 14, "at_least_m": 22, "at_least_m5": 20}


class TestAgreement:
    def test_of_the_features_that_both_have(self):
        # Theirs a b c d e, of which we lack c; ours d b a e f: ranks (1, 2, 4, 5) against (3, 2, 1, 4).
        found = agreement(["d", "b", "a", "e", "f"], {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5})
        # Ranks among the four: 1 2 3 4 against 3 2 1 4, so sum d^2 = 4 + 0 + 4 + 0 and rho = 1 - 6 * 8 / (4 * 15).
        assert found["spearman"] == pytest.approx(0.2)
        # Of six pairs those of a, b, d are turned: (3 - 3) / 6.
        assert found["kendall"] == pytest.approx(0.0)
        assert (found["n_published"], found["n_shared"], found["lacking"]) == (5, 4, "c")
        assert (found["n_first"], found["n_first_there"], found["n_first_shared"]) == (5, 4, 4)

    def test_the_same_order_agrees_and_the_turned_one_disagrees(self):
        names = [f"f{i:02}" for i in range(20)]
        published = {name: rank for rank, name in enumerate(names, 1)}
        same, turned = agreement(names, published), agreement(names[::-1], published)
        assert (same["spearman"], same["kendall"], same["n_first_shared"]) == (1, 1, 10)
        assert (turned["spearman"], turned["kendall"], turned["n_first_shared"]) == (-1, -1, 0)

    def test_two_shared_features_have_no_correlation(self):
        assert np.isnan(agreement(["a", "b"], {"a": 1, "b": 2, "c": 3})["spearman"])

    def test_each_naming_has_its_own_and_what_is_not_published_none(self):
        table = agreements(made_up.ranking(), made_up.published(), made_up.TASKS)
        assert table[["dataset", "naming"]].to_numpy().tolist() == [["A", "header"], ["A", "true"]]
        # Ours: usflux cdec chis totusjh; theirs by header usflux cdec totusjh, by true names totusjh cdec usflux.
        assert table["spearman"].tolist() == pytest.approx([1, -1])
        assert table["lacking"].tolist() == ["totbsq", "totbsq"]


class TestClaims:
    def judged(self, **changes):
        table = judged_claims(made_up.ranking(), made_up.claims(), made_up.published(), made_up.TASKS)
        return table.set_index(["claim", "naming"])

    def test_one_feature_holds_under_one_naming(self):
        table = self.judged()
        assert table.loc[("the flux is first", "header"), "verdict"] == "yes"
        by_true_name = table.loc[("the flux is first", "true")]
        assert (by_true_name["verdict"], by_true_name["not_held"], by_true_name["n_held"]) == ("no", "totusjh", 0)

    def test_of_several_those_are_judged_that_we_have(self):
        table = self.judged()
        by_header = table.loc[("three are among the first two", "header")]
        assert (by_header["verdict"], by_header["n_held"], by_header["n_there"]) == ("yes", 2, 2)
        assert (by_header["n_features"], by_header["lacking"]) == (3, "totbsq")
        # USFLUX is TOTUSJH, our last.
        assert table.loc[("three are among the first two", "true"), "verdict"] == "no"

    def test_fewer_beat_all_by_their_means(self):
        one = self.judged().loc[("three beat all", "")]
        assert (one["ours"], one["all"], one["verdict"]) == (pytest.approx(0.9), pytest.approx(0.8), "yes")

    def test_without_a_feature_or_with_no_more_than_k_there_is_no_verdict(self):
        claims = made_up.claims()
        claims.loc[0, "features"] = "totbsq"
        claims.loc[2, "k"] = 4
        table = judged_claims(made_up.ranking(), claims, made_up.published(), made_up.TASKS)
        verdicts = table.groupby("claim", sort=False)["verdict"].agg(list)
        assert verdicts["the flux is first"] == ["not_run", "not_run"]
        assert verdicts["three beat all"] == ["not_run"]


class TestReading:
    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("m,2,TOTBSQ", "m,5,TOTBSQ", "ranks .*; wanted 1, 2, "),
            ("3,Cdec,Cdec", "3,Cdec,TOTUSJH", "true totusjh has two ranks"),
            ("m,4,TOTUSJH,USFLUX", "c,1,USFLUX,AREA", "usflux has two true names"),
            ("task,", "tasks,", "column task missing"),
        ],
    )
    def test_an_order_that_is_none_is_told(self, tmp_path, old, new, words):
        path = tmp_path / "order.csv"
        path.write_text(made_up.PUBLISHED.replace(old, new))
        with pytest.raises(InputError, match=words):
            read_published_order(path)

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("fewer_beat_all", "all_are_one", "kind all_are_one; wanted"),
            ("at_least_m,USFLUX,1", "at_least_m,,1", "among_first without features"),
            (",1,section", ",one,section", "column k: record 1 is 'one'"),
        ],
    )
    def test_claims_that_are_none_are_told(self, tmp_path, old, new, words):
        path = tmp_path / "claims.csv"
        path.write_text(made_up.CLAIMS.replace(old, new))
        with pytest.raises(InputError, match=words):
            read_published_claims(path)


class TestTheRepositorys:
    order = read_published_order(PAPERS / "liu2019_ranking.csv")
    claims = read_published_claims(PAPERS / "liu2019_ranking_claims.csv")

    def test_true_names_are_those_of_the_other_hand(self):
        new_names = read_shipped_tables(PAPERS / "liu2019_lstm.yaml").new_names
        of_header = {one.lower(): other.lower() for one, other in new_names.items()}
        assert (self.order["header"].map(lambda name: of_header.get(name, name)) == self.order["true"]).all()

    def test_the_order_of_all_features_of_one_task_is_known_and_the_best_of_the_others(self):
        assert self.order.groupby("task", sort=False).size().to_dict() == BEST | {"at_least_m5": 40}

    def test_what_the_paper_says_holds_of_its_own_order_as_far_as_that_is_known(self):
        for claim in self.claims[self.claims["kind"] == "among_first"].to_dict("records"):
            ranks = published_ranks(self.order, claim["task"], "header")
            known = [ranks[name] for name in claim["features"].split() if name in ranks]
            assert max(known) <= claim["k"], claim
            # Of the shorter orders a feature may be missing, but not from those that reach down to k.
            assert len(known) == len(claim["features"].split()) or len(ranks) < claim["k"], claim

    def test_best_numbers_are_the_papers(self):
        beat = self.claims[self.claims["kind"] == "fewer_beat_all"]
        assert dict(zip(beat["task"], beat["k"], strict=True)) == BEST
