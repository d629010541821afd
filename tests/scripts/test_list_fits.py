"""The rule that lists which digest is what."""

import csv

from flaredag.store import FIT_COLUMNS
from list_fits import list_fits


def test_rows_come_back_as_given(tmp_path):
    rows = [{name: f"{name} {i}" for name in FIT_COLUMNS} for i in range(2)]
    rows[1]["models"] = "climatology, persistence"
    list_fits(rows, str(tmp_path / "study" / "fits.csv"))
    with (tmp_path / "study" / "fits.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == rows
    assert b"\r" not in (tmp_path / "study" / "fits.csv").read_bytes()


def test_no_fits_leave_the_header(tmp_path):
    list_fits([], str(tmp_path / "fits.csv"))
    assert (tmp_path / "fits.csv").read_text() == ",".join(FIT_COLUMNS) + "\n"
