"""One flare list out of several."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaredag.compiled_lists import read_compiled_list
from flaredag.errors import InputError
from flaredag.flare_lists import FLARE_LIST_COLUMNS
from flaredag.flare_reconciliation import DISAGREEMENT_COLUMNS, covered, match_flares, reconcile, without_duplicates
from flaredag.ncei_reports import read_ncei_report

NIGHT = pd.Timestamp("2012-03-04 00:00")


def flare(start, peak, goes_class="C1.0", noaa_ar=0, *, end=None, satellite="", latitude=np.nan, place="line 1"):
    """A flare that starts and peaks at minutes after midnight; peak None if not given."""
    at = [pd.NaT if minute is None else NIGHT + pd.Timedelta(minutes=minute) for minute in (start, peak, end)]
    return (*at, goes_class, noaa_ar, latitude, latitude, satellite, "", "a list", place)


def flares(*rows):
    table = pd.DataFrame(rows, columns=list(FLARE_LIST_COLUMNS))
    times = dict.fromkeys(("start_time", "peak_time", "end_time"), "datetime64[s]")
    floats = dict.fromkeys(("latitude_deg", "longitude_deg"), np.float64)
    return table.astype(times | floats | {"noaa_ar": np.int64})


def merge(*, order=("ncei", "swpc", "hek"), minutes=5, **lists):
    return reconcile(lists, preferred_order=[n for n in order if n in lists], max_peak_difference_minutes=minutes)


def kinds(disagreements):
    return [tuple(row) for row in disagreements.drop(columns="peak_time").itertuples(index=False)]


def test_values_of_the_first_list_that_gives_them():
    ncei = flares(flare(60, 70, "C1.2", 0, end=80))
    swpc = flares(flare(60, 70, "C1.2", 11428, satellite="G15"))
    hek = flares(flare(60, 70, "C1.2", 11429, latitude=17.0))
    result = merge(ncei=ncei, swpc=swpc, hek=hek)
    found = result.flares.iloc[0]
    assert (found["noaa_ar"], found["satellite"], found["latitude_deg"]) == (11428, "G15", 17.0)
    assert found["end_time"] == NIGHT + pd.Timedelta(minutes=80)
    assert found["lists"] == "hek,ncei,swpc"
    assert kinds(result.disagreements) == [("region", "swpc", "11428", "hek", "11429", "11428")]
    assert result.counts["flares_in_all_lists"] == 1
    assert result.counts["disagreements_region"] == 1
    assert result.counts["disagreements_missing"] == result.counts["disagreements_class"] == 0


def test_disagreements_by_hand():
    ncei = flares(flare(0, 5), flare(60, 70, "C1.2", 11428), flare(200, 210, "M1.0"), flare(900, 905))
    swpc = flares(flare(0, 5), flare(58, 71, "C1.3", 11429), flare(300, 310, "M2.0"), flare(900, 905))
    result = merge(ncei=ncei, swpc=swpc)
    assert list(result.disagreements.columns) == list(DISAGREEMENT_COLUMNS)
    night = "2012-03-04"
    assert kinds(result.disagreements) == [
        ("class", "ncei", "C1.2", "swpc", "C1.3", "C1.2"),
        ("peak", "ncei", f"{night} 01:10:00", "swpc", f"{night} 01:11:00", f"{night} 01:10:00"),
        ("region", "ncei", "11428", "swpc", "11429", "11428"),
        ("start", "ncei", f"{night} 01:00:00", "swpc", f"{night} 00:58:00", f"{night} 01:00:00"),
        ("missing", "ncei", "M1.0", "swpc", "", "M1.0"),
        ("missing", "swpc", "M2.0", "ncei", "", "M2.0"),
    ]
    assert result.flares["lists"].tolist() == ["ncei,swpc", "ncei,swpc", "ncei", "swpc", "ncei,swpc"]
    assert (result.disagreements["peak_time"].iloc[0] - NIGHT).total_seconds() == 70 * 60


def test_the_preferred_list_decides():
    lists = {"ncei": flares(flare(60, 70, "C1.2", 11428)), "swpc": flares(flare(60, 70, "C1.3", 11429))}
    for order, goes_class, region in ((("ncei", "swpc"), "C1.2", 11428), (("swpc", "ncei"), "C1.3", 11429)):
        found = reconcile(lists, preferred_order=order, max_peak_difference_minutes=5).flares.iloc[0]
        assert (found["goes_class"], found["noaa_ar"]) == (goes_class, region)


@pytest.mark.parametrize(
    ("a", "b", "kept", "n_disagreements"),
    [
        ("C", "C5.3", "C5.3", 0),
        ("C", "M1.0", "C", 1),
        ("", "C5.3", "C5.3", 0),
        ("C1", "C1.0", "C1", 0),
        ("C1.0", "M1.0", "C1.0", 1),
    ],
)
def test_classes_that_are_not_told_or_bare(a, b, kept, n_disagreements):
    result = merge(ncei=flares(flare(60, 70, a)), swpc=flares(flare(60, 70, b)))
    assert result.flares["goes_class"].tolist() == [kept]
    assert len(result.disagreements) == n_disagreements


@pytest.mark.parametrize(
    ("b", "matched"),
    [
        (flare(60, 70, "X9.0"), 0),  # the same minute: one flare, whatever its class
        (flare(60, 72, "X9.0"), 0),
        (flare(60, 73, "X9.0"), -1),
        (flare(60, 75, "C1.2"), 0),
        (flare(60, 75, ""), 0),
        (flare(60, 75, "C1.3"), -1),
        (flare(60, 76, "C1.0"), -1),
        (flare(60, None, "C1.0"), 0),
        (flare(65, None, "C1.0"), 0),
        (flare(66, None, "C1.0"), -1),
    ],
)
def test_what_is_one_flare(b, matched):
    found = match_flares(flares(flare(60, 70, "C1.0")), flares(b), max_peak_difference_minutes=5)
    assert found.tolist() == [matched]


def test_matches_are_one_to_one_and_the_nearest_come_first():
    a = flares(flare(60, 70, "C1.0"), flare(66, 74, "C1.0"))
    b = flares(flare(60, 72, "C1.0"), flare(66, 73, "C1.0"), flare(70, 75, "C1.0"))
    # 73 and 75 are a minute from 74; of equal distances the earlier row counts, and 75 then finds none within 2 left.
    assert match_flares(a, b, max_peak_difference_minutes=5).tolist() == [0, 1, -1]


def test_repetitions_within_a_list():
    records = flares(
        flare(60, 70, "C1.2", 0),
        flare(60, 70, "C1.2", 11428),
        flare(61, 71, "C1.1", 11429, satellite="G14"),
        flare(60, None, "C1.2", 11430),
        flare(60, 75, "C1.2", 11428),
        flare(300, None, "C1.0", 0),
        flare(300, None, "C1.0", 11428),
    )
    found, n_dropped = without_duplicates(records, max_peak_difference_minutes=5)
    assert n_dropped == 4
    assert found["peak_time"].isna().tolist() == [False, False, True]
    assert found["noaa_ar"].tolist() == [11428, 11428, 11428]
    assert found["satellite"].tolist() == ["G14", "", ""]
    # A strong flare without a region takes that of the weaker record of the same peak.
    records = flares(flare(449, 459, "C2.1", 7321), flare(449, 460, "M1.5", 0))
    assert without_duplicates(records, max_peak_difference_minutes=5)[0]["noaa_ar"].tolist() == [7321]


def test_a_list_lacks_only_what_it_covers():
    year = pd.Timedelta(days=366)
    two_years = pd.concat([flares(flare(0, 5, "B1.0")), flares(flare(0, 5, "C1.0"))], ignore_index=True)
    two_years["start_time"] += pd.Series([0 * year, year])
    times = NIGHT + np.array([-pd.Timedelta(minutes=1), pd.Timedelta(minutes=5), year / 2, 0.9 * year, year, 2 * year])
    times = np.array(times, dtype="datetime64[s]")
    assert covered(two_years, times, ["X1.0"] * 6).tolist() == [False, True, True, True, True, False]
    assert covered(two_years, times, ["B9.9"] * 6).tolist() == [False, True, True, False, False, False]
    assert covered(two_years, times, [""] * 6).tolist() == [False] * 6
    assert covered(two_years[:0], times, ["X1.0"] * 6).tolist() == [False] * 6


def test_a_year_between_without_flares_is_not_covered():
    swpc = flares(flare(60, 70), flare(60 + 366 * 1440, 70 + 366 * 1440), flare(60 + 731 * 1440, 70 + 731 * 1440))
    result = merge(ncei=swpc.iloc[[0, 2]], swpc=swpc)
    assert len(result.flares) == 3
    assert len(result.disagreements) == 0


def test_empty_lists():
    empty = flares()
    result = merge(ncei=empty, swpc=flares(flare(60, 70)))
    assert len(result.flares) == 1
    assert len(result.disagreements) == 0
    result = merge(ncei=empty, swpc=empty)
    assert len(result.flares) == 0
    assert list(result.flares.columns) == [*FLARE_LIST_COLUMNS, "lists"]


def test_an_order_that_does_not_name_the_lists():
    with pytest.raises(InputError, match=r"flare lists: ncei found; wanted each of hek, ncei once"):
        reconcile({"ncei": flares(), "hek": flares()}, preferred_order=["ncei"], max_peak_difference_minutes=5)


FLARE_RECORDS = st.lists(
    st.builds(
        flare,
        st.integers(0, 60),
        st.one_of(st.none(), st.integers(0, 60)),
        st.sampled_from(["B9.0", "C", "C1.0", "C1.1", "M1.0", ""]),
        st.sampled_from([0, 11428, 11429]),
        satellite=st.sampled_from(["", "G15"]),
        place=st.sampled_from(["line 1", "line 2"]),
    ),
    max_size=12,
).map(lambda rows: flares(*rows))


@settings(max_examples=25)
@given(FLARE_RECORDS, FLARE_RECORDS, FLARE_RECORDS, st.sampled_from([0, 1, 5, 20]), st.randoms())
def test_properties(ncei, swpc, hek, minutes, random):
    lists = {"ncei": ncei, "swpc": swpc, "hek": hek}
    result = merge(**lists, minutes=minutes)
    # The order of rows and of lists does not matter.
    names = list(lists)
    random.shuffle(names)
    shuffled = {}
    for name in names:
        rows = list(range(len(lists[name])))
        random.shuffle(rows)
        shuffled[name] = lists[name].iloc[rows]
    again = merge(**shuffled, minutes=minutes)
    pd.testing.assert_frame_equal(again.flares, result.flares)
    pd.testing.assert_frame_equal(again.disagreements, result.disagreements)
    assert again.counts == result.counts
    # The result is a list that nothing more can be done to; one list alone contradicts nothing.
    alone = merge(ncei=result.flares, minutes=minutes)
    columns = list(FLARE_LIST_COLUMNS)
    pd.testing.assert_frame_equal(alone.flares[columns], result.flares[columns])
    assert len(alone.disagreements) == 0
    assert alone.counts["flares_repeated_ncei"] == 0
    # Whatever is dropped is counted, and no two flares stay that peak in the same minute.
    held = result.flares["lists"].str.split(",").explode().value_counts()
    dropped = {name: result.counts[f"flares_repeated_{name}"] for name in lists}
    if result.counts["flares_repeated_across_lists"] == 0:
        assert {name: int(held.get(name, 0)) for name in lists} == {n: len(lists[n]) - dropped[n] for n in lists}
    peaks = result.flares["peak_time"].dropna()
    assert not peaks.duplicated().any()


@pytest.fixture(scope="module")
def real_lists(mirror):
    reports = [read_ncei_report(path)[0] for path in sorted((mirror / "goes_xrs_ngdc").glob("*_201*.gz"))]
    return {
        "ncei": pd.concat(reports, ignore_index=True),
        "swpc": read_compiled_list(mirror / "swpc_flares_2010_2025" / "ftp_20100101_20251115.csv.gz")[0],
        "hek": read_compiled_list(mirror / "alciomar_sharp_daily" / "all_goes_hek_2010_2019.csv.gz")[0],
    }


def test_the_real_lists_of_ncei_and_swpc(real_lists):
    result = merge(ncei=real_lists["ncei"], swpc=real_lists["swpc"])
    assert result.counts == {
        "flares_repeated_ncei": 18,
        "flares_repeated_swpc": 71,
        "flares_repeated_across_lists": 0,
        "flares_in_all_lists": 11431,
        "disagreements_missing": 265,
        "disagreements_class": 776,
        "disagreements_region": 233,
        "disagreements_start": 9,
        "disagreements_peak": 1,
    }
    assert len(result.flares) == 30362
    # The classes differ by a tenth in the last digit, nearly all.
    classes = result.disagreements[result.disagreements["kind"] == "class"]
    tenths = [
        abs(round(10 * float(a[1:])) - round(10 * float(b[1:])))
        for a, b in zip(classes["value_a"], classes["value_b"], strict=True)
    ]
    assert sum(tenth == 1 for tenth in tenths) == 770


def test_the_real_lists_with_hek(real_lists):
    result = merge(**real_lists)
    assert len(result.flares) == 30470
    assert result.flares["lists"].value_counts().to_dict() == {
        "swpc": 15500,
        "hek,ncei,swpc": 10979,
        "hek,swpc": 3405,
        "ncei,swpc": 452,
        "hek": 108,
        "hek,ncei": 21,
        "ncei": 5,
    }
    again = merge(ncei=result.flares)
    pd.testing.assert_frame_equal(again.flares.drop(columns="lists"), result.flares.drop(columns="lists"))
    assert len(again.disagreements) == 0
