"""Report and verification as PDF, each made from its content by a typst template; both share their looks."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import typst

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


LOOKS = "report_looks.typ"


def compiled(content: Mapping[str, Any], *, template: str, figures: Sequence[str]) -> bytes:
    """PDF of `content` by a typst `template`, which may import `LOOKS` from beside it.

    Same content, same bytes: no date, and no fonts but those of typst.
    """
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        try:
            shutil.copyfile(template, root / "report.typ")
            looks = Path(template).with_name(LOOKS)
            if looks.exists():
                shutil.copyfile(looks, root / LOOKS)
            for i, figure in enumerate(figures):
                _check_svg(figure)
                shutil.copyfile(figure, root / figure_file(i))
        except OSError as error:
            raise InputError(
                f"{error.filename}: {error.strerror}; the report needs it. Run snakemake again."
            ) from error
        (root / "content.json").write_text(json.dumps(content))
        try:
            return typst.compile(root / "report.typ", root=root, format="pdf", ignore_system_fonts=True)
        except typst.TypstError as error:
            raise InputError(f"{template}: typst cannot make the report: {error}. Mend the template.") from error


def figure_file(position: int) -> str:
    """Name of a figure where the template finds it."""
    return f"figure-{position}.svg"


def _check_svg(path: str) -> None:
    # Typst would not say which figure it cannot read.
    try:
        root = ElementTree.parse(path).getroot().tag
    except ElementTree.ParseError as error:
        root = str(error)
    if not root.endswith("}svg"):
        raise InputError(f"{path}: not an SVG figure ({root}). Delete the file to have it made again.")
