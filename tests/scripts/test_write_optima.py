"""The rule that writes the optima of searches as a configuration."""

import yaml

import made_up_search as made_up
from flaredag.artifacts import write_json
from write_optima import main

SETTINGS = {"n_blocks": 4, "head_dropouts": [0.2, 0.1], "learning_rate": 0.01}
SEARCHES = {
    "first": {"dataset": "ONE", "settings": SETTINGS, "models": ["transformer", "transformer_by_brier_score"]},
    "second": {"dataset": "TWO", "settings": SETTINGS, "models": ["transformer"]},
}


def test_only_what_was_searched_is_laid_over_the_configuration(tmp_path):
    paths = {name: str(tmp_path / f"{name}.json") for name in SEARCHES}
    for name, content in made_up.optima().items():
        write_json(paths[name], content)
    main(paths, str(tmp_path / "optima.yaml"), searches=SEARCHES, study="s")
    text = (tmp_path / "optima.yaml").read_text()
    assert "optima of the hyperparameter searches of s" in text
    # An element of a list is changed, and all of the list is told.
    found = {"n_blocks": 2, "head_dropouts": [0.3, 0.1]}
    assert yaml.safe_load(text) == {
        "study": {
            "s": {
                "search": {"skipped": True},
                "datasets": {
                    "ONE": {"model_settings": {"transformer": found, "transformer_by_brier_score": found}},
                    "TWO": {"model_settings": {"transformer": {"n_blocks": 4, "head_dropouts": [0.2, 0.1]}}},
                },
            }
        }
    }
