"""Lines of a file of forecasts, column by column."""

import numpy as np
import pytest

from flaredag.errors import InputError
from flaredag.forecast_files import FORECASTS
from flaredag.forecast_lines import FormOfFile, read_forecast_lines

TEXT = "label,time,probability,remark,model\n0,2017-09-05T01:00+02:00,0.5,x,b\n\n1,2017-09-06,n/a,,a\n,,,,\n1,,,,b\n"


def test_columns_lines_and_what_is_missing(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text(TEXT)
    lines, notes = read_forecast_lines(path, FORECASTS)
    assert notes == ["Not used: column 'remark'."]
    assert lines.line.tolist() == [2, 4, 6]
    assert np.datetime_as_string(lines.times["time"], unit="h").tolist() == ["2017-09-04T23", "2017-09-06T00", "NaT"]
    assert lines.zoned["time"].tolist() == [True, False, False]
    np.testing.assert_array_equal(lines.numbers["label"], [0, 1, 1])
    np.testing.assert_array_equal(lines.numbers["probability"], [0.5, np.nan, np.nan])
    assert lines.names["model"].tolist() == ["b", "a", "b"]
    assert set(lines.names) == {"model"}


def test_a_refusal_names_file_column_number_line_and_field(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text(TEXT)
    lines, _ = read_forecast_lines(path, FORECASTS)
    lines.refuse(np.zeros(3, bool), "probability", found="nothing", wanted="All is well.")
    message = r"f\.csv: column probability: a fault in 2 of 3 lines; the first is line 4 with 'n/a'\. Mend it\."
    with pytest.raises(InputError, match=message):
        lines.refuse(np.array([False, True, True]), "probability", found="a fault", wanted="Mend it.")


@pytest.mark.parametrize(
    ("time", "zoned"),
    [
        ("2017-09-05T00:00:00Z", True),
        ("2017-09-05 00:00+0100", True),
        ("2017-09-05T00:00:00.000-05", True),
        ("2017-09-05", False),
        ("2017-09-05 12:00", False),
        ("20170905T120000", False),
    ],
)
def test_whether_a_time_has_a_zone(tmp_path, time, zoned):
    path = tmp_path / "f.csv"
    path.write_text(f"time,label,probability\n{time},0,0.5\n")
    lines, _ = read_forecast_lines(path, FORECASTS)
    assert lines.zoned["time"].tolist() == [zoned]
    assert not np.isnat(lines.times["time"]).any()


def test_a_form_may_take_all_other_columns_as_numbers(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("begin,flare,A,B\n2017-09-05,0,0.5,\n2017-09-06,1,high,NaN\n")
    form = FormOfFile(("begin", "flare"), ("hours",), ("begin",), (), "begin,A,flare", others_are_numbers=True)
    lines, notes = read_forecast_lines(path, form)
    assert notes == []
    assert list(lines.numbers) == ["flare", "A", "B"]
    np.testing.assert_array_equal(lines.numbers["A"], [0.5, np.nan])
    assert lines.given["A"].tolist() == [True, True]
    assert lines.given["B"].tolist() == [False, False], "empty, and a word for it"
    path.write_text("begin,A\n2017-09-05,1\n")
    with pytest.raises(InputError, match=r"no column flare; found begin, A\. Wanted begin, flare"):
        read_forecast_lines(path, form)
