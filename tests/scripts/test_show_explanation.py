from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flaredag.errors import InputError
from flaredag.explanations import write_explanation
from made_up_explanations import explanation
from show_explanation import main

SCRIPTS = Path(__file__).parents[2] / "scripts"
TEMPLATE = SCRIPTS / "explanation.html"


@pytest.fixture(scope="module")
def explained(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("explained") / "sharp-377.nc"
    write_explanation(path, explanation(n_frames=2, simulated=False))
    return path


def test_page_and_animation_are_written_in_another_process_too_with_the_same_bytes(explained, tmp_path):
    one, other = ((tmp_path / f"{name}.html", tmp_path / f"{name}.gif") for name in ("one", "other"))
    main(explained, TEMPLATE, *one)
    assert sorted(tmp_path.iterdir()) == sorted(one)
    assert one[0].read_text(encoding="utf-8").startswith("<!doctype html>")
    assert one[1].read_bytes().startswith(b"GIF89a")
    paths = [str(path) for path in (explained, TEMPLATE, *other)]
    code = f"from show_explanation import main\nmain(*{paths!r})\n"
    environment = os.environ | {"PYTHONHASHSEED": "123", "PYTHONPATH": str(SCRIPTS)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    for path, same in zip(one, other, strict=True):
        assert same.read_bytes() == path.read_bytes()


def test_a_file_that_is_no_explanation_is_named_and_nothing_written(tmp_path):
    bad = tmp_path / "bad.nc"
    bad.write_text("no netCDF")
    with pytest.raises(InputError, match=r"bad\.nc: not readable"):
        main(bad, TEMPLATE, tmp_path / "page.html", tmp_path / "animation.gif")
    assert list(tmp_path.iterdir()) == [bad]


def test_a_bad_template_is_named_and_nothing_written(explained, tmp_path):
    template = tmp_path / "template.html"
    template.write_text("%%{nothing}")
    with pytest.raises(InputError, match=r"template\.html: template of the page: place 'nothing'"):
        main(explained, template, tmp_path / "page.html", tmp_path / "animation.gif")
    assert list(tmp_path.iterdir()) == [template]
