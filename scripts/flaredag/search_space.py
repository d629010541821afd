"""The space that hyperparameters are searched in: how a setting is named, what it may be, and settings from values.

A setting of a model goes by its name; an element of one that is a list by the name, a point and its place, counted from
1: `head_dropouts.2`. Its dimension says what it may be: one of `choices`, or from `low` to `high`, whole numbers where
both are written as such (1 and not 1.0), drawn by their logarithm where `log` is true.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Dimension = Mapping[str, Any]
    Space = Mapping[str, Dimension]

MEND = "Mend `search.space`."


def setting_at(settings: Mapping[str, Any], key: str) -> Any:
    """The setting of a model, or element of one, that goes by `key`; InputError where there is none."""
    name, _, place = key.partition(".")
    if name not in settings:
        raise InputError(f"no setting {name}; the model has {', '.join(settings)}. {MEND}")
    own = settings[name]
    if not place:
        if isinstance(own, list):
            raise InputError(
                f"{name} is a list of {len(own)}; wanted its elements one by one, as {name}.1 to {name}.{len(own)}. "
                f"{MEND}"
            )
        return own
    if not isinstance(own, list) or not place.isdecimal() or not 1 <= int(place) <= len(own):
        found = f"a list of {len(own)}" if isinstance(own, list) else f"{own!r}, no list"
        raise InputError(f"no setting {key}: {name} is {found}; wanted one of its elements, from {name}.1 on. {MEND}")
    return own[int(place) - 1]


def with_values(settings: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a model with `values`, by their keys, in their places; InputError where it has no such setting."""
    changed = dict(settings)
    for key, value in values.items():
        setting_at(changed, key)
        name, _, place = key.partition(".")
        if place:
            changed[name] = [value if i == int(place) else other for i, other in enumerate(changed[name], 1)]
        else:
            changed[name] = value
    return changed


def values_in(settings: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """Of settings of a model those that `space` names, by their keys."""
    return {key: setting_at(settings, key) for key in space}


def extremes(space: Space) -> list[dict[str, Any]]:
    """Values, by their keys, at the ends of every dimension, or at each of its choices."""
    ends = {key: own["choices"] if "choices" in own else [own["low"], own["high"]] for key, own in space.items()}
    return [{key: own[min(i, len(own) - 1)] for key, own in ends.items()} for i in range(max(map(len, ends.values())))]


def of_whole_numbers(dimension: Dimension) -> bool:
    """Whether a dimension from low to high is of whole numbers."""
    return all(isinstance(dimension[end], int) for end in ("low", "high"))


def holds(dimension: Dimension, value: Any) -> bool:
    """Whether a dimension has `value` in it."""
    if "choices" in dimension:
        return value in dimension["choices"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    whole = isinstance(value, int) or not of_whole_numbers(dimension)
    return whole and dimension["low"] <= value <= dimension["high"]


def check_dimension(key: str, dimension: Dimension) -> None:
    """InputError where a dimension from low to high is none, or has no logarithm; the rest is in the schema."""
    if "choices" in dimension:
        return
    low, high = dimension["low"], dimension["high"]
    if low >= high:
        raise InputError(f"{key}: from {low:g} to {high:g}; wanted a low below the high. {MEND}")
    if dimension.get("log") and low <= 0:
        raise InputError(f"{key}: by its logarithm from {low:g}; wanted a low above 0, or no `log`. {MEND}")


def in_words(dimension: Dimension) -> str:
    """What a dimension may be, as a reader wants it."""
    if "choices" in dimension:
        return ", ".join(map(str, dimension["choices"]))
    return f"{dimension['low']:g} to {dimension['high']:g}{' by its logarithm' if dimension.get('log') else ''}"
