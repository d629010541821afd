"""The report's PDF: a figure or a template that is not what it should be is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typst

import made_up_protocol as made_up
from flaredag.errors import InputError
from flaredag.report_pdf import LOOKS, compiled
from flaredag.report_protocol import what_holds
from made_up_results import TEMPLATE


def test_a_missing_figure_is_told(tmp_path):
    with pytest.raises(InputError, match=r"gone\.svg: No such file"):
        compiled({}, template=TEMPLATE, figures=[str(tmp_path / "gone.svg")])


@pytest.mark.parametrize("text", ["<svg", "<html/>"])
def test_a_figure_that_is_no_svg_is_told(tmp_path, text):
    (tmp_path / "figure.svg").write_text(text)
    with pytest.raises(InputError, match=r"figure\.svg: not an SVG"):
        compiled({}, template=TEMPLATE, figures=[str(tmp_path / "figure.svg")])


def test_a_broken_template_is_told(tmp_path):
    (tmp_path / "broken.typ").write_text("#nobody")
    with pytest.raises(InputError, match=r"broken\.typ: typst cannot make the report: .*nobody"):
        compiled({}, template=str(tmp_path / "broken.typ"), figures=[])


@pytest.mark.parametrize("ladders", [[1], [2, 2, 1]])
def test_what_holds_is_one_page_however_many_ladders_are_climbed(tmp_path, ladders):
    studies, results = [made_up.study_with_ladders(n) for n in ladders], [made_up.results(n) for n in ladders]
    rest = {"archive": "a", "archive_title": "t", "simulated": True, "facts": [["Archive", "a"]], "sources": []}
    chapter = {"title": "The archive", "protocol": "", "reference": "", "sections": [], "summary": []}
    pages = {}
    for name, blocks in (("with", what_holds(studies, results)), ("without", [])):
        folder = tmp_path / name
        folder.mkdir()
        for path in (Path(TEMPLATE), Path(TEMPLATE).with_name(LOOKS)):
            shutil.copy(path, folder)
        content = rest | {"what_holds": blocks, "archive_chapter": chapter, "parts": [chapter], "versions": []}
        (folder / "content.json").write_text(json.dumps(content))
        # One SVG a page.
        made = typst.compile(folder / "report.typ", root=folder, format="svg", ignore_system_fonts=True)
        pages[name] = len(made) if isinstance(made, list) else 1
    assert pages["with"] == pages["without"] + 1


def test_a_figure_higher_than_a_page_is_made_smaller_and_stays_with_its_heading(tmp_path):
    for path in (Path(TEMPLATE), Path(TEMPLATE).with_name(LOOKS)):
        shutil.copy(path, tmp_path)
    chapter = {"title": "The archive", "protocol": "", "reference": "", "sections": [], "summary": []}
    figure = {"kind": "figure", "file": "figure.svg", "caption": "High."}
    rest = {"archive": "a", "archive_title": "t", "simulated": False, "facts": [], "sources": [], "what_holds": []}
    pages = {}
    for name, height in (("low", 10), ("high", 400)):
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="{height}"><rect width="9" height="9"/></svg>'
        )
        (tmp_path / "figure.svg").write_text(svg)
        part = chapter | {"title": "A study", "sections": [{"title": "Figures", "blocks": [figure]}]}
        content = rest | {"archive_chapter": chapter, "parts": [part], "versions": []}
        (tmp_path / "content.json").write_text(json.dumps(content))
        made = typst.compile(tmp_path / "report.typ", root=tmp_path, format="svg", ignore_system_fonts=True)
        pages[name] = len(made)
    # The provenance, which follows it, goes to the next page.
    assert pages["high"] == pages["low"] + 1
