"""Reading anybody's forecasts: what is taken in, what is told, and the error of every departure."""

import gzip
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.forecast_files import name_of_file, peculiarities, read_forecasts_csv
from flaredag.predictions import COLUMNS

FORECASTS = """time,label,probability,region,split,model,seed
2011-02-15T00:00:00Z,0,0.25,377,test,mine,0
2011-02-15T02:00:00+02:00,1,1,378,test,mine,0
2011-02-16T00:00Z,1,0.5,smarp-377,test,mine,0
"""
SHORTEST = "time,label,probability\n2017-09-05,0,0.25\n2017-09-06,1,0.5\n"


def read(tmp_path, text: str, name: str = "mine.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode())
    return read_forecasts_csv(path, instrument="sharp")


def refusal(tmp_path, text: str) -> str:
    """What a file of this text is refused with."""
    with pytest.raises(InputError) as refused:
        read(tmp_path, text)
    return str(refused.value)


def test_every_column(tmp_path):
    table, notes = read(tmp_path, FORECASTS)
    assert tuple(table.columns) == COLUMNS
    assert table["instrument"].tolist() == ["sharp", "sharp", "smarp"]
    assert table["region"].tolist() == [377, 378, 377]
    assert table["issue_time"].tolist() == [pd.Timestamp(t) for t in ("2011-02-15", "2011-02-15", "2011-02-16")]
    assert table["probability"].tolist() == [0.25, 1.0, 0.5]
    assert notes == []


def test_three_columns_suffice_and_what_is_taken_for_granted_is_told(tmp_path):
    table, notes = read(tmp_path, SHORTEST, name="my forecasts (v2).csv")
    row = table.iloc[1]
    assert (row["instrument"], row["region"], row["split"], row["seed"]) == ("disk", 0, "test", 0)
    assert row["model"] == "my_forecasts__v2_"
    assert table["issue_time"].tolist() == [pd.Timestamp("2017-09-05"), pd.Timestamp("2017-09-06")]
    assert notes == [
        "There is no column region: it is disk for every forecast.",
        "There is no column split: it is test for every forecast.",
        "There is no column model: it is my_forecasts__v2_ for every forecast.",
        "There is no column seed: it is 0 for every forecast.",
        "The column time has no zone: taken as UTC.",
    ]


def test_columns_in_any_order_and_those_that_are_not_used(tmp_path):
    table, notes = read(tmp_path, "probability,remark,time,label\n0.25,x,2017-09-05,0\n0.5,,2017-09-06,1\n")
    assert table["probability"].tolist() == [0.25, 0.5]
    assert notes[0] == "Not used: column 'remark'."


def test_the_issue_time_tells_forecasts_apart_where_it_is_given(tmp_path):
    text = (
        "time,label,probability,issue_time\n"
        "2017-09-06T00:00Z,0,0.1,2017-09-05T22:00Z\n2017-09-06T00:00Z,0,0.2,2017-09-05T23:00Z\n"
        "2017-09-07T00:00Z,1,0.3,2017-09-07T06:00Z\n"
    )
    table, notes = read(tmp_path, text)
    assert table["issue_time"].dt.hour.tolist() == [22, 23, 6]
    assert "1 of 3 forecasts are issued after their window begins: part of it was known by then." in notes


@pytest.mark.parametrize("label", ["0", "0.0", "0."])
def test_labels_may_be_whole_or_decimal(tmp_path, label):
    assert read(tmp_path, SHORTEST.replace("-05,0,", f"-05,{label},")).predictions["label"].tolist() == [0, 1]


def test_byte_order_mark_line_ends_of_windows_empty_lines_and_gzip(tmp_path):
    want = read(tmp_path, SHORTEST).predictions
    for text in ("\ufeff" + SHORTEST, SHORTEST.replace("\n", "\r\n"), SHORTEST.replace("\n", "\n\n") + "\n,,\n"):
        pd.testing.assert_frame_equal(read(tmp_path, text).predictions, want)
    path = tmp_path / "mine.csv.gz"
    path.write_bytes(gzip.compress(SHORTEST.encode()))
    pd.testing.assert_frame_equal(read_forecasts_csv(path, instrument="sharp").predictions, want)


def test_times_that_do_not_ascend_are_sorted_and_that_is_told(tmp_path):
    text = "time,label,probability,model\n" + "".join(
        f"2017-09-{day},0,{probability},{model}\n"
        for day, probability, model in (("07", 0.7, "b"), ("05", 0.5, "b"), ("06", 0.6, "b"), ("04", 0.4, "a"))
    )
    table, notes = read(tmp_path, text)
    assert table["probability"].tolist() == [0.4, 0.5, 0.6, 0.7]
    assert "1 of 4 forecasts come after a later one of the same model, seed and region: sorted." in notes


def test_the_order_of_lines_is_kept_where_the_times_of_each_series_ascend(tmp_path):
    text = "time,label,probability,region\n2017-09-06,0,0.2,2\n2017-09-05,0,0.1,1\n2017-09-07,1,0.3,2\n"
    table, notes = read(tmp_path, text)
    assert table["probability"].tolist() == [0.2, 0.1, 0.3]
    assert not any("sorted" in note for note in notes)


@pytest.mark.parametrize(
    ("found", "put", "message"),
    [
        ("0.25", "25%", r"column probability: no number .* in 1 of 3 lines; the first is line 2 with '25%'"),
        ("0.25", "", r"no number \(empty, NaN or text\) in 1 of 3 lines; the first is line 2 with ''"),
        ("0.25", "NaN", "the first is line 2 with 'NaN'.*Leave out the lines without a forecast"),
        (
            "0.5",
            "-0.01",
            "a number that is not from 0 to 1 in 1 of 3 lines; the first is line 4 with '-0.01'.*leave",
        ),
        ("0.5", "inf", "a number that is not from 0 to 1 in 1 of 3 lines; the first is line 4 with 'inf'"),
        (
            "0.25",
            "55",
            "a number above 1 in 1 of 3 lines; the first is line 2 with '55'.*the whole column by 100",
        ),
        ("Z,0,", "Z,2,", "column label: a number other than 0 and 1 in 1 of 3 lines; the first is line 2 with '2'"),
        ("Z,0,", "Z,no,", "column label: no number in 1 of 3 lines; the first is line 2 with 'no'.*Wanted 1 where"),
        ("Z,0,", "Z,True,", "column label: no number in 1 of 3 lines; the first is line 2 with 'True'"),
        (
            "2011-02-16T00:00Z",
            "yesterday",
            "column time: no time in ISO 8601 in 1 of 3 lines; the first is line 4",
        ),
        ("2011-02-16T00:00Z", "16/02/2011", "the first is line 4 with '16/02/2011'.*year, month and day in this order"),
        ("2011-02-16T00:00Z", "2011-02-16T00:00:00.5Z", "column time: fractions of a second in 1 of 3 lines"),
        ("2011-02-16T00:00Z", "2011-02-16T00:00", "no zone, unlike the line before them, in 1 of 3 lines.*line 4"),
        ("2011-02-16T00:00Z", "2011-02-16", "no zone, unlike the line before them, in 1 of 3 lines.*or in none"),
        ("smarp-377", "AR 11158", "column region: no region in 1 of 3 lines; the first is line 4 with 'AR 11158'"),
        ("smarp-377", "99999999999", "no region in 1 of 3"),
        ("378,test", "378,", "column split: no split in 1 of 3 lines; the first is line 3 with ''.*train, validation"),
        ("378,test", "378,exam", "column split: no split in 1 of 3 lines; the first is line 3 with 'exam'"),
        (
            "378,test,mine",
            "378,test,my model",
            "column model: no model in 1 of 3 lines; the first is line 3 with 'my",
        ),
        (
            "smarp-377,test,mine,0",
            "smarp-377,test,mine,zero",
            "column seed: no seed in 1 of 3 .*line 4 with 'zero'",
        ),
        ("smarp-377,test,mine,0", "smarp-377,test,mine,40000", "column seed: no seed in 1 of 3 lines"),
        ("378", "377", "1 of 3 forecasts repeat .* the first are lines 2 and 3. They differ"),
        (",test,", ",train,", None),
        ("time,label", "when,label", "no column time; found when, label"),
        ("time,label", "Time,label", "column 'Time' is none that is known; 'time' is. Write it so"),
        ("time,label", "time, label", "column ' label' is none that is known; 'label' is"),
        (",region,", ",regions,", "column 'regions' is none that is known; 'region' is"),
        (",region,", ",Issue time,", "column 'Issue time' is none that is known; 'issue_time' is"),
        (",seed\n", ",region\n", "column 'region' is named twice"),
        (
            FORECASTS.splitlines(keepends=True)[0],
            "",
            "no column time, label, probability; .*Is the first line a",
        ),
        ("0.25,377", "0.25,0,0,377", "more fields than the header names"),
        ("0.5,smarp", "0.5,0,smarp", "cannot be read as CSV .*line 4"),
    ],
)
def test_a_departure_is_told(tmp_path, found, put, message):
    if message is None:
        text = FORECASTS.replace(found, put)
        assert re.search("no forecast in split test; found train", refusal(tmp_path, text))
    else:
        assert re.search(message, refusal(tmp_path, FORECASTS.replace(found, put, 1)))


def test_the_line_named_counts_empty_lines_too(tmp_path):
    assert re.search(
        "the first is line 7 with ''", refusal(tmp_path, "\n\n".join(FORECASTS.replace("0.5", "").splitlines()))
    )


def test_repetitions_say_what_to_do(tmp_path):
    twice = SHORTEST + "2017-09-06,1,0.5\n"
    assert re.search(
        "1 of 3 forecasts repeat .* the first are lines 3 and 4. They are the same: keep one", refusal(tmp_path, twice)
    )
    leads = "time,label,probability,issue_time\n2017-09-06,0,0.1,2017-09-05\n2017-09-07,0,0.1,2017-09-05\n"
    assert re.search("They are for two windows: give each lead time a model of its own", refusal(tmp_path, leads))


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_separator_is_named(tmp_path, separator, name):
    told = refusal(tmp_path, SHORTEST.replace(",", separator))
    assert f"its columns are separated by {name}. Separate them by commas" in told


def test_what_is_no_file_of_forecasts(tmp_path):
    assert re.search("mine.csv: is empty. Wanted a header line such as time,label,probability", refusal(tmp_path, ""))
    assert re.search("begins with an empty line", refusal(tmp_path, "\n" + SHORTEST))
    assert re.search("holds no forecast, only a header", refusal(tmp_path, SHORTEST.splitlines()[0] + "\n"))
    assert re.search(
        "cannot be read as CSV", refusal(tmp_path, 'time,label,probability\n"2017-09-05,0,0.25\n2017-09-06,1,0.5\n')
    )
    path = tmp_path / "other.csv"
    for content, message in (
        (b"PK\x03\x04" + bytes(50), "is a spreadsheet or an archive. Save it as CSV"),
        ("\ufeff".encode("utf-16-le") + SHORTEST.encode("utf-16-le"), "is text in UTF-16"),
        (b"\x89HDF\r\n\x1a\n" + bytes(range(256)), "is an HDF5 or netCDF file"),
        (gzip.compress(SHORTEST.encode()), "is a gzip file whose name does not end in .gz"),
        (bytes(range(256)), "is no text. Write it as CSV"),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            read_forecasts_csv(path, instrument="sharp")
    packed = tmp_path / "cut.csv.gz"
    packed.write_bytes(gzip.compress((SHORTEST * 500).encode())[:-20])
    with pytest.raises(InputError, match="is no whole gzip file"):
        read_forecasts_csv(packed, instrument="sharp")
    packed.write_bytes(SHORTEST.encode())
    with pytest.raises(InputError, match="is no whole gzip file"):
        read_forecasts_csv(packed, instrument="sharp")
    with pytest.raises(InputError, match="is a folder"):
        read_forecasts_csv(tmp_path, instrument="sharp")
    with pytest.raises(InputError, match=r"cannot be read \(No such file"):
        read_forecasts_csv(tmp_path / "absent.csv", instrument="sharp")


def test_a_region_in_two_splits_is_taken_in_for_the_audit(tmp_path):
    table = read(tmp_path, FORECASTS.replace("378,test", "377,train").replace("02:00:00+02:00", "06:00Z")).predictions
    assert table["split"].tolist() == ["test", "train", "test"]
    assert table["region"].tolist() == [377, 377, 377]


@pytest.mark.parametrize(
    ("name", "model"),
    [("a.csv", "a"), ("a.b.CSV.GZ", "a.b"), ("my file.txt", "my_file"), ("plain", "plain"), ("Ä.csv", "_")],
)
def test_name_of_file(name, model):
    assert name_of_file(f"folder.csv/{name}") == model


def test_peculiarities_name_models_without_events_or_without_spread(tmp_path):
    table = read(
        tmp_path, "time,label,probability\n2017-09-05,0,0.25\n2017-09-06,0,0.25\n", name="flat.csv"
    ).predictions
    first, second = peculiarities(table)
    assert first.startswith("flat, seed 0: every outcome of split test is no event")
    assert second.startswith("flat, seed 0: every probability of split test is 0.25. Nothing is ranked")


def test_blocks_of_lines_are_joined(tmp_path, monkeypatch):
    monkeypatch.setattr("flaredag.forecast_lines.LINES_AT_ONCE", 2)
    text = "time,label,probability,model\n" + "".join(
        f"2017-09-{day:02},0,0.{day:02},m{day % 3}\n" for day in range(1, 8)
    )
    table = read(tmp_path, text).predictions
    assert table["model"].tolist() == ["m1", "m2", "m0", "m1", "m2", "m0", "m1"]
    np.testing.assert_array_equal(table["probability"], [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07])
    assert re.search("in 1 of 7 lines; the first is line 6 with 'x'", refusal(tmp_path, text.replace("0.05", "x")))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("time,labelprobability019.-:TZ\n\r \"';"), max_size=200))
def test_any_text_ends_in_forecasts_or_in_an_error_that_names_the_file(tmp_path, text):
    try:
        read(tmp_path, "time,label,probability\n" + text)
    except InputError as error:
        assert re.match(r".*mine\.csv: ", str(error))  # noqa: PT017 (either outcome is right)
