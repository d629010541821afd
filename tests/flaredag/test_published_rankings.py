"""Published orders against ours: agreement and claims worked out by hand, and the tables of the repository."""

from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import made_up_ranking as made_up
from flaredag.errors import InputError
from flaredag.published_rankings import (
    agreement,
    agreements,
    judged_claims,
    namings_of,
    published_ranks,
    read_published_claims,
    read_published_order,
)
from flaredag.ranking_settings import orders_of
from flaredag.shipped_tables import read_shipped_tables

PAPERS = Path(__file__).resolve().parents[2] / "rules" / "papers"
# Section 4.3 of Liu et al. 2019: how many features are best, of each task, by its data sets.
BEST = {"C_*": 14, "M_*": 22, "M5_*": 20}


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
        table = agreements(made_up.ranking(), made_up.published(), ["A", "B"], orders_of(made_up.SETTINGS))
        assert table[["dataset", "naming"]].to_numpy().tolist() == [["A", "header"], ["A", "true"]]
        # Ours: usflux cdec chis totusjh; theirs by header usflux cdec totusjh, by true names totusjh cdec usflux.
        assert table["spearman"].tolist() == pytest.approx([1, -1])
        assert table["lacking"].tolist() == ["totbsq", "totbsq"]

    def test_of_ranks_with_a_gap_the_first_are_those_before_it(self):
        # Of a, b and c the ranks are known, and of the last.
        found = agreement(["b", "a", "d", "c", "z"], {"a": 1, "b": 2, "c": 3, "z": 9})
        assert (found["n_first"], found["n_first_there"], found["n_first_shared"]) == (3, 3, 2)
        # Ranks 1 2 3 4 against 2 1 3 4 among the four.
        assert found["spearman"] == pytest.approx(1 - 6 * 2 / 60)

    def test_names_that_are_the_same_are_held_once(self):
        table = agreements(made_up.removal(), made_up.removal_published(), ["SHARP"], orders_of(made_up.REMOVAL))
        assert table[["order", "naming", "n_published"]].to_numpy().tolist() == [["tss", "true", 2], ["bss", "true", 1]]


class TestClaims:
    def judged(self):
        orders = orders_of(made_up.SETTINGS)
        table = judged_claims(made_up.ranking(), made_up.claims(), made_up.published(), ["A", "B"], orders)
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
        orders = orders_of(made_up.SETTINGS)
        table = judged_claims(made_up.ranking(), claims, made_up.published(), ["A", "B"], orders)
        verdicts = table.groupby("claim", sort=False)["verdict"].agg(list)
        assert verdicts["the flux is first"] == ["not_run", "not_run"]
        assert verdicts["three beat all"] == ["not_run"]


