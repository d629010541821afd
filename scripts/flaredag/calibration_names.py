"""Names under which calibrated forecasts go. Imported by the Snakefile, so nothing heavy is imported here."""

from __future__ import annotations

from flaredag.errors import InputError

# In the order of files and tables.
METHODS = ("prior_shift", "platt", "beta", "isotonic")
_SEPARATOR = "."


def calibrated_name(model: str, method: str) -> str:
    """Name of the forecasts of `model` calibrated by `method`; InputError if there is no such method."""
    if method not in METHODS:
        raise InputError(f"no method of calibration {method!r}; there are {', '.join(METHODS)}.")
    return f"{model}{_SEPARATOR}{method}"


def is_calibrated(name: str) -> bool:
    """Whether `name` is of calibrated forecasts."""
    model, _, method = name.rpartition(_SEPARATOR)
    return bool(model) and method in METHODS


def raw_name(name: str) -> str:
    """Name of the model behind `name`, calibrated or not."""
    return name.rpartition(_SEPARATOR)[0] if is_calibrated(name) else name
