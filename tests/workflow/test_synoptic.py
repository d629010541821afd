"""The study on synoptic charts, from the real files to the report: a study that is data."""

import json

import pandas as pd

SETTINGS = ("archive=published", "studies=synoptic")


def test_the_real_charts_run_to_the_report(project, mirror):
    """Two seeds and one epoch: what goes in and out, not how good it is."""

    def short(config):
        config["study"]["synoptic"]["seeds"] = [0, 1]
        config["models"]["cnn_by_ranking"]["max_epochs"] = 1

    project.configure(short)
    result = project.attempt("--config", *SETTINGS, f"mirror={mirror}", "--", "results/report.pdf")
    assert result.returncode == 0, result.stdout[-4000:]
    samples = json.loads(project.path("results/published/synoptic/samples.json").read_text())["samples"]
    assert {name: (one["positive"], one["positive"] + one["negative"]) for name, one in samples.items()} == {
        "synoptic within_24_h": (182, 1083),
        "synoptic within_48_h": (260, 1083),
        "synoptic within_72_h": (312, 1083),
    }
    scores = pd.read_csv(project.path("results/scores.csv"))
    assert set(scores["dataset"]) == {"WITHIN_24_H", "WITHIN_48_H", "WITHIN_72_H", "WITHIN_24_H_BY_TIME"}
    assert {"cnn_by_ranking", "logistic_regression_on_first_feature"} <= set(scores["model"])
