"""The rule that curates a GOES flare list."""

import json

import numpy as np
import pandas as pd
import pytest

from curate_goes_flares import curate_goes_flares, main
from flaredag.errors import InputError
from flaredag.tables import read_flares

RAW = """start_time,peak_time,goes_class,noaa_ar
2011-02-15 01:44:00,2011-02-15 01:56:00,X2.2,11158
2011-02-14T17:20:00Z,2011-02-14 17:26:00,M2.2,11158
2011-02-13 04:09:00,2011-02-13 04:12:00,C,0
2011-02-13 05:09:00,2011-02-13 05:12:00,,11158
2011-02-13 06:09:00,2011-02-13 06:12:00,unknown,11158
"""


def curated(tmp_path, text):
    (tmp_path / "goes.csv").write_text(text)
    main(str(tmp_path / "goes.csv"), str(tmp_path / "flares.nc"), str(tmp_path / "counts.json"))
    return read_flares([tmp_path / "flares.nc"]), json.loads((tmp_path / "counts.json").read_text())


def test_flares_by_hand(tmp_path):
    flares, counts = curated(tmp_path, RAW)
    assert flares["goes_class"].tolist() == ["C", "M2.2", "X2.2"]
    np.testing.assert_allclose(flares["peak_flux"], [1e-6, 2.2e-5, 2.2e-4])
    assert flares["noaa_ar"].tolist() == [0, 11158, 11158]
    assert flares["start_time"].astype(str).tolist() == [
        "2011-02-13 04:09:00",
        "2011-02-14 17:20:00",
        "2011-02-15 01:44:00",
    ]
    assert (flares["region"] == -1).all()
    assert (flares["instrument"] == "").all()
    assert (flares["start_uncertainty"] == 0).all()
    assert counts == {
        "flares_read": 5,
        "flares_of_unknown_class": 2,
        "flares_with_bare_class": 1,
        "flares_without_noaa_ar": 1,
    }


def test_a_list_without_flares(tmp_path):
    flares, counts = curated(tmp_path, "start_time,goes_class,noaa_ar\n")
    assert len(flares) == counts["flares_read"] == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            RAW.replace("goes_class", "class"),
            r"goes\.csv: column goes_class missing; found start_time, peak_time, class",
        ),
        (
            RAW.replace("2011-02-13 06:09:00", "13-FEB-2011", 1),
            r"goes\.csv: column start_time: record 5 is '13-FEB-2011'",
        ),
        (RAW.replace("M2.2,11158", "M2.2,AR1158"), r"goes\.csv: column noaa_ar: record 2 is 'AR1158'"),
        (RAW.replace("X2.2,11158", "X2.2,"), r"goes\.csv: column noaa_ar: record 1 is ''"),
        (RAW[:-10], "cut off"),
    ],
    ids=["column", "time", "region", "no region", "cut off"],
)
def test_bad_input_leaves_nothing_behind(tmp_path, text, told):
    with pytest.raises(InputError, match=told):
        curated(tmp_path, text)
    assert [path.name for path in tmp_path.iterdir()] == ["goes.csv"]


def test_the_function_alone():
    raw = pd.DataFrame({"start_time": ["2011-02-15 01:44:00"], "goes_class": [" M1.0"], "noaa_ar": ["11158"]})
    flares, counts = curate_goes_flares(raw, path="goes.csv")
    assert flares["peak_flux"].tolist() == [1e-5]
    assert counts["flares_of_unknown_class"] == 0
