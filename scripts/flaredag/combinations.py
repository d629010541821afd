"""Combinations of forecasts as the configuration describes them: sets of members, and the sources that they are from.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.errors import InputError
from flaredag.studies import settings_of_disk

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a source is made from: a published table of probabilities, texts as centres issue them, McIntosh classes of the
# day's groups, or forecasts of the whole disk by models of a study.
TABLE, BULLETINS, CLASSES, FULL_DISK = "table", "bulletins", "classes", "full_disk"


def described_sets(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Sets of all combinations by name: own settings, those of the combination, and under `sources` those of each.

    InputError where a set stands in two combinations, or names a source that its combination does not describe.
    """
    found: dict[str, dict[str, Any]] = {}
    for combination, described in config["combinations"].items():
        for name, own in described["sets"].items():
            where = f"combinations.{combination}.sets.{name}"
            if name in found:
                raise InputError(f"{where}: {found[name]['combination']} has a set of this name. Rename one.")
            unknown = [source for source in own["sources"] if source not in described["sources"]]
            if unknown:
                known = ", ".join(described["sources"])
                raise InputError(f"{where}: no source {', '.join(unknown)}; described are {known}. Mend it.")
            common = {key: described[key] for key in ("window_hours", "flare_list")}
            sources = {source: described["sources"][source] for source in own["sources"]}
            found[name] = {"combination": combination} | common | own | {"sources": sources}
    return found


def source_names(sets: Mapping[str, Mapping[str, Any]], kind: str) -> list[str]:
    """Names of all sources of a kind; InputError where a source of this name is of another kind elsewhere."""
    described = [(name, source["kind"]) for own in sets.values() for name, source in own["sources"].items()]
    names = sorted({name for name, of_kind in described if of_kind == kind})
    mixed = sorted({name for name, of_kind in described if of_kind != kind and name in names})
    if mixed:
        raise InputError(f"combinations: source {', '.join(mixed)} is of several kinds. Rename one of them.")
    return names


def sources_of_kinds(described: Mapping[str, Any], *kinds: str) -> list[str]:
    """Names of the sources of a set that are of some kinds, in its order."""
    return [name for name, source in described["sources"].items() if source["kind"] in kinds]


def files_of_source(source: Mapping[str, Any]) -> list[str]:
    """Names of the published files of a source, each once."""
    named = [source.get("file", ""), *(one["file"] for one in source.get("members", {}).values())]
    return list(dict.fromkeys(name for name in (*named, source.get("listed_flares", "")) if name))


def disk_of_source(source: Mapping[str, Any], studies: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Of forecasts of the whole disk by a study's models: its `name`, the seed, the window and the event.

    InputError where the study does not run on the archive, or has no such forecasts.
    """
    study, disk = source["study"], source["disk"]
    if study not in studies or disk not in studies[study]["full_disk"]:
        raise InputError(
            f"combinations: source {study} {disk}: no such forecasts of the whole disk; studies that run are "
            f"{', '.join(studies)}. Choose the study (studies={study}), or name other forecasts."
        )
    settings = settings_of_disk(studies[study], disk)["settings"]
    return {
        "source": f"{study} {disk}",
        "seed": source["seed"],
        "window_hours": settings["horizon_hours"],
        "event": settings["strong_class"],
    }


def event_of_set(described: Mapping[str, Any]) -> dict[str, Any]:
    """What a set forecasts, and for how long (`flaredag.event_days.event_days`)."""
    classes = {"least_class": described["event"], "below_class": described.get("below", "")}
    return classes | {"window_hours": described["window_hours"]}


def settings_of_table(described: Mapping[str, Any], name: str) -> dict[str, Any]:
    """How the table of a source of a set is read (`flaredag.member_files.read_members_csv`)."""
    own = {key: value for key, value in described["sources"][name].items() if key not in ("kind", "file")}
    return own | {"window_hours": described["window_hours"]}
