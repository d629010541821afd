"""The section of the report on trainings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import made_up_trainings as made_up
from flaredag.errors import InputError
from flaredag.report_training import training
from made_up_results import comparisons_of, results_of, study_named

CURVES = {"dataset": "A", "models": list(made_up.MODELS)}
PANELS = [{"metric": "true_skill_statistic", "model": "lstm"}, {"metric": "brier_skill_score", "model": "lstm"}]
REGIONS: dict[str, Any] = {"datasets": ["B", "A"], "panels": PANELS}
MINUS = "\N{MINUS SIGN}"


def study_with(**figure: Any) -> dict[str, Any]:
    return study_named("s") | {"figures": [{"name": "f", "title": "F", "section": "Training"} | figure]}


@pytest.fixture
def results(tmp_path):
    """Results of a study with training curves; of A 12 regions train, of B 9, and A is compared with B."""
    found = results_of(tmp_path)
    for name, n in (("A", 12), ("B", 9)):
        for seed in found.index["datasets"][name]["seeds"].values():
            # The mapping is one for both data sets.
            seed["regions"] = {"train": n, "validation": 3, "test": 3}
        found.index["datasets"][name]["seeds"] = {
            key: dict(seed) for key, seed in found.index["datasets"][name]["seeds"].items()
        }
    compared = comparisons_of("s").iloc[[1]].assign(a="A lstm", b="B lstm", difference=0.35, low=0.1, high=0.6)
    return replace(found, training_curves=made_up.training_curves(), comparisons=compared)


def test_a_study_without_such_figures_says_nothing(results):
    assert training(study_named("s"), results) == []


def test_overfitting_is_told_by_seed_with_the_epochs_kept(results):
    told, table = training(study_with(training_curves=CURVES), results)
    # Of seed 0 the means turn at epoch 26; transformer keeps epoch 12, the other name 20. The losses of seed 1 stay.
    assert "In 1 of 2 seeds the validation loss rises again" in told["text"]
    assert "after epoch 26 at the earliest and 26 at the latest" in told["text"]
    # .48 and .32 are .16 and 0 above the least, .32; the other name keeps the least.
    assert "transformer lies after that in none of them; its validation loss is 0.080 above the least" in told["text"]
    assert "0.160 at most" in told["text"]
    assert "by brier score lies after that in none of them; its validation loss is 0.000 above" in told["text"]
    first, second = (row["cells"] for row in table["rows"])
    assert first == [
        *("0", "12", "0.590", "0.480", "20", "0.510", "0.320", "20", "0.510", "0.320"),
        *("26", f"{MINUS}0.140", "+0.122"),
    ]
    assert second[:4] == ["1", "35", "0.360", "0.320"]
    assert second[-3:] == ["29", f"{MINUS}0.110", "0.000"]
    assert sum(n for _, n in table["spans"]) == len(table["columns"]) == len(first)


def test_a_training_of_few_epochs_tells_no_turn(results):
    few = made_up.training_curves().query("epoch <= 19 and model == 'transformer'")
    few.loc[few["epoch"] == 12, "kept"] = 1
    told, table = training(
        study_with(training_curves=CURVES | {"models": ["transformer"]}), replace(results, training_curves=few)
    )
    assert "In none of 2 seeds" in told["text"]
    assert table["rows"][0]["cells"][-3:] == ["\N{EN DASH}"] * 3


def test_regions_stand_from_most_to_fewest_with_what_all_gain(results):
    told, table = training(study_with(training_regions=REGIONS), results)
    most, fewest = (row["cells"] for row in table["rows"])
    assert (most[0], most[1]["mean"], fewest[0], fewest[1]["mean"]) == ("A", "12", "B", "9")
    assert (most[2]["mean"], most[2]["interval"], fewest[2]["mean"]) == ("0.850", "[0.750, 0.950]", "0.500")
    assert most[3] == "\N{EN DASH}"
    assert (fewest[3]["mean"], fewest[3]["interval"]) == ("+0.350", "[+0.100, +0.600]")
    # BSS is not compared.
    assert fewest[5] == "\N{EN DASH}"
    assert told["text"] == (
        "Would more regions help? From 9 to 12 regions that train: the TSS of LSTM changes by +0.350 (95 % interval "
        "+0.100 to +0.600), more than chance; the BSS of LSTM is not compared."
    )


def test_a_score_that_is_not_there_is_told(results):
    unknown = REGIONS | {"panels": [{"metric": "brier_score", "model": "cnn"}]}
    with pytest.raises(InputError, match="intervals hold no brier_score of A cnn"):
        training(study_with(training_regions=unknown), results)
