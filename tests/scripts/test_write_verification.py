"""The verification as PDF: what it says, and the same bytes again."""

import shutil
import subprocess

import pytest

from made_up_forecasts import daily_forecasts, forecasts_of_regions, verified, written

pytestmark = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")


def text_of(pdf) -> str:
    done = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split())


def test_it_says_what_was_verified_and_how_good_it_is(tmp_path):
    pdf = written(verified(tmp_path, daily_forecasts(models=("method_a", "method_b"))))
    text = text_of(pdf)
    assert "How good are the forecasts in mine.csv?" in text
    assert "400 of the whole disk" in text
    assert "against the constant forecast of the event rate" in text
    assert "There is no column region: it is disk for every forecast." in text
    assert "no-such-package not installed" in text
    assert "Leaks were found" not in text
    before = pdf.read_bytes()
    assert written(tmp_path).read_bytes() == before


def test_a_leak_stands_on_the_first_page(tmp_path):
    text = text_of(written(verified(tmp_path, forecasts_of_regions(leak=True))))
    assert text.index("Leaks were found") < text.index("1 Scores")


@pytest.mark.parametrize("label", [0, 1])
def test_forecasts_of_one_outcome_are_told_as_such(tmp_path, label):
    lines = "".join(f"2017-01-{day},{label},0.25\n" for day in range(10, 30))
    text = text_of(written(verified(tmp_path, "time,label,probability\n" + lines)))
    assert "Skill is undefined: only one outcome occurred" in text
    assert "Nothing is ranked" in text
