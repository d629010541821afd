"""Each script's environment, and the lock of all packages, from the imports and one list of pins.

Run as `python -m flaredag.environments` in the root of the repository (`make envs`).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from flaredag.artifacts import written_whole
from flaredag.errors import InputError
from flaredag.provenance import imported_files, imports_of

HEADER = "# Made by `make envs` from {made_from}: changes made here are lost.\n"
ENVIRONMENT_HEADER = HEADER.format(made_from="the script's imports and envs/pins.yaml")
LOCK_HEADER = HEADER.format(made_from="envs/pins.yaml")
LOCK_NAME, PINS_NAME = "requirements.txt", "pins.yaml"
UV_COMPILE = ["pip", "compile", "--quiet", "--no-config", "--no-header", "--no-annotate", "--python-platform=linux"]
# These come with the CUDA build of torch alone; pip fetches them by itself where it takes that build.
CUDA_ONLY = re.compile(r"(nvidia|cuda)-|triton\b")


@dataclass(frozen=True)
class Pin:
    """A package: version, names on conda-forge and PyPI, and imports it makes by itself."""

    version: str
    conda: str
    pypi: str
    channel: str
    also: tuple[str, ...]


@dataclass(frozen=True)
class Pins:
    """The version of Python, packages by the name that is imported, and versions of tools by PyPI name."""

    python: str
    imports: dict[str, Pin]
    tools: dict[str, str]


def read_pins(path: str | Path) -> Pins:
    """Pins of a YAML file; InputError with path and entry where a key or value is wrong."""
    try:
        content = yaml.safe_load(Path(path).read_text())
    except yaml.YAMLError as error:
        raise InputError(f"{path}: cannot be read as YAML: {error}") from error
    if not isinstance(content, dict) or content.keys() != {"python", "imports", "tools"}:
        raise InputError(f"{path}: keys python, imports and tools wanted.")
    pins = {name: _pin(name, entry, where=f"{path}: imports: {name}") for name, entry in content["imports"].items()}
    versions = {"python": content["python"], **content["tools"]}
    for name, version in versions.items():
        _check_version(version, where=f"{path}: {name}")
    for name, pin in pins.items():
        unknown = set(pin.also) - pins.keys()
        if unknown:
            raise InputError(f"{path}: imports: {name}: also: no pin {', '.join(sorted(unknown))}.")
    return Pins(content["python"], pins, content["tools"])


def _pin(name: str, entry: object, *, where: str) -> Pin:
    if not isinstance(entry, dict) or "version" not in entry:
        raise InputError(f"{where}: a mapping with `version` wanted, {entry!r} found.")
    pin = {"conda": name, "pypi": name, "channel": "conda-forge", "also": [], **entry}
    unknown = pin.keys() - Pin.__annotations__.keys()
    if unknown:
        raise InputError(f"{where}: unknown: {', '.join(sorted(unknown))}.")
    if pin["channel"] not in {"conda-forge", "pip"}:
        raise InputError(f"{where}: channel: conda-forge or pip wanted, {pin['channel']!r} found.")
    _check_version(pin["version"], where=where)
    return Pin(**{**pin, "also": tuple(pin["also"])})


def _check_version(version: object, *, where: str) -> None:
    # 3.10 unquoted is the number 3.1; a local label (2.13.0+cpu) exists on one machine only.
    if not isinstance(version, str) or not re.fullmatch(r"\d+(\.\w+)+", version):
        raise InputError(f'{where}: a version such as "2.13.0" wanted, in quotes if 1.2, {version!r} found.')


def imported_packages(script: Path, scripts_dir: Path, pins: Pins) -> list[Pin]:
    """Every package that a script imports, itself or through others; InputError where an import has no pin."""
    names: set[str] = set()
    for path in imported_files(script, scripts_dir):
        third_party = set(imports_of(path, scripts_dir).elsewhere) - sys.stdlib_module_names
        unknown = sorted(third_party - pins.imports.keys())
        if unknown:
            raise InputError(f"{path}: imports {', '.join(unknown)}, not in {PINS_NAME}. Add it there, or mend it.")
        names |= third_party
    while more := {also for name in names for also in pins.imports[name].also} - names:
        names |= more
    return [pins.imports[name] for name in sorted(names)]


def environment_text(packages: list[Pin], python: str) -> str:
    """Conda environment file of exactly these packages; equal packages, equal text."""
    from_conda = sorted(f"  - {pin.conda}=={pin.version}\n" for pin in packages if pin.channel == "conda-forge")
    from_pip = sorted(f"      - {pin.pypi}=={pin.version}\n" for pin in packages if pin.channel == "pip")
    return "".join(
        [
            ENVIRONMENT_HEADER,
            "channels:\n  - conda-forge\n  - nodefaults\n",
            f"dependencies:\n  - python={python}\n",
            *from_conda,
            *(["  - pip\n  - pip:\n", *from_pip] if from_pip else []),
        ]
    )


def environment_texts(scripts_dir: Path, pins: Pins) -> dict[str, str]:
    """Text of every environment file, by file name: one for each script of `scripts_dir`."""
    return {
        f"{script.stem}.yaml": environment_text(imported_packages(script, scripts_dir, pins), pins.python)
        for script in sorted(scripts_dir.glob("*.py"))
    }


def lock_text(pins: Pins, *, present_lock: str) -> str:
    """All packages that pins and tools need, with exact versions, resolved by uv for Linux.

    Versions of `present_lock` stay where the pins allow. Needs a package index; InputError with uv's words if
    pins and tools cannot be had together.
    """
    wanted = [f"{pin.pypi}=={pin.version}\n" for pin in pins.imports.values()]
    wanted += [f"{name}=={version}\n" for name, version in pins.tools.items()]
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / LOCK_NAME
        lock.write_text(present_lock)
        run = subprocess.run(
            [sys.executable, "-m", "uv", *UV_COMPILE, f"--python-version={pins.python}", f"--output-file={lock}", "-"],
            input="".join(wanted),
            env=os.environ | {"UV_FIND_LINKS": _find_links()},
            capture_output=True,
            text=True,
        )
        if run.returncode:
            raise InputError(f"{PINS_NAME}: uv finds no set of packages:\n{run.stderr}")
        return portable_lock(lock.read_text())


def portable_lock(resolved: str) -> str:
    """Lock of resolved packages, a line each, less what depends on the machine that resolved them.

    Local labels of versions go (2.13.0+cpu is 2.13.0), and packages that only the CUDA build of torch needs.
    """
    lines = sorted(re.sub(r"\+\S+", "", line) for line in resolved.splitlines())
    return LOCK_HEADER + "".join(f"{line}\n" for line in lines if not CUDA_ONLY.match(line))


def _find_links() -> str:
    """Folders of packages that pip is set up to look in, in uv's form: uv does not read pip's settings."""
    pip = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.find-links"], capture_output=True, text=True
    )
    given = os.environ.get("PIP_FIND_LINKS", "") or pip.stdout
    return os.environ.get("UV_FIND_LINKS", "") or ",".join(given.split())


def main(root: Path) -> None:
    """Write the environments and the lock of the repository at `root`; environments without script go."""
    envs_dir = root / "envs"
    pins = read_pins(envs_dir / PINS_NAME)
    texts = environment_texts(root / "scripts", pins)
    lock = envs_dir / LOCK_NAME
    texts[LOCK_NAME] = lock_text(pins, present_lock=lock.read_text() if lock.exists() else "")
    for name, text in texts.items():
        with written_whole(envs_dir / name) as part:
            part.write_text(text)
    for path in sorted(envs_dir.glob("*.yaml")):
        if path.name not in {PINS_NAME, *texts} and path.read_text().startswith(ENVIRONMENT_HEADER):
            path.unlink()


if __name__ == "__main__":
    try:
        main(Path.cwd())
    except InputError as error:
        sys.exit(f"error: {error}")
