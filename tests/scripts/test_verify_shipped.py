"""The rule that verifies forecasts that a paper's authors shipped."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, precision_score, recall_score

import made_up_shipped as made_up
from flaredag.errors import InputError
from flaredag.score_tables import TOLD_CATEGORICAL, TOLD_PROBABILISTIC
from flaredag.shipped_forecasts import FORECAST_COLUMNS, read_shipped_forecasts, read_shipped_samples
from flaredag.shipped_results import SHIPPED_SCORE_COLUMNS, read_shipped_scores
from flaredag.shipped_tables import ShippedTable
from verify_shipped import main, verify_shipped

SETTINGS = {"resamples": 60, "seed": 5, "level": 0.95}
TABLE = ShippedTable("s.csv", "C1.0", has_new_names=False, forecasts="f.csv", threshold=0.5)


def scored(forecasts: pd.DataFrame, table: ShippedTable = TABLE) -> pd.DataFrame:
    return verify_shipped(forecasts, table, **SETTINGS).set_index("metric")


def test_scores_by_hand():
    # The forecasts of Liu et al. 2019 for C: 56 + 28 events, 21 + 80 others.
    scores = scored(made_up.forecasts_of((56, 28, 21, 80)))
    values = scores["value"]
    assert values[["hits", "misses", "false_alarms", "correct_negatives"]].tolist() == [56, 28, 21, 80]
    assert values["probability_of_detection"] == pytest.approx(56 / 84)
    assert values["precision"] == pytest.approx(56 / 77)
    assert values["accuracy"] == pytest.approx(136 / 185)
    assert values["balanced_accuracy"] == pytest.approx((56 / 84 + 80 / 101) / 2)
    assert values["true_skill_statistic"] == pytest.approx(56 / 84 - 21 / 101)
    # Right by chance: (77 * 84 + 108 * 101) / 185 = 93.92.
    by_chance = (77 * 84 + 108 * 101) / 185
    assert values["heidke_skill_score"] == pytest.approx((136 - by_chance) / (185 - by_chance))
    assert values[list(TOLD_PROBABILISTIC)].isna().all()
    assert set(scores.loc[list(TOLD_PROBABILISTIC), "why"]) == {
        "the authors shipped labels, which are no probabilities"
    }
    assert (scores["n_samples"].iloc[0], scores["n_events"].iloc[0], scores["n_regions"].iloc[0]) == (185, 84, 1)


def test_of_one_region_there_is_no_interval_and_it_is_told():
    scores = scored(made_up.forecasts_of((5, 2, 3, 4)))
    assert scores["low"].isna().all()
    assert scores["high"].isna().all()
    told = "no interval: all samples are of one region, and no other can be drawn"
    assert (scores.loc[list(TOLD_CATEGORICAL), "why"] == told).all()


def test_intervals_are_those_of_drawn_regions_by_a_plain_loop():
    forecasts = made_up.forecasts_of((5, 2, 3, 4), (1, 3, 2, 6), (4, 0, 5, 1))
    scores = scored(forecasts)
    generator = np.random.default_rng(SETTINGS["seed"])
    drawn = {name: [] for name in ("precision", "balanced_accuracy", "probability_of_detection")}
    for _ in range(SETTINGS["resamples"]):
        regions = 5000 + generator.integers(3, size=3)
        rows = pd.concat([forecasts[forecasts["region"] == region] for region in regions])
        drawn["precision"].append(precision_score(rows["label"], rows["forecast"]))
        drawn["balanced_accuracy"].append(balanced_accuracy_score(rows["label"], rows["forecast"]))
        drawn["probability_of_detection"].append(recall_score(rows["label"], rows["forecast"]))
    for name, values in drawn.items():
        wanted = np.percentile(values, [2.5, 97.5])
        assert scores.loc[name, ["low", "high"]].tolist() == pytest.approx(wanted.tolist())
        assert scores.loc[name, "why"] == ""


def test_a_score_that_is_not_defined_says_why():
    scores = scored(made_up.forecasts_of((0, 3, 0, 4), (0, 1, 0, 2)))
    assert np.isnan(scores.loc["precision", "value"])
    assert scores.loc["precision", "why"] == "no event was forecast"
    assert np.isnan(scores.loc["precision", "low"])
    without_events = scored(made_up.forecasts_of((0, 0, 3, 4)))
    assert without_events.loc["true_skill_statistic", "why"] == "only one outcome occurred"


def test_published_figures_stand_beside(tmp_path):
    table = ShippedTable(
        "s.csv",
        "C1.0",
        has_new_names=False,
        forecasts="f.csv",
        threshold=0.5,
        published={"precision": [0.541, 0.03]},
    )
    scores = scored(made_up.forecasts_of((5, 2, 3, 4)), table)
    assert scores.loc["precision", ["published", "published_sd"]].tolist() == [0.541, 0.03]
    assert scores.drop("precision")["published"].isna().all()


def verified(tmp_path, rows: pd.DataFrame, facts: list[str]):
    path = tmp_path / "forecasts.csv"
    made_up.written(path, rows)
    out = tmp_path / "out" / "scores.csv"
    main(str(path), facts, str(out), **SETTINGS)
    return out


def test_the_rule_writes_the_scores_of_each_table(tmp_path):
    facts = made_up.written_facts(tmp_path / "facts.yaml", made_up.facts())
    keys = {"table": "C", "noaa_ar": 12000, "time": "2015-03-01T00:00:00", "goes_class": ""}
    rows = made_up.forecasts_of((8, 2, 5, 15), (0, 0, 0, 30)).assign(**keys)[list(FORECAST_COLUMNS)]
    out = verified(tmp_path, rows, [facts])
    read = read_shipped_scores(out)
    assert list(read) == list(SHIPPED_SCORE_COLUMNS)
    assert read["table"].unique().tolist() == ["C"]
    assert read.set_index("metric").loc["true_skill_statistic", "value"] == pytest.approx(0.8 - 0.1)
    assert (read.set_index("metric").loc["true_skill_statistic", ["threshold", "published"]] == [0.5, 0.6]).all()
    first = out.read_bytes()
    assert verified(tmp_path, rows, [facts]).read_bytes() == first


def test_where_nothing_was_shipped_there_are_no_scores(tmp_path):
    out = verified(tmp_path, pd.DataFrame(columns=list(FORECAST_COLUMNS)), [])
    assert out.read_text() == ",".join(SHIPPED_SCORE_COLUMNS) + "\n"


def test_forecasts_of_other_tables_are_refused(tmp_path):
    facts = made_up.written_facts(tmp_path / "facts.yaml", made_up.facts())
    keys = {"table": "M", "noaa_ar": 12000, "time": "2015-03-01T00:00:00", "goes_class": ""}
    rows = made_up.forecasts_of((8, 2, 5, 15)).assign(**keys)[list(FORECAST_COLUMNS)]
    with pytest.raises(InputError, match=r"forecasts of M; .*tells of C"):
        verified(tmp_path, rows, [facts])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "least_class", "region", "recall", "precision", "tss"),
    [("C", "C1.0", 6972, 0.667, 0.727, 0.459), ("M", "M1.0", 5415, 0.957, 0.239, 0.586)],
)
def test_the_forecasts_of_liu_et_al(mirror, name, least_class, region, recall, precision, tss):
    """By scikit-learn as by ours; Table 5 of the paper has .773, .541 and .612 for C, of all regions."""
    path = mirror / "liu2019_lstm" / f"{name}_normalized_testing.csv"
    forecast = read_shipped_forecasts(mirror / "liu2019_lstm" / f"{name}_output.csv", samples_path=path)
    samples = read_shipped_samples(path, least_class=least_class).samples.assign(forecast=forecast)
    values = scored(samples)["value"]
    assert values[["probability_of_detection", "precision", "true_skill_statistic"]].tolist() == pytest.approx(
        [recall, precision, tss], abs=5e-4
    )
    assert values["precision"] == pytest.approx(precision_score(samples["label"], forecast))
    assert values["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(samples["label"], forecast))
    assert set(samples["region"]) == {region}
