"""Published figures: the rule of agreement, the tables that are here, and bad ones, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import t as students_t

from flaredag.errors import InputError
from flaredag.published_figures import Agreement, p_of_test, read_published, reason_for, threshold_of
from flaredag.verification import ContingencyTable, categorical_scores

PAPERS = Path(__file__).parents[2] / "rules" / "papers"
RULE = Agreement(standard_deviations=2.0, relative_difference=0.1, significance=0.05)
HEADER = "study,table,dataset,model,metric,paper,paper_sd,kind\n"


@pytest.mark.parametrize(
    ("paper", "paper_sd", "got", "agrees"),
    [
        (0.884, 0.032, 0.948, True),  # exactly two standard deviations
        (0.884, 0.032, 0.949, False),
        (100.0, np.nan, 110.0, True),  # exactly a tenth
        (100.0, np.nan, 89.9, False),
        (0.884, 0.032, np.nan, False),
    ],
)
def test_rule_of_figures(paper: float, paper_sd: float, got: float, agrees: bool) -> None:
    assert RULE.of_figures(paper, paper_sd, got) is agrees


@pytest.mark.parametrize(("paper", "got", "agrees"), [(0.04, 0.0001, True), (0.04, 0.05, False), (0.5, 0.05, True)])
def test_rule_of_tests(paper: float, got: float, agrees: bool) -> None:
    assert RULE.of_tests(paper, got) is agrees


ROOT = PAPERS.parents[1]
STUDIES = yaml.safe_load((ROOT / "config.yaml").read_text())["study"]


def test_published_tables_are_whole_and_consistent_in_themselves() -> None:
    for name, study in STUDIES.items():
        papers = read_published(ROOT / study["published_figures"], study=name)
        assert not papers.duplicated(["table", "dataset", "model", "metric"]).any()


def test_counts_are_of_instruments_and_tasks_that_the_study_has() -> None:
    for study_name, study in STUDIES.items():
        instruments = [name.upper() for name in study["instruments"]]
        tasks = study["labels"].get("tasks", {})
        counted = {f"{name} {task}" for name in instruments for task in tasks} if tasks else set(instruments)
        papers = read_published(ROOT / study["published_figures"], study=study_name)
        assert set(papers.loc[papers["kind"].isin(["windows", "samples"]), "dataset"]) <= counted


def test_sun2022_as_published() -> None:
    papers = read_published(PAPERS / "sun2022.csv", study="sun2022")
    key = ["table", "dataset", "model", "metric"]
    figures = papers.set_index(key)["paper"]
    # Positives of Table 3 are the three cells of Table 2 that lead to STRONG; negatives the quiet ones.
    for instrument, total in (("SHARP", 2849), ("SMARP", 4601)):
        counted = f"{instrument} strong_vs_quiet"
        cells = [figures["2", counted, "", f"windows {past}->STRONG"] for past in ("QUIET", "WEAK", "STRONG")]
        positive, negative = (figures["3", counted, "", label] for label in ("positive", "negative"))
        assert sum(cells) == total == positive
        assert figures["2", counted, "", "windows QUIET->QUIET"] == negative
        assert figures["3", counted, "", "event_rate"] == pytest.approx(positive / (positive + negative), abs=5e-5)
    # Fusing adds all of the other instrument to the training split.
    assert figures["5", "FUSED_SHARP", "", "train positive"] == 1774 + 4601
    assert figures["5", "FUSED_SMARP", "", "train positive"] == 2849 + 2849
    # The published p are those of the published t with 9 degrees of freedom: 16 tests in each of Tables 7 and 8;
    # three p of stacking against the better learner stand alone in section 4.3.
    tests = papers[papers["kind"] == "test"]
    for row in tests[tests["metric"].str.endswith(" t")].itertuples():
        p = figures[row.table, row.dataset, row.model, row.metric.removesuffix(" t") + " p"]
        assert students_t.sf(row.paper, 9) == pytest.approx(p, abs=1e-6)
    assert len(tests) == 2 * (16 + 16) + 3


def test_liu2019_as_published() -> None:
    papers = read_published(PAPERS / "liu2019.csv", study="liu2019")
    figures = papers.set_index(["table", "dataset", "model", "metric"])["paper"].sort_index()
    # What does not follow from recall, precision and the counts of Table 2: the Heidke skill score of the LSTM (.066,
    # .324 and .527 would), and rows that are misprinted by more than rounding.
    misprinted = {(name, "lstm_attention", "heidke_skill_score") for name in ("M5_BY_YEAR", "M_BY_YEAR", "C_BY_YEAR")}
    misprinted |= {
        ("M5_BY_YEAR", "lstm_without_attention", name) for name in ("balanced_accuracy", "true_skill_statistic")
    }
    misprinted |= {
        (name, model, metric)
        for name, model in (("M5_BY_YEAR", "jordan_network"), ("M_BY_YEAR", "deep_flare_net"))
        for metric in ("accuracy", "balanced_accuracy", "true_skill_statistic")
    }
    misprinted |= {("C_BY_YEAR", "deep_flare_net", name) for name in ("accuracy", "true_skill_statistic")}
    found = set()
    for table, dataset, model in (
        papers.loc[papers["table"].isin(["3", "4"]), ["table", "dataset", "model"]].drop_duplicates().values
    ):
        own = figures[table, dataset, model]
        n_events, n_others = (figures["2", dataset, "", f"test {kind}"] for kind in ("positive", "negative"))
        hits = own["probability_of_detection"] * n_events
        # Precision is rounded to three digits.
        false_alarms = hits * (1 / (own["precision"] + np.array([-5e-4, 0.0, 5e-4])) - 1)
        counts = ContingencyTable(np.full(3, hits), np.full(3, n_events - hits), false_alarms, n_others - false_alarms)
        for metric, values in categorical_scores(counts).items():
            if metric in own and not values.min() - 1.5e-3 <= own[metric] <= values.max() + 1.5e-3:
                found.add((dataset, model, metric))
    assert found == misprinted


def test_means_over_runs_of_liu2019_follow_from_each_other() -> None:
    papers = read_published(PAPERS / "liu2019.csv", study="liu2019")
    figures = papers.set_index(["table", "dataset", "model", "metric"])["paper"].sort_index()
    runs = papers[papers["kind"] == "runs"]
    # Three classes, two models, nine scores: all have a spread.
    assert len(runs) == 3 * 2 * 9
    assert (runs["paper_sd"] > 0).all()
    for dataset, model in runs[["dataset", "model"]].drop_duplicates().values:
        own = figures["5", dataset, model]
        split = dataset.replace("FOLDS", "BY_YEAR")
        n_events, n_others = (figures["2", split, "", f"test {kind}"] for kind in ("positive", "negative"))
        hits = own["probability_of_detection"] * n_events
        # From TSS as precision is the mean of a ratio over runs that differ in it.
        false_alarms = (own["probability_of_detection"] - own["true_skill_statistic"]) * n_others
        counts = ContingencyTable(hits, n_events - hits, false_alarms, n_others - false_alarms)
        scored = categorical_scores(ContingencyTable(*(np.array(count) for count in counts)))
        for metric in ("precision", "accuracy", "balanced_accuracy", "heidke_skill_score"):
            # Unlike in Table 3, the Heidke skill score of the LSTM follows from the rest.
            assert scored[metric] == pytest.approx(own[metric], abs=3.5e-3), (dataset, model, metric)
        # The Brier skill score is against the event rate of the runs; that of the LSTM for M5.0 and above, -21.576,
        # would need a Brier score of .0906, printed as .090.
        rate = n_events / (n_events + n_others)
        at_most = 1 - (own["brier_score"] - 5e-4) / (rate * (1 - rate))
        at_least = 1 - (own["brier_score"] + 5e-4) / (rate * (1 - rate))
        if (dataset, model) != ("M5_FOLDS", "lstm_attention"):
            assert at_least - 5e-4 <= own["brier_skill_score"] <= at_most + 5e-4, (dataset, model)


@pytest.mark.parametrize(
    ("papers", "told"),
    [
        ("study,table\ns,2\n", "column dataset, model, .* missing"),
        (HEADER + "other,3,SHARP,,positive,1,,samples\n", "line 2: study is 'other'"),
        (HEADER + "s,3,SHARP,,positive,many,,samples\n", "line 2: paper is 'many'"),
        (HEADER + "s,3,SHARP,,positive,1,,guess\n", "line 2: kind is 'guess'"),
        (HEADER + "s,6,SHARP_ONLY,lstm,recall,0.8,,score\n", "no score is called 'recall'; wanted .*precision"),
        (HEADER + "s,6,SHARP_ONLY,lstm,accuracy,0.8,,score_fixed\n", "line 2: kind is 'score_fixed'"),
        (HEADER + "s,5,M_FOLDS,lstm,recall,0.8,0.1,runs\n", "no score is called 'recall'; wanted .*precision"),
        (HEADER + "s,8,SHARP_ONLY,lstm vs cnn,accuracy t,3.0,,test\n", "one ' p' a test"),
        (HEADER + "s,8,SHARP_ONLY,lstm,accuracy p,0.1,,test\n", "'a vs b' in one of"),
    ],
)
def test_a_bad_table_of_published_figures_is_told(tmp_path: Path, papers: str, told: str) -> None:
    path = tmp_path / "papers.csv"
    path.write_text(papers)
    with pytest.raises(InputError, match=told):
        read_published(path, study="s")


@pytest.mark.parametrize(
    ("kind", "metric", "threshold"),
    [
        ("score", "precision", "fixed_0.5"),
        ("score_validation", "accuracy", "validation"),
        ("score_best_on_test", "balanced_accuracy", "best_on_test"),
        ("score_best_on_test", "brier_score", ""),
        ("runs", "precision", "best_on_test"),
        ("runs", "brier_score", ""),
        ("test", "accuracy p", ""),
        ("split", "test positive", ""),
    ],
)
def test_a_published_score_is_of_the_threshold_that_its_kind_names(kind, metric, threshold):
    assert threshold_of({"kind": kind, "metric": metric}) == threshold


def test_the_p_of_a_test_is_a_figure_of_its_own():
    statistic = {"table": "7", "dataset": "B vs A", "model": "lstm", "metric": "brier_skill_score t"}
    assert p_of_test(statistic) == statistic | {"metric": "brier_skill_score p"}
    assert p_of_test(p_of_test(statistic)) == p_of_test(statistic)


def test_a_reason_fits_where_all_its_patterns_do():
    figure = {"table": "3", "dataset": "SHARP", "model": "", "metric": "negative"}
    reasons = [{"table": "3", "metric": "pos*", "why": "no"}, {"dataset": "SH*", "model": "", "why": "this"}]
    assert reason_for(figure, reasons, default="none") == "this"
    assert reason_for(figure | {"model": "lstm"}, reasons, default="none") == "none"
