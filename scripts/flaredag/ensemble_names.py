"""Names under which the forecasts of an ensemble go. Imported by the Snakefile, so nothing heavy is imported here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def average_model(ensemble: str) -> str:
    """Name of the model that averages the learners of an ensemble."""
    return f"{ensemble}_average"


def best_model(ensemble: str) -> str:
    """Name of the model that selects the learner that is best on the validation split."""
    return f"{ensemble}_best"


def oracle_model(ensemble: str) -> str:
    """Name of the model whose weights were fitted on the test split: what no honest forecast can reach."""
    return f"{ensemble}_oracle_on_test"


def criterion_model(ensemble: str, criterion: str) -> str:
    """Name of the model whose weights are the best by `criterion` on the validation split."""
    return f"{ensemble}_{criterion}"


def ensemble_models(ensemble: str, criteria: Sequence[str]) -> list[str]:
    """Names of all models of an ensemble, in the order of the predictions: by criterion, average, best, oracle."""
    by_criterion = [criterion_model(ensemble, criterion) for criterion in criteria]
    return [*by_criterion, average_model(ensemble), best_model(ensemble), oracle_model(ensemble)]
