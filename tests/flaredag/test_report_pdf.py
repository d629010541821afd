"""The report's PDF: a figure or a template that is not what it should be is told."""

from __future__ import annotations

import pytest

from flaredag.errors import InputError
from flaredag.report_pdf import compiled
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
