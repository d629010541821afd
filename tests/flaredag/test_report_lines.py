"""Lines of fixed-width reports as an array."""

from flaredag.report_lines import ReportLines


def report():
    return ReportLines.of([b"31777 12", b" 1 ", b"", b"a\tb", "1é".encode("latin-1"), b"1\x00", b"3177712345"], width=8)


def test_columns_by_hand():
    lines = report()
    assert lines.text(0, 3).tolist() == [b"317", b" 1 ", b"   ", b"a\tb", b"1\xe9 ", b"1\x00 ", b"317"]
    assert lines.number(0, 2).tolist() == [31, 1, -1, -1, -1, -1, 31]
    assert lines.number(5, 8).tolist() == [12, -1, -1, -1, -1, -1, 123]
    assert lines.blank(3, 8).tolist() == [False, True, True, True, True, True, False]
    assert lines.fits(0, 2, r"\d\d| \d").tolist() == [True, True, False, False, False, False, True]
    assert lines.printable.tolist() == [True, True, True, False, False, False, True]
    assert lines.decoded()[4] == "1\\xe9"


def test_no_lines():
    lines = ReportLines.of([], width=8)
    assert lines.number(0, 2).tolist() == lines.blank(0, 2).tolist() == lines.fits(0, 2, "x").tolist() == []
    assert lines.printable.shape == (0,)
