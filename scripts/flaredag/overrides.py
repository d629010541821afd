"""What an effort and an archive change in the configuration, before anything reads it.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.errors import InputError
from flaredag.left_out import names_like, without_left_out

if TYPE_CHECKING:
    from collections.abc import Mapping


def overridden(config: Mapping[str, Any], *, effort: str) -> dict[str, Any]:
    """The configuration with what the effort changes, and over that what each study has under its archive.

    `on_archive` of a study is gone then, and so is what its `left_out` names (`flaredag.left_out`). Keys of `datasets`
    in an override are patterns of names (`*` for anything). InputError where one fits no data set.
    """
    by_effort = config["efforts"][effort]
    changed = laid_over(config, {key: value for key, value in by_effort.items() if key != "study"})
    of_effort = by_effort.get("study", {})
    unknown = sorted(set(of_effort) - set(config["study"]))
    if unknown:
        raise InputError(
            f"efforts.{effort}.study: no study {', '.join(unknown)}; the configuration describes "
            f"{', '.join(config['study'])}. Mend config.yaml."
        )
    changed["study"] = {
        name: _study(study, of_effort.get(name, {}), name=name, effort=effort, archive=config["archive"])
        for name, study in config["study"].items()
    }
    return changed


def laid_over(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `change` over it, as JSON Merge Patch has it (RFC 7396).

    Mappings are merged key by key, null takes a key away, anything else, a list too, stands for what was there.
    """
    merged = dict(base)
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = laid_over(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def _study(
    study: Mapping[str, Any], of_effort: Mapping[str, Any], *, name: str, effort: str, archive: str
) -> dict[str, Any]:
    """One study as the effort and the archive have it."""
    merged = _laid_over_study(study, of_effort, where=f"efforts.{effort}.study.{name}")
    of_archive = merged.pop("on_archive", {}).get(archive, {})
    merged = _laid_over_study(merged, of_archive, where=f"study.{name}.on_archive.{archive}")
    return without_left_out(merged, where=f"study.{name}")


def _laid_over_study(study: Mapping[str, Any], change: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """A study with `change` over it, whose data sets go by patterns."""
    merged = laid_over(study, {key: value for key, value in change.items() if key != "datasets"})
    for pattern, own in change.get("datasets", {}).items():
        for name in names_like(pattern, list(merged["datasets"]), where=f"{where}.datasets"):
            merged["datasets"] = laid_over(merged["datasets"], {name: own})
    return merged