class TestClaimsOfRemoval:
    def judged(self, kind, k=1, *, features="", order="tss", ranking=None):
        claim = {"claim": "c", "kind": kind, "dataset": "SHARP*", "order": order, "features": features, "k": k}
        claims = pd.DataFrame([claim | {"where": "w"}])
        ranking = made_up.removal() if ranking is None else ranking
        published, orders = made_up.removal_published(), orders_of(made_up.REMOVAL)
        # Patterns choose the data set: HED has no claim.
        (row,) = judged_claims(ranking, claims, published, ["HED", "SHARP"], orders).to_dict("records")
        assert (row["dataset"], row["order"]) == ("SHARP", order)
        return row

    def test_the_last_are_counted_from_the_end(self):
        assert self.judged("among_last", 1, features="area_acr")["verdict"] == "yes"
        row = self.judged("among_last", 2, features="area_acr r_value totpot")
        assert (row["verdict"], row["n_held"], row["n_there"]) == ("no", 1, 2)
        assert (row["not_held"], row["lacking"]) == ("r_value", "totpot")
        # By BSS it is the second of three.
        assert self.judged("among_last", 2, features="r_value", order="bss")["verdict"] == "yes"

    def test_a_fall_must_be_more_than_the_spread(self):
        # .300 less, in an interval up to .029; and .567 less, in one below zero.
        one, two = self.judged("falls_without_first", 1), self.judged("falls_without_first", 2)
        assert (one["verdict"], two["verdict"]) == ("no", "yes")
        assert (one["ours"], one["all"]) == pytest.approx((1.4 / 3, 2.3 / 3))
        assert two["ours"] == pytest.approx(0.2)
        # Where the splits draw no regions, more than a standard deviation of .1.
        assert self.judged("falls_without_first", 1, ranking=made_up.removal(float("nan")))["verdict"] == "yes"

    def test_what_is_kept_does_not_fall(self):
        assert self.judged("kept_without_last", 1)["verdict"] == "yes"
        assert self.judged("kept_without_last", 2)["verdict"] == "yes"
        # Without intervals .067 of a sd of .058, but .017 of the same.
        by_sd = made_up.removal(float("nan"))
        assert self.judged("kept_without_last", 2, ranking=by_sd)["verdict"] == "no"
        assert self.judged("kept_without_last", 1, ranking=by_sd)["verdict"] == "yes"

    def test_what_is_steady_falls_at_no_number_and_the_lowest_is_told(self):
        row = self.judged("steady_without_last", 2)
        assert (row["verdict"], row["ours"]) == ("yes", pytest.approx(0.7))
        by_sd = made_up.removal(float("nan"))
        assert self.judged("steady_without_last", 2, ranking=by_sd)["verdict"] == "no"
        assert self.judged("steady_without_last", 1, ranking=by_sd)["verdict"] == "yes"

    def test_without_such_a_set_or_a_spread_there_is_no_verdict(self):
        for kind in ("falls_without_first", "kept_without_last", "fewer_beat_all"):
            assert self.judged(kind, 3)["verdict"] == "not_run"
        only_first = made_up.removal().query("direction != 'last'")
        assert self.judged("falls_without_first", 1, ranking=only_first)["verdict"] == "not_run"
        one_split = made_up.removal().assign(difference_sd=float("nan"))
        assert self.judged("falls_without_first", 1, ranking=one_split)["verdict"] == "not_run"
        # The size that is not fitted is passed over.
        some = made_up.removal().query("not (kind == 'cumulative' and k == 1)")
        assert self.judged("steady_without_last", 2, ranking=some)["ours"] == pytest.approx(0.75)

    def test_fewer_beat_all_in_the_figure_of_the_order(self):
        row = self.judged("fewer_beat_all", 1, order="bss")
        assert (row["ours"], row["all"], row["verdict"]) == (pytest.approx(0.3), pytest.approx(0.4), "no")


class TestReading:
    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("s,2,TOTBSQ", "s,5,TOTBSQ", r"data set A\*, order tss: ranks \[1, 5, 3, 4\]; wanted 1, 2, "),
            ("s,1,USFLUX", "s,0,USFLUX", "ranks .* wanted 1, 2, ... ascending"),
            ("3,Cdec,Cdec", "3,Cdec,TOTUSJH", "true totusjh has two ranks"),
            ("A*,tss,4,TOTUSJH,USFLUX", "C,tss,1,USFLUX,AREA", "usflux has two true names"),
            ("A*,tss,4", "A*,hss,4", "order hss; the study's `ranking` has tss"),
            ("dataset,", "task,", "column dataset missing"),
        ],
    )
    def test_an_order_that_is_none_is_told(self, tmp_path, old, new, words):
        path = tmp_path / "order.csv"
        path.write_text(made_up.PUBLISHED.replace(old, new))
        with pytest.raises(InputError, match=words):
            read_published_order(path, ["tss"])

    def test_ranks_may_be_missing(self, tmp_path):
        path = tmp_path / "order.csv"
        path.write_text(made_up.PUBLISHED.replace("A*,tss,4", "A*,tss,9"))
        assert read_published_order(path, ["tss"])["rank"].tolist() == [1, 2, 3, 9]

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("fewer_beat_all", "all_are_one", "kind all_are_one; wanted"),
            ("A,tss,USFLUX,1", "A,tss,,1", "among_first without features"),
            ("among_first,A,tss,USFLUX,1", "among_last,A,tss,,1", "among_last without features"),
            ("A,tss,USFLUX,1", "A,hss,USFLUX,1", "order hss; the study's `ranking` has tss"),
            (",1,section", ",one,section", "column k: record 1 is 'one'"),
        ],
    )
    def test_claims_that_are_none_are_told(self, tmp_path, old, new, words):
        path = tmp_path / "claims.csv"
        path.write_text(made_up.CLAIMS.replace(old, new))
        with pytest.raises(InputError, match=words):
            read_published_claims(path, ["tss"])


