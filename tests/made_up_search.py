"""A made-up search of five trials on two splits, and the table of a study's two searches."""

import pandas as pd

from flaredag.search_trials import COMPLETE, FAILED, PRUNED, Trial, optimum

SEEDS, KEYS = (3, 5), ("n_blocks", "head_dropouts.1")
TRIALS = [
    Trial(0, COMPLETE, (0.4, 0.6), {"n_blocks": 4, "head_dropouts.1": 0.2}),
    Trial(1, COMPLETE, (0.7, 0.5), {"n_blocks": 2, "head_dropouts.1": 0.3}),
    Trial(2, PRUNED, (0.7,), {"n_blocks": 1, "head_dropouts.1": 0.5}),
    Trial(3, COMPLETE, (0.5, 0.7), {"n_blocks": 3, "head_dropouts.1": 0.4}),
    Trial(4, FAILED, (), {"n_blocks": 1, "head_dropouts.1": 0.1}),
]
SPACE_IN_WORDS = {"n_blocks": "1, 2, 3, 4", "head_dropouts.1": "0.1 to 0.5"}


def stored(dataset: str) -> dict:
    """Where a search lies in the store, and its space in words."""
    row = {"dataset": dataset, "models": "transformer", "seeds": "3 5", "dataset_digest": "a" * 16}
    row |= {"models_digest": "b" * 16, "path": f"store/searches/{dataset}"}
    return row | {"space": SPACE_IN_WORDS}


def optima() -> dict:
    """What two searches came to: one found better settings, the other, of the same trials by another metric, none."""
    return {
        "first": optimum(TRIALS, metric="true_skill_statistic", seeds=SEEDS),
        "second": optimum(TRIALS, metric="brier_score", seeds=SEEDS),
    }


def searched() -> pd.DataFrame:
    """The table of both."""
    from list_searches import list_searches

    return list_searches(optima(), {"first": stored("ONE"), "second": stored("TWO")}, study="s")
