"""Published files: what each is, where it stands, under which licence, and which bytes it must have."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import yaml

from flaredag.errors import InputError

FORMS = ("labelled_samples", "swansf_windows")
_KINDS = {"str": (str, "text (quote a number)"), "int": (int, "a whole number")}


@dataclass(frozen=True)
class SourceFile:
    """One published file, of one shard of one instrument.

    `name` is its path below the folder of raw data; `sha256` and `bytes` are those of the file at `address`.
    `mirror` is its path below a mirror and `mirror_sha256` the digest there: of the gzip, where `mirror`
    is `name` with ".gz".
    """

    name: str
    address: str
    bytes: int
    sha256: str
    mirror: str
    mirror_sha256: str
    instrument: str
    shard: str


@dataclass(frozen=True)
class Source:
    """Files published together: one title, form, licence and citation.

    `form` tells which rule curates the files: "labelled_samples" or "swansf_windows".
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
    return source


def _file(entry: object, where: str) -> SourceFile:
    if not isinstance(entry, dict):
        raise InputError(f"{where}: a mapping wanted, {entry!r} found.")
    where = f"{where} ({entry.get('name', 'no name')})"
    file = SourceFile(**_checked_keys(entry, SourceFile, where))
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
    if address.scheme not in {"http", "https"} or not address.hostname or "@" in address.netloc:
        raise InputError(f"{where}: address: http(s)://host/path without user and password wanted.")
    return file


def _checked_keys(entry: dict[str, Any], form: type, where: str) -> dict[str, Any]:
    """`entry`, with exactly the keys of dataclass `form`, text and whole numbers where it says so."""
    wanted = {field.name: str(field.type) for field in fields(form)}
    for fault, keys in (("missing", wanted.keys() - entry.keys()), ("unknown", entry.keys() - wanted.keys())):
        if keys:
            named = ", ".join(sorted(map(str, keys)))
            raise InputError(f"{where}: {fault}: {named}. Wanted keys: {', '.join(wanted)}.")
    for key, kind in wanted.items():
        if kind in _KINDS and (type(entry[key]) is not _KINDS[kind][0] or entry[key] == ""):
            raise InputError(f"{where}: {key}: {_KINDS[kind][1]} wanted, {entry[key]!r} found.")
    return entry