class TestOfLiu2019:
    order = read_published_order(PAPERS / "liu2019_ranking.csv", ["tss"])
    claims = read_published_claims(PAPERS / "liu2019_ranking_claims.csv", ["tss"])

    def test_true_names_are_those_of_the_other_hand(self):
        new_names = read_shipped_tables(PAPERS / "liu2019_lstm.yaml").new_names
        of_header = {one.lower(): other.lower() for one, other in new_names.items()}
        assert (self.order["header"].map(lambda name: of_header.get(name, name)) == self.order["true"]).all()

    def test_the_order_of_all_features_of_one_task_is_known_and_the_best_of_the_others(self):
        assert self.order.groupby("dataset", sort=False).size().to_dict() == BEST | {"M5_*": 40}

    def test_what_the_paper_says_holds_of_its_own_order_as_far_as_that_is_known(self):
        for claim in self.claims[self.claims["kind"] == "among_first"].to_dict("records"):
            ranks = published_ranks(self.order, claim["dataset"].replace("*", "FOLDS"), "tss", "header")
            known = [ranks[name] for name in claim["features"].split() if name in ranks]
            assert max(known) <= claim["k"], claim
            # Of the shorter orders a feature may be missing, but not from those that reach down to k.
            assert len(known) == len(claim["features"].split()) or len(ranks) < claim["k"], claim

    def test_best_numbers_are_the_papers(self):
        beat = self.claims[self.claims["kind"] == "fewer_beat_all"]
        assert dict(zip(beat["dataset"], beat["k"], strict=True)) == BEST

    def test_every_data_set_of_the_study_is_named_once(self, config):
        ranking = config["study"]["liu2019"]["ranking"]
        assert list(ranking["orders"]) == ["tss"]
        for dataset in ranking["datasets"]:
            assert len([one for one in BEST if fnmatchcase(dataset, one)]) == 1


class TestOfLi2024:
    order = read_published_order(PAPERS / "li2024_ranking.csv", ["tss", "bss"])
    claims = read_published_claims(PAPERS / "li2024_ranking_claims.csv", ["tss", "bss"])

    def test_names_are_features_and_the_same_by_both_hands(self, config):
        schema = yaml.safe_load((PAPERS.parent / "config.schema.yaml").read_text())
        known = set(schema["$defs"]["feature"]["enum"])
        named = {name for names in self.claims["features"] for name in names.split()}
        assert {*self.order["true"], *named} <= known
        assert namings_of(self.order) == ("true",)

    def test_what_the_paper_says_holds_of_its_own_order(self):
        n_features = {"SHARP*": 10, "HED*": 6}
        placed = self.claims[self.claims["kind"].isin(["among_first", "among_last"])]
        assert len(placed) == 10
        for claim in placed.to_dict("records"):
            ranks = published_ranks(self.order, claim["dataset"].replace("*", ""), claim["order"], "true")
            named = sorted(ranks[name] for name in claim["features"].split())
            n, k = n_features[claim["dataset"]], claim["k"]
            assert named == list(range(1, k + 1) if claim["kind"] == "among_first" else range(n - k + 1, n + 1))

    def test_as_many_are_removed_as_there_are_features(self):
        removed = self.claims[self.claims["features"] == ""]
        assert removed.groupby("dataset")["k"].max().to_dict() == {"SHARP*": 9, "HED*": 5}
