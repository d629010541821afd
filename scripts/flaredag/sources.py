"""Published files: what each is, where it stands, under which licence, and which bytes it must have."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import yaml

from flaredag.errors import InputError

# Whether files of a form are each of one shard of one instrument.
FORMS = {
    "labelled_samples": True,
    "swansf_windows": True,
    "magnetograms": True,
    "synoptic_charts": False,
    "region_summaries": False,
    "srs_archives": False,
    "listed_flares": False,
    "hek_flares": False,
    "edited_events": False,
    "ncei_reports": False,
    "sharp_table": False,
    "high_energy_series": False,
    "high_energy_events": False,
    "shipped_forecasts": False,
    "operational_forecasts": False,
    "class_counts": False,
    "harp_noaa": False,
}
_KINDS = {"str": (str, "text (quote a number)"), "int": (int, "a whole number")}


@dataclass(frozen=True)
class SourceFile:
    """One published file; where its form says so, of one shard of one instrument.

    `name` is its path below the folder of raw data; `sha256` and `bytes` are those of the file at `address`, which is
    empty where it stands nowhere but in mirrors. `mirror` is its path below a mirror and `mirror_sha256` the digest
    there: of the gzip, where `mirror` is `name` with ".gz". A manifest may leave both out where they are `name` and
    `sha256`.
    """

    name: str
    address: str
    bytes: int
    sha256: str
    mirror: str = ""
    mirror_sha256: str = ""
    instrument: str = ""
    shard: str = ""


@dataclass(frozen=True)
class Source:
    """Files published together: one title, form, licence and citation.

    `form`, one of `FORMS`, tells which rule curates the files.
    """

    title: str
    form: str
    licence: str
    citation: str
    citation_key: str
    files: tuple[SourceFile, ...]


def read_manifest(path: str | Path) -> dict[str, Source]:
    """Read the published sources of a manifest (YAML), by name.

    InputError with path, entry and key where a key is missing or misspelt, a digest malformed, a file
    name repeated or outside its folder, or an address not plain http(s).
    """
    try:
        content = yaml.safe_load(Path(path).read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read as YAML: {error}") from error
    entries = content.get("sources") if isinstance(content, dict) and len(content) == 1 else None
    if not isinstance(entries, dict):
        raise InputError(f"{path}: one key `sources`, a mapping of names to sources, wanted.")
    sources = {name: _source(entry, f"{path}: source {name}") for name, entry in entries.items()}
    names = [file.name for source in sources.values() for file in source.files]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError(f"{path}: each file name must stand once; repeated: {', '.join(repeated)}.")
    return sources


def files_of_form(sources: dict[str, Source], form: str) -> list[SourceFile]:
    """Files of all sources of one form, in the order of the manifest."""
    return [file for source in sources.values() if source.form == form for file in source.files]


def files_by_name(sources: dict[str, Source]) -> dict[str, SourceFile]:
    """All files of all sources."""
    return {file.name: file for source in sources.values() for file in source.files}


def _source(entry: object, where: str) -> Source:
    if not isinstance(entry, dict) or not isinstance(entry.get("files"), list) or not entry["files"]:
        raise InputError(f"{where}: a mapping with a list `files` wanted.")
    files = tuple(_file(given, f"{where}: file {count}") for count, given in enumerate(entry["files"], start=1))
    source = Source(**{**_checked_keys(entry, Source, where), "files": files})
    if source.form not in FORMS:
        raise InputError(f"{where}: form: one of {', '.join(FORMS)} wanted, {source.form!r} found.")
    for count, file in enumerate(files, start=1):
        if bool(file.instrument) != FORMS[source.form] or bool(file.shard) != FORMS[source.form]:
            wanted = "wanted of each file" if FORMS[source.form] else "not wanted"
            raise InputError(
                f"{where}: file {count} ({file.name}): instrument and shard are {wanted} of form {source.form}; found "
                f"{file.instrument!r}, {file.shard!r}."
            )
    return source


def _file(entry: object, where: str) -> SourceFile:
    if not isinstance(entry, dict):
        raise InputError(f"{where}: a mapping wanted, {entry!r} found.")
    where = f"{where} ({entry.get('name', 'no name')})"
    checked = _checked_keys(entry, SourceFile, where, may_be_empty=("address",))
    file = SourceFile(**{"mirror": checked["name"], "mirror_sha256": checked["sha256"]} | checked)
    if file.bytes < 1:
        raise InputError(f"{where}: bytes: a positive number wanted, {file.bytes} found.")
    for key in ("sha256", "mirror_sha256"):
        if not re.fullmatch("[0-9a-f]{64}", getattr(file, key)):
            raise InputError(f"{where}: {key}: 64 digits 0-9, a-f wanted, {getattr(file, key)!r} found.")
    for key in ("name", "mirror"):
        given = PurePosixPath(getattr(file, key))
        if given.is_absolute() or ".." in given.parts or not given.name:
            raise InputError(f"{where}: {key}: a path below its folder wanted, {str(given)!r} found.")
    address = urlsplit(file.address)
    # User and password in an address would end up in logs.
    if file.address and (address.scheme not in {"http", "https"} or not address.hostname or "@" in address.netloc):
        raise InputError(
            f"{where}: address: http(s)://host/path without user and password wanted, or nothing for a file that "
            "stands in mirrors alone."
        )
    return file


def _checked_keys(
    entry: dict[str, Any], form: type, where: str, *, may_be_empty: tuple[str, ...] = ()
) -> dict[str, Any]:
    """`entry`, with the keys of dataclass `form` and no others, text and whole numbers where it says so."""
    wanted = {field.name: str(field.type) for field in fields(form)}
    needed = {field.name for field in fields(form) if field.default is MISSING}
    for fault, keys in (("missing", needed - entry.keys()), ("unknown", entry.keys() - wanted.keys())):
        if keys:
            named = ", ".join(sorted(map(str, keys)))
            raise InputError(f"{where}: {fault}: {named}. Wanted keys: {', '.join(wanted)}.")
    for key in (name for name in wanted if name in entry):
        if wanted[key] not in _KINDS:
            continue
        kind, told = _KINDS[wanted[key]]
        if type(entry[key]) is not kind or (entry[key] == "" and key not in may_be_empty):
            raise InputError(f"{where}: {key}: {told} wanted, {entry[key]!r} found.")
    return entry
