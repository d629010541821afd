"""What a study has its features permuted for: data sets, models, settings.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def permuted_datasets(study: Mapping[str, Any]) -> list[str]:
    """Data sets on whose test split features are permuted; none in a study that does not ask for it."""
    return list(study.get("importance", {}).get("datasets", []))


def permuted_series(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Data set and model of every fit whose features are permuted."""
    models = study.get("importance", {}).get("models", [])
    return [{"dataset": dataset, "model": model} for dataset in permuted_datasets(study) for model in models]
