"""Pins, environments and lock of this repository agree; the generator on a made package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from flaredag import environments
from flaredag.environments import environment_texts, main, portable_lock, read_pins
from flaredag.errors import InputError

ROOT = Path(__file__).parents[2]
PINS = """
python: "3.11"
imports:
  netCDF4: {version: 1.7.5.1.post1, conda: netcdf4}
  numpy: {version: 2.4.6}
  sklearn: {version: 1.9.1, conda: scikit-learn, pypi: scikit-learn}
  typst: {version: 0.15.0, channel: pip}
  xarray: {version: 2026.9.0, also: [netCDF4]}
tools:
  pytest: 9.2.0
"""
SCRIPTS = {
    "curate.py": "import json\nfrom flaredag.tables import read\n",
    "plot.py": "import json\n\n\ndef draw():\n    import typst\n    import numpy\n",
    "split.py": "import numpy.random\nfrom flaredag import tables\n",
    "tell.py": "from flaredag.words import say\n",
    "flaredag/__init__.py": "",
    "flaredag/tables.py": (
        "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
        "import xarray as xr\nfrom flaredag.words import say\nif TYPE_CHECKING:\n    import sklearn\n"
    ),
    "flaredag/words.py": "import sys\n",
}
HEAD = environments.ENVIRONMENT_HEADER + "channels:\n  - conda-forge\n  - nodefaults\ndependencies:\n  - python=3.11\n"
TABLES = HEAD + "  - netcdf4==1.7.5.1.post1\n  - xarray==2026.9.0\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, text in SCRIPTS.items():
        path = tmp_path / "scripts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "pins.yaml").write_text(PINS)
    return tmp_path


def texts_of(repository: Path) -> dict[str, str]:
    return environment_texts(repository / "scripts", read_pins(repository / "envs" / "pins.yaml"))


def test_each_script_gets_exactly_what_it_imports(repository: Path) -> None:
    assert texts_of(repository) == {
        "curate.yaml": TABLES,
        "plot.yaml": HEAD + "  - numpy==2.4.6\n  - pip\n  - pip:\n      - typst==0.15.0\n",
        "split.yaml": HEAD + "  - netcdf4==1.7.5.1.post1\n  - numpy==2.4.6\n  - xarray==2026.9.0\n",
        "tell.yaml": HEAD,
    }


def test_equal_imports_give_equal_files(repository: Path) -> None:
    (repository / "scripts" / "curate_too.py").write_text("import flaredag.tables\n\nX = 1\n")
    texts = texts_of(repository)
    assert texts["curate_too.yaml"] == texts["curate.yaml"]


def test_an_import_without_pin_is_told_with_its_file(repository: Path) -> None:
    (repository / "scripts" / "flaredag" / "words.py").write_text("import numpy, torhc.nn\n")
    with pytest.raises(InputError, match=r"words\.py: imports torhc, not in pins\.yaml"):
        texts_of(repository)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("2.4.6", "2.4.6+cpu", "numpy"),
        ("2.4.6", "~2.4.6", "numpy"),
        ("2.4.6", ">=2.4", "cannot be read as YAML"),
        ('"3.11"', "3.11", "python: a version"),
        ("9.2.0", "9.2", "pytest: a version"),
        ("channel: pip", "channel: pypi", "typst: channel"),
        ("conda: netcdf4", "cnoda: netcdf4", "netCDF4: unknown: cnoda"),
        ("[netCDF4]", "[h5netcdf]", "xarray: also: no pin h5netcdf"),
        ("{version: 2.4.6}", "2.4.6", "numpy: a mapping"),
        ("tools:", "tool:", "keys python, imports and tools"),
    ],
)
def test_a_wrong_pin_is_refused_with_its_place(repository: Path, old: str, new: str, told: str) -> None:
    assert old in PINS
    path = repository / "envs" / "pins.yaml"
    path.write_text(PINS.replace(old, new))
    with pytest.raises(InputError, match=told) as refused:
        read_pins(path)
    assert str(path) in str(refused.value)


def test_a_lock_tells_nothing_of_the_machine_that_made_it() -> None:
    resolved = "torch==2.13.0+cpu\nnumpy==2.4.6\nnvidia-cublas==13.1.1.3\ntriton==3.7.1\ncuda-toolkit==13.0.3.0\n"
    assert portable_lock(resolved) == environments.LOCK_HEADER + "numpy==2.4.6\ntorch==2.13.0\n"


def test_writing_removes_environments_without_script_and_nothing_else(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lock_text(pins: environments.Pins, *, present_lock: str) -> str:
        return f"{present_lock}pytest=={pins.tools['pytest']}\n"

    monkeypatch.setattr(environments, "lock_text", lock_text)
    (repository / "envs" / "gone.yaml").write_text(HEAD)
    (repository / "envs" / "by_hand.yaml").write_text("dependencies: []\n")
    (repository / "envs" / "requirements.txt").write_text("present==1.0\n")
    main(repository)
    written = {path.name: path.read_text() for path in (repository / "envs").iterdir()}
    assert written == texts_of(repository) | {
        "pins.yaml": PINS,
        "by_hand.yaml": "dependencies: []\n",
        "requirements.txt": "present==1.0\npytest==9.2.0\n",
    }


# What this repository holds


def test_the_environments_of_this_repository_are_what_make_envs_writes() -> None:
    written = {path.name: path.read_text() for path in (ROOT / "envs").glob("*.yaml") if path.name != "pins.yaml"}
    expected = environment_texts(ROOT / "scripts", read_pins(ROOT / "envs" / "pins.yaml"))
    assert written == expected, "run `make envs`"
    assert written.keys() == {f"{path.stem}.yaml" for path in (ROOT / "scripts").glob("*.py")}


def test_the_lock_of_this_repository_holds_every_pin_and_tool() -> None:
    text = (ROOT / "envs" / "requirements.txt").read_text()
    assert text.startswith(environments.LOCK_HEADER)
    lines = text.removeprefix(environments.LOCK_HEADER).splitlines()
    assert lines == sorted(lines)
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*", line) for line in lines)
    locked = dict(line.split("==") for line in lines)
    pins = read_pins(ROOT / "envs" / "pins.yaml")
    wanted = {pin.pypi: pin.version for pin in pins.imports.values()} | pins.tools
    # The lock names a package without the extra (sunpy[net]), whose packages it lists by themselves.
    normalised = {re.sub("[-_.]+", "-", name).lower().partition("[")[0]: v for name, v in wanted.items()}
    assert normalised == {name: locked.get(name) for name in normalised}, "run `make envs`"


def test_every_pin_of_this_repository_is_used() -> None:
    pins = read_pins(ROOT / "envs" / "pins.yaml")
    in_environments = {
        requirement
        for path in (ROOT / "envs").glob("*.yaml")
        if path.name != "pins.yaml"
        for entry in yaml.safe_load(path.read_text())["dependencies"]
        for requirement in (entry["pip"] if isinstance(entry, dict) else [entry])
    }
    for name, pin in pins.imports.items():
        package = pin.pypi if pin.channel == "pip" else pin.conda
        assert f"{package}=={pin.version}" in in_environments, name
