"""Figures of the verification of anybody's forecasts."""

from pathlib import Path

import pytest

from flaredag.artifacts import sha256_of_file
from made_up_forecasts import daily_forecasts, plotted, verified


def test_three_figures_and_the_same_bytes_again(tmp_path):
    verified(tmp_path, daily_forecasts(models=tuple("abcdefg")))
    figures = plotted(tmp_path)
    before = [sha256_of_file(path) for path in figures]
    assert [Path(path).stem for path in figures] == ["skill", "curves", "diagnostics"]
    assert [sha256_of_file(path) for path in plotted(tmp_path)] == before


@pytest.mark.parametrize("labels", ["0000000000000", "1111111111111", "0100000000000"])
def test_forecasts_of_which_little_is_defined_are_drawn(tmp_path, labels):
    lines = "".join(f"2017-01-{day:02},{label},0.25\n" for day, label in enumerate(labels, start=1))
    verified(tmp_path, "time,label,probability\n" + lines)
    assert all(Path(path).read_text().startswith("<?xml") for path in plotted(tmp_path))
