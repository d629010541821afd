"""The manifest of a run: for every artifact its sha256, what it was made from, its seeds; and versions of packages."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from flaredag.artifacts import sha256_of_file
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Artifact(TypedDict):
    """A file of the run, the files that it was made from, and its seeds."""

    path: str
    made_from: Sequence[str]
    seeds: Sequence[int]


def installed_versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Version of Python and of each of `packages`; None for one that this environment lacks."""
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return versions


def rows_of_artifacts(artifacts: Iterable[Artifact]) -> list[dict[str, Any]]:
    """Path, sha256, seeds, and sha256 of each file that it was made from; InputError where a file is missing."""
    digests: dict[str, str] = {}

    def digest(path: str) -> str:
        if path not in digests:
            try:
                digests[path] = sha256_of_file(path)
            except OSError as error:
                raise InputError(
                    f"{path}: wanted in the manifest, but {error.strerror}. Run snakemake again."
                ) from error
        return digests[path]

    return [
        {
            "path": artifact["path"],
            "sha256": digest(artifact["path"]),
            "made_from": {path: digest(path) for path in artifact["made_from"]},
            "seeds": list(artifact["seeds"]),
        }
        for artifact in artifacts
    ]


def rows_of_fits(fits: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Like `rows_of_artifacts`, of every file in the folders of `fits` (rows of flaredag.store.FIT_COLUMNS).

    What they were made from are the digests in their names; the provenance file beside them tells these in clear.
    """
    rows = {}
    for fit in fits:
        # Hidden: what a killed run had begun to write.
        files = sorted(path for path in Path(fit["path"]).glob("[!.]*") if path.is_file())
        if not files:
            raise InputError(f"{fit['path']}: the list of fits names it, but it holds no file. Run snakemake again.")
        for path in files:
            rows[str(path)] = {
                "path": str(path),
                "sha256": sha256_of_file(path),
                "made_from": {"dataset": fit["dataset_digest"], "models": fit["models_digest"]},
                "seeds": [int(seed) for seed in fit["seeds"].split()],
            }
    return list(rows.values())
