"""The rules on trainings: curves of losses, and scores by the regions that train, on a tiny study."""

from flaredag.artifacts import sha256_of_file
from flaredag.training_curves import read_training_curves

STUDY = "results/embedded/sun2022"
TABLE = f"{STUDY}/training_curves.csv"
FIGURES = [f"{STUDY}/figures/{name}.svg" for name in ("training_curves_lstm", "training_regions")]
RULES = ["list_training_curves", "plot_training_curves", "plot_training_regions"]
N_SEEDS, MOST_EPOCHS = 2, 6


def ask_for_figures(config):
    config["study"]["sun2022"]["figures"] += [
        {
            "name": "training_curves_lstm",
            "title": "Losses",
            "kind": "training_curves",
            "dataset": "SHARP_ONLY",
            "models": ["lstm"],
        },
        {
            "name": "training_regions",
            "title": "Regions",
            "kind": "training_regions",
            "datasets": ["SHARP_ONLY", "FUSED_SHARP"],
            "panels": [{"metric": "true_skill_statistic", "model": "lstm"}],
        },
    ]


def test_a_study_without_such_figures_has_a_table_without_rows(finished):
    assert read_training_curves(finished.path(TABLE)).empty


def test_figures_are_drawn_of_fits_that_are_there_and_again_alike(finished_copy):
    finished_copy.configure(ask_for_figures)
    paths = [TABLE, *FIGURES]
    # The fits are there: none is made.
    assert finished_copy.run("--", *paths) == RULES
    curves = read_training_curves(finished_copy.path(TABLE))
    assert set(curves["dataset"] + " " + curves["model"]) == {"SHARP_ONLY lstm"}
    assert (curves.groupby("seed")["kept"].sum() == 1).all()
    assert curves["seed"].nunique() == N_SEEDS
    assert curves["epoch"].max() <= MOST_EPOCHS
    before = {path: sha256_of_file(finished_copy.path(path)) for path in paths}
    assert finished_copy.run("--", *paths) == []
    for path in paths:
        finished_copy.path(path).unlink()
    assert finished_copy.run("--allowed-rules", *RULES, "--", *paths) == RULES
    assert {path: sha256_of_file(finished_copy.path(path)) for path in paths} == before


def test_a_model_that_is_no_network_is_told(finished_copy):
    def ask(config):
        ask_for_figures(config)
        config["study"]["sun2022"]["figures"][-2]["models"] = ["logistic_regression"]

    finished_copy.configure(ask)
    refused = finished_copy.attempt("--", TABLE)
    assert refused.returncode != 0
    assert "tells no training curves of logistic_regression" in refused.stdout
    assert not finished_copy.path(TABLE).exists() or read_training_curves(finished_copy.path(TABLE)).empty
