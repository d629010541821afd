"""Strata of windows: the first strong flare, the limb, cycles, McIntosh classes; their file, and joining forecasts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.strata import (
    FIRST_FLARE,
    MCINTOSH,
    PHASES,
    POSITIONS,
    Stratum,
    activity_before,
    cycle,
    cycle_phase,
    first_flare,
    mcintosh,
    position,
    read_strata,
    strata_of_predictions,
    write_strata,
)
from flaredag.windows import EVOLUTION

CYCLES = [
    {"number": 23, "begin": "1996-08-01", "maximum": "2001-11-01", "end": "2008-12-01"},
    {"number": 24, "begin": "2008-12-01", "maximum": "2014-04-01", "end": "2019-12-01"},
]


def times(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[s]")


def parts(stratum: Stratum) -> list[str]:
    return [stratum.parts[code] for code in stratum.codes]


def test_the_first_strong_flare_parts_a_region_wherever_it_is_in_the_record():
    flares = pd.DataFrame({"region_code": [7, 7, 9], "start_time": times("2011-02-15", "2011-02-13", "2011-02-01")})
    issued = times("2011-02-12T23:59:59", "2011-02-13", "2011-02-13T00:00:01", "2011-02-20", "2011-02-20")
    found = first_flare(np.array([7, 7, 7, 7, 8]), issued, flares)
    # Region 8 never flared strongly; a flare that begins at the issue time is not known then.
    assert parts(found) == ["before_first_flare"] * 2 + ["after_first_flare"] * 2 + ["before_first_flare"]
    assert found.parts == FIRST_FLARE


def test_nothing_that_happens_later_changes_what_is_before_the_first_flare():
    issued = times("2011-02-12", "2011-02-14")
    past = pd.DataFrame({"region_code": [7], "start_time": times("2011-02-13")})
    future = pd.DataFrame({"region_code": [7, 7], "start_time": times("2011-02-13", "2011-02-15")})
    region = np.array([7, 7])
    assert (first_flare(region, issued, past).codes == first_flare(region, issued, future).codes).all()


def test_position_is_that_of_the_centre_on_either_side_of_the_meridian():
    centre = np.array([0.0, 29.9, -30.0, 49.0, 50.0, -69.0, np.nan])
    found = position(centre - 5.0, centre + 5.0, np.full(7, np.nan))
    assert parts(found) == ["centre", "centre", "middle", "middle", "limb", "limb", "not_given"]
    assert found.parts == POSITIONS


def test_position_is_that_of_the_listed_group_where_the_record_tells_none():
    nan = np.nan
    lowest, highest = np.array([-5.0, nan, nan, 40.0, nan]), np.array([5.0, nan, nan, nan, nan])
    found = position(lowest, highest, np.array([80.0, -80.0, 29.0, 95.0, nan]))
    # What the record tells counts before the summary; half of it is nothing told.
    assert parts(found) == ["centre", "limb", "centre", "limb", "not_given"]


def test_cycles_begin_with_their_minimum_and_end_before_the_next():
    found = cycle(times("1996-07-31", "1996-08-01", "2008-11-30T23:59:59", "2008-12-01", "2019-12-01"), CYCLES)
    assert parts(found) == ["not_given", "cycle_23", "cycle_23", "cycle_24", "not_given"]


def test_phases_lie_about_minimum_and_maximum():
    issued = times("2008-06-01", "2009-11-30", "2009-12-03", "2012-09-01", "2012-11-01", "2014-04-01", "2015-09-01")
    issued = np.concatenate([issued, times("2015-11-01", "2018-11-30", "2018-12-03", "2020-01-01")])
    expected = ["minimum", "minimum", "rising", "rising", "maximum", "maximum", "maximum"]
    expected += ["declining", "declining", "minimum", "not_given"]
    found = cycle_phase(issued, CYCLES)
    assert parts(found) == expected
    assert found.parts == PHASES


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"maximum": "1990-01-01"}, "wanted three days in this order"),
        ({"begin": "tomorrow"}, "Give days such as 2008-12-01"),
        ({"end": "2010-01-01"}, "none within another"),
    ],
)
def test_cycles_that_cannot_be_are_refused(changed, message):
    with pytest.raises(InputError, match=message):
        cycle(times("2000-01-01"), [CYCLES[0] | changed, CYCLES[1]])


def test_the_class_is_that_of_the_group():
    asked = [
        (True, True, False, "Dao", "D"),
        (True, True, False, "fki", "F"),
        (True, True, True, "", "no_spots"),
        (True, True, False, "", "not_given"),
        (True, True, False, "Xyz", "not_given"),
        (True, False, False, "", "not_listed"),
        (False, False, False, "", "not_given"),
    ]
    groups = pd.DataFrame(asked, columns=["summarised", "listed", "plage", "mcintosh", "expected"])
    found = mcintosh(groups)
    assert parts(found) == groups["expected"].tolist()
    assert found.parts == MCINTOSH
    assert found.codes.dtype == np.int8
    assert parts(mcintosh(groups.iloc[:0])) == []


def test_activity_before_is_the_first_half_of_the_evolution_type():
    codes = np.arange(len(EVOLUTION), dtype=np.int8)
    assert parts(activity_before(codes)) == [name.split("->")[0].lower() for name in EVOLUTION]


def described(path) -> pd.DataFrame:
    windows = {
        "instrument": np.array([1, 0], dtype=np.int8),
        "region": np.array([5, 377], dtype=np.int32),
        "issue_time": times("2001-01-01", "2011-02-14"),
    }
    write_strata(path, windows, ["sharp", "smarp"], {"position": position(*np.array([[0.0, 60], [2, 62], [0, 0]]))})
    return read_strata(path)


def test_what_is_written_is_read(tmp_path):
    table = described(tmp_path / "strata.nc")
    assert list(table) == ["instrument", "region", "issue_time", "position"]
    assert table["instrument"].tolist() == ["smarp", "sharp"]
    assert table["issue_time"].tolist() == [pd.Timestamp("2001-01-01"), pd.Timestamp("2011-02-14")]
    assert table["position"].tolist() == ["centre", "limb"]
    assert list(table["position"].cat.categories) == list(POSITIONS)


def test_same_strata_same_bytes(tmp_path):
    described(tmp_path / "a.nc")
    described(tmp_path / "b.nc")
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "text.nc").write_text("no netCDF")
    with pytest.raises(InputError, match="cannot be read as netCDF"):
        read_strata(tmp_path / "text.nc")
    write_strata(tmp_path / "empty.nc", {name: times() for name in ("instrument", "region", "issue_time")}, [], {})
    with pytest.raises(InputError, match="no variable first_flare"):
        read_strata(tmp_path / "empty.nc")


def test_predictions_are_joined_in_their_order_and_all_are_of_one_whole(tmp_path):
    table = described(tmp_path / "strata.nc")
    predictions = pd.DataFrame(
        {
            "instrument": pd.Categorical(["sharp", "smarp", "sharp"]),
            "region": np.array([377, 5, 377], dtype=np.int32),
            "issue_time": times("2011-02-14", "2001-01-01", "2011-02-14"),
        }
    )
    found = strata_of_predictions(predictions, table, source="p.nc")
    assert found["position"].tolist() == ["limb", "centre", "limb"]
    assert found["all"].tolist() == ["all"] * 3


def test_a_prediction_of_no_window_is_told(tmp_path):
    table = described(tmp_path / "strata.nc")
    predictions = pd.DataFrame({"instrument": ["sharp"], "region": [5], "issue_time": times("2011-02-14")})
    with pytest.raises(InputError, match=r"p\.nc: 1 of 1 predictions are of no window .* sharp 5 at 2011-02-14"):
        strata_of_predictions(predictions, table, source="p.nc")
