"""Digests of code, environments and settings: what must change them and what must not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.provenance import code_digest, digest_of, environment_digest, imported_files, imports_of

SCRIPTS = Path(__file__).parents[2] / "scripts"
TREE = {
    "train.py": "import flaredag.windows\nfrom flaredag.models import lstm\nimport numpy as np\n",
    "report.py": "from flaredag import plots\n",
    "flaredag/__init__.py": '"""Shared."""\n',
    "flaredag/windows.py": "from .times import in_utc\nimport json\n",
    "flaredag/times.py": "def in_utc(time):\n    return time - 37\n",
    "flaredag/plots.py": (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import pandas\n    from flaredag.windows import cut\n"
        "else:\n    import xarray\n"
        "def draw():\n    import matplotlib.pyplot as plt\n"
    ),
    "flaredag/models/__init__.py": "",
    "flaredag/models/lstm.py": "import torch.nn\nfrom ..times import in_utc\nfrom . import layers\n",
    "flaredag/models/layers.py": "WIDTH = 64\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        write(tmp_path / name, text)
    return tmp_path


def write(path: Path, text: str) -> None:
    """Write with a time of its own: two writes within one tick of the clock must differ for the caches."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(before + 10**9, before + 10**9))


def names(paths: tuple[Path, ...], root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


def test_the_closure_of_a_script(root: Path) -> None:
    assert names(imported_files(root / "train.py", root), root) == [
        "flaredag/__init__.py",
        "flaredag/models/__init__.py",
        "flaredag/models/layers.py",
        "flaredag/models/lstm.py",
        "flaredag/times.py",
        "flaredag/windows.py",
        "train.py",
    ]


def test_imports_for_type_checking_never_run(root: Path) -> None:
    assert names(imported_files(root / "report.py", root), root) == [
        "flaredag/__init__.py",
        "flaredag/plots.py",
        "report.py",
    ]
    assert imports_of(root / "flaredag/plots.py", root).elsewhere == ("matplotlib", "typing", "xarray")


def test_circular_imports_end(root: Path) -> None:
    write(root / "flaredag/times.py", "import flaredag.windows\n")
    assert "flaredag/times.py" in names(imported_files(root / "train.py", root), root)


@pytest.mark.parametrize(
    "line", ["import flaredag.clouds", "from flaredag.clouds import cut", "from .clouds import cut"]
)
def test_a_module_that_is_not_there_is_told(root: Path, line: str) -> None:
    write(root / "flaredag/windows.py", f"import json\n{line}\n")
    with pytest.raises(InputError, match=r"windows\.py, line 2: imports flaredag\.clouds.*flaredag/clouds\.py"):
        code_digest("train.py", root)


def test_a_script_that_is_not_there_or_not_python_is_told(root: Path) -> None:
    with pytest.raises(InputError, match=r"tran\.py: no such script"):
        code_digest("tran.py", root)
    write(root / "flaredag/times.py", "x = 1\ndef :\n")
    with pytest.raises(InputError, match=r"times\.py, line 2: no valid Python"):
        code_digest("train.py", root)


@pytest.mark.parametrize(
    "text",
    [
        TREE["flaredag/times.py"] + "# a comment\n",
        "def in_utc( time ):\n\n    return (time\n            - 37)\n",
        '"""Times."""\ndef in_utc(time):\n    """UTC of TAI."""\n    return time - 37\n',
        TREE["flaredag/times.py"],
    ],
)
def test_comments_layout_docstrings_and_touching_do_not_count(root: Path, text: str) -> None:
    before = code_digest("train.py", root)
    write(root / "flaredag/times.py", text)
    assert code_digest("train.py", root) == before


@pytest.mark.parametrize(
    "text",
    [
        "def in_utc(time):\n    return time - 35\n",
        "def in_utc(time):\n    return 37 - time\n",
        TREE["flaredag/times.py"] + "'text that is no docstring'\n",
        "",
    ],
)
def test_changed_code_of_a_module_counts_where_it_is_imported_and_only_there(root: Path, text: str) -> None:
    train, report = code_digest("train.py", root), code_digest("report.py", root)
    write(root / "flaredag/times.py", text)
    assert code_digest("train.py", root) != train
    assert code_digest("report.py", root) == report
    write(root / "flaredag/times.py", TREE["flaredag/times.py"])
    assert code_digest("train.py", root) == train


def test_a_docstring_that_is_the_whole_body_leaves_a_body(root: Path) -> None:
    write(root / "flaredag/times.py", 'class Off(Exception):\n    """Too far."""\nx = 1\n')
    with_docstring = code_digest("train.py", root)
    write(root / "flaredag/times.py", "class Off(Exception):\n    pass\nx = 1\n")
    assert code_digest("train.py", root) == with_docstring
    write(root / "flaredag/times.py", "class Off(Exception):\n    x = 1\n")
    assert code_digest("train.py", root) != with_docstring


def test_where_the_scripts_stand_does_not_count_but_their_names_do(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "a" / "clone"
    for name, text in TREE.items():
        write(elsewhere / name, text)
    assert code_digest("train.py", elsewhere) == code_digest("train.py", root)
    write(elsewhere / "fit.py", TREE["train.py"])
    assert code_digest("fit.py", elsewhere) != code_digest("train.py", root)


def test_the_environment_counts_less_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    path.write_text("dependencies:\n  - numpy==2.4.6\n")
    before = environment_digest(path)
    path.write_text("# made by make envs\n\ndependencies:\n  # arrays\n  - numpy==2.4.6\n")
    assert environment_digest(path) == before
    path.write_text("dependencies:\n  - numpy==2.4.7\n")
    assert environment_digest(path) != before


def test_a_digest_that_anybody_can_compute() -> None:
    # printf '{"a":1,"b":[true,null]}' | sha256sum
    assert digest_of({"b": [True, None], "a": 1}) == "1cc69c7fa23616ca"


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()))
def test_the_order_of_keys_does_not_count(settings: dict) -> None:
    digest = digest_of(settings)
    assert digest_of(dict(reversed(settings.items()))) == digest
    assert len(digest) == 16
    assert digest_of([settings]) != digest


def test_not_a_number_has_no_digest() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest_of({"threshold": float("nan")})


def test_a_second_look_parses_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Snakefile asks for the digest of a script for each of hundreds of jobs."""
    digest = code_digest("train.py", root)

    def parsed(*_: object, **__: object) -> None:
        pytest.fail("parsed again")

    monkeypatch.setattr("ast.parse", parsed)
    assert code_digest("train.py", root) == digest


def test_provenance_needs_the_standard_library_alone() -> None:
    program = "import sys; import flaredag.provenance; print([m for m in sys.modules if m in ('yaml', 'numpy')])"
    run = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
    )
    assert run.stdout.strip() == "[]", run.stderr
