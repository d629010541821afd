"""What the fit of every network on sequences must do: checks that their tests share."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import torch

from flaredag.models import FittedModel
from flaredag.samples import Samples
from made_up_sequences import bytes_of, ordered_samples

BOTH = ("true_skill_statistic", "brier_score")


def check_that_the_seed_alone_decides(fitted: Callable[..., FittedModel], test: Samples) -> None:
    """Same seed, same bits, whatever threads and torch's own random numbers are; another seed gives others.

    `fitted`: fits with the keyword `seed`, 0 where it is not given.
    """
    threads, written = torch.get_num_threads(), []
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            torch.manual_seed(n_threads)
            fit = fitted()
            written.append((bytes_of(fit), fit.history, fit.probability(test).tobytes()))
    finally:
        torch.set_num_threads(threads)
    assert written[0] == written[1]
    assert bytes_of(fitted(seed=1)) != written[0][0]


def check_that_one_training_gives_both_epochs(model: ModuleType, settings: Mapping[str, Any]) -> None:
    """The fits at the epochs of `BOTH` from one training are those of two, and each is the best by its criterion."""
    splits = ordered_samples(), ordered_samples(seed=1)
    fits = model.fit_kept_epochs(*splits, seed=0, settings=settings, kept_epochs=BOTH)
    assert list(fits) == list(BOTH)
    for name in BOTH:
        alone = model.fit(*splits, seed=0, settings={**settings, "kept_epoch": name})
        assert bytes_of(fits[name]) == bytes_of(alone)
        assert fits[name].history == alone.history
        scores = alone.history[f"validation_{name}"]
        best = min(scores) if name == "brier_score" else max(scores)
        assert alone.history["best_epoch"] == scores.index(best) + 1
