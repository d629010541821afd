"""Flare lists by themselves: true fluxes, and what a list covers."""

import numpy as np
import pandas as pd
import pytest

from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.listed_flares import (
    covered_periods,
    flares_of_one_list,
    read_covered_periods,
    read_lists,
    repairs_counted,
    with_true_flux,
    within_periods,
)


def listed(*flares) -> pd.DataFrame:
    """Flares (start, class, satellite, source) as a reader of a list gives them."""
    start = pd.to_datetime([flare[0] for flare in flares], format="ISO8601").astype("datetime64[s]")
    return pd.DataFrame(
        {
            "start_time": start,
            "peak_time": start + pd.Timedelta(minutes=5),
            "end_time": start + pd.Timedelta(minutes=9),
            "goes_class": [flare[1] for flare in flares],
            "noaa_ar": 11158,
            "latitude_deg": np.nan,
            "longitude_deg": np.nan,
            "satellite": [flare[2] for flare in flares],
            "repairs": "",
            "source": [flare[3] for flare in flares],
            "place": "line 1",
        }
    )


def periods(*flares) -> list[tuple[str, str]]:
    table = covered_periods(listed(*((start, "C1.0", "", source) for start, source in flares)))
    return [tuple(map(str, row)) for row in table.itertuples(index=False)]


def test_years_that_follow_on_each_other_are_one_period_and_a_missing_one_is_a_gap():
    found = periods(
        ("2013-02-01", "report_2013.txt"),
        ("2014-12-30", "a/b/report_2014.txt.gz"),
        ("2016-01-05", "report_2016.txt"),
        ("2014-01-02", "report_2014.txt.gz"),
        ("2017-06-28", "report_2017.txt"),
    )
    assert found == [
        ("2013-02-01 00:00:00", "2014-12-30 00:00:00"),
        ("2016-01-05 00:00:00", "2017-06-28 00:00:00"),
    ]


def test_a_year_with_one_flare_covers_what_lies_between_it_and_its_neighbours():
    # A quiet year is no gap.
    found = periods(("2007-03-01", "2007.json"), ("2008-06-01", "2008.json"), ("2009-12-01", "2009.json"))
    assert found == [("2007-03-01 00:00:00", "2009-12-01 00:00:00")]


def test_a_file_without_a_year_covers_the_time_from_its_first_flare_to_its_last():
    found = periods(
        ("2010-01-01 12:02", "ftp_20100101_20251115.csv"),
        ("2025-11-15", "ftp_20100101_20251115.csv"),
        ("2012-01-01", "sc24.csv"),
        ("2013-01-01", "sc24.csv"),
    )
    assert found == [("2010-01-01 12:02:00", "2025-11-15 00:00:00")]


def test_periods_are_read_as_written(tmp_path):
    table = covered_periods(listed(("2013-02-01 01:02:03", "C1.0", "", "a.csv"), ("2014-01-01", "C1.0", "", "a.csv")))
    path = str(tmp_path / "covered.csv")
    write_csv(path, table)
    pd.testing.assert_frame_equal(read_covered_periods(path), table)
    (tmp_path / "covered.csv").write_text("begin,end\nsoon,2014-01-01\n")
    with pytest.raises(InputError, match=r"covered\.csv: column begin: record 1 is 'soon'"):
        read_covered_periods(path)


def test_a_window_lies_in_one_period_or_in_none():
    both = pd.DataFrame(
        {"begin": pd.to_datetime(["2012-01-01", "2013-01-01"]), "end": pd.to_datetime(["2012-01-03", "2013-01-03"])}
    )
    begin = np.array(["2012-01-01", "2012-01-02", "2012-01-03", "2012-06-01", "2013-01-02"], dtype="datetime64[s]")
    found = within_periods(begin, begin + np.timedelta64(86400, "s"), both)
    assert found.tolist() == [True, True, False, False, True]


def test_the_true_flux_is_that_of_the_satellite():
    flares = listed(
        ("2011-02-15", "M5.0", "G15", "a"), ("2023-02-15", "M5.0", "G16", "a"), ("2012-02-15", "C", "", "a")
    )
    unscaled, counts = with_true_flux(flares)
    assert unscaled["goes_class"].tolist() == ["M7.14", "M5.0", "C"]
    assert flares["goes_class"].tolist() == ["M5.0", "M5.0", "C"]
    assert counts == {"flares_of_goes_8_to_15": 2, "flares_of_unknown_flux_scale": 0, "flares_unscaled": 1}


def test_one_list_has_each_flare_once():
    flares = listed(("2011-02-15", "M5.0", "G15", "a"), ("2011-02-15", "M5.0", "G15", "b"))
    table, counts = flares_of_one_list(flares, name="swpc")
    assert table["lists"].tolist() == ["swpc"]
    assert table["peak_flux"].tolist() == pytest.approx([5e-5])
    assert (counts["flares_read"], counts["flares_repeated"], counts["flares_without_noaa_ar"]) == (1, 1, 0)


def test_repairs_are_counted_each():
    flares = listed(*(("2011-02-15", "M5.0", "G15", "a") for _ in range(3)))
    flares["repairs"] = ["", "noaa_ar", "noaa_ar,end_time_dropped"]
    assert repairs_counted(flares) == {
        "noaa_ar": 2,
        "peak_time_dropped": 0,
        "end_time_dropped": 1,
        "peak_and_end_swapped": 0,
    }


def test_a_list_of_an_unknown_name(tmp_path):
    with pytest.raises(InputError, match="flare lists liu: not known"):
        read_lists({"liu": [str(tmp_path / "a.csv")]})
