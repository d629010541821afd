"""Anybody's CSV file for the audit: what is read, what is a feature, and an error for every departure."""

import numpy as np
import pytest

from flaredag.audited_samples import read_audited_samples
from flaredag.errors import InputError

LINE = "2012-01-01T00:00:00Z,377,train,1,3.5\n"
HEADER = "time,region,split,label,r_value\n"


@pytest.fixture
def read(tmp_path):
    """A function that reads samples from a text."""

    def of(text):
        path = tmp_path / "samples.csv"
        path.write_text(text)
        return read_audited_samples(path)

    return of


def test_by_hand(read):
    samples = read(HEADER + LINE + "2012-01-01 06:00:00+00:00,sharp-378,test,false,\n")
    assert samples.rows["time"].to_numpy().astype(str).tolist() == ["2012-01-01T00:00:00", "2012-01-01T06:00:00"]
    assert samples.rows["region"].tolist() == ["377", "sharp-378"]
    assert samples.rows["split"].tolist() == ["train", "test"]
    assert samples.rows["label"].tolist() == [1, 0]
    assert list(samples.features) == ["r_value"]
    np.testing.assert_array_equal(samples.features["r_value"], [3.5, np.nan])
    assert samples.unread == ()


def test_time_and_label_are_enough(read):
    samples = read("time,label\n2012-01-01,0\n2012-01-02,1\n")
    assert set(samples.rows["region"]) == {"disk"}
    assert set(samples.rows["split"]) == {"test"}
    assert samples.given == ("time", "label")
    assert samples.features == {}


def test_the_issue_time_goes_before_the_time(read):
    samples = read("time,issue_time,label\n2012-01-02T00:00:00,2012-01-01T12:00:00,0\n")
    assert str(samples.rows["time"].iloc[0]) == "2012-01-01 12:00:00"
    samples = read("issue_time,label\n2012-01-01T12:00:00,0\n")
    assert len(samples.rows) == 1


def test_a_zone_is_brought_to_utc(read):
    samples = read("time,label\n2012-01-01T02:00:00+02:00,0\n")
    assert str(samples.rows["time"].iloc[0]) == "2012-01-01 00:00:00"


def test_what_becomes_a_feature(read):
    many = [f"AIA{i}.fits" for i in range(60)]
    flare = {3: "X1.5", 4: "FQ"}
    lines = [
        f"2012-01-01,{i % 2},{flare.get(i, 'M2.0')},{'Dkc' if i % 3 else 'Axx'},{i % 2 == 0},{name}"
        for i, name in enumerate(many)
    ]
    samples = read("time,label,max_class,mcintosh,flag,file\n" + "\n".join(lines) + "\n")
    assert samples.features["max_class"][[2, 3, 4]] == pytest.approx([2e-5, 1.5e-4, 0.0], rel=1e-12, abs=0)
    assert samples.features["mcintosh"][:3].tolist() == [0, 1, 1]
    assert samples.features["flag"][:3].tolist() == [1, 0, 1]
    assert samples.unread == ("file",)


def test_forecasts(read):
    samples = read("time,label,probability,model,seed,threshold\n2012-01-01,0,0.25,mine,3,0.4\n")
    row = samples.rows.iloc[0]
    assert (row["probability"], row["model"], row["seed"], row["threshold"]) == (0.25, "mine", "3", 0.4)
    assert samples.features == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "cannot be read as CSV"),
        (HEADER, "holds no sample"),
        ("date,label\n2012-01-01,0\n", "no column time; found date, label. Wanted at least time and label"),
        ("time,flare\n2012-01-01,0\n", "no column label"),
        (
            HEADER + LINE + LINE.replace("2012-01-01T00:00:00Z", "yesterday"),
            "time: line 3 has 'yesterday' .1 of 2 such",
        ),
        (HEADER + LINE + LINE.replace("00Z", "00"), "line 3 has '2012-01-01T00:00:00' .*a zone in every line"),
        (HEADER + LINE.replace(",1,", ",2,"), "label: line 2 has '2'.*wanted 0 or 1"),
        (HEADER + LINE.replace(",1,", ",,"), "label: line 2 has nan"),
        (HEADER + LINE.replace("train", "val"), "split: line 2 has 'val'.*wanted train, validation, test"),
        (HEADER + LINE.replace("377", ""), "region: line 2 has nan.*or no such column"),
        (HEADER + LINE.rstrip() + ",7,8\n", "more fields than the header names"),
        ("time,label,probability\n2012-01-01,0,1.5\n", "probability: line 2 has '1.5'.*from 0 to 1"),
        ("time,label,probability\n2012-01-01,0,high\n", "probability: line 2 has 'high'.*wanted a number"),
        ("time,label,probability\n2012-01-01,0,\n", "probability: line 2 has nan"),
    ],
)
def test_every_departure_is_told(read, text, told):
    with pytest.raises(InputError, match=told):
        read(text)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read as CSV"):
        read_audited_samples(tmp_path / "none.csv")
