"""Flare lists that others compiled."""

import csv
import gzip

import pytest

from flaredag.compiled_lists import read_compiled_list
from flaredag.errors import InputError

SWPC = """,start_time,peak_time,end_time,label,noaa_ar,obs,cls
0,2010-01-01 12:02:00,2010-01-01 12:09:00,2010-01-01 12:18:00,B1.9,0,G14,B
1,2023/12/31 23:59,2023-12-31 00:10:00,2023/12/31 00:13,C1.4,13536,G16,C
"""
# The header lacks the name of the index; times are HHMM of the date, or whole.
DAILY = """date,event_no,start_time,max_time,end_time,goes_sat,goes_channel,goes_class_ind,goes_class,flux,noaa_ar,ts
89,20100313, 720,2335,2349,0023,G14,1-8A,C,C1.5,3.5E-03,11054,201003132335
71,19970629,1950,1997-06-29 23:41:00,2352,1997-06-29 00:05:00,GO9,1-8A,C,C1.1,1.1E-03,8056,199706292341
516,20110411,7360,2340,////,0003,G15,1-8A,C,"C2,5",1.7E-03,     ,201104112340
"""
LOCATED = """event_starttime,event_peaktime,event_endtime,goes_class,noaa_ar,position_hgs
2010-01-02 07:09:00,2010-01-02 07:24:00,2010-01-02 07:40:00,C1.0,11039,S26W41
2010-01-02 14:08:00,2010-01-02 14:16:00,2010-01-02 14:24:00,C2.6,     ,
"""
WITHOUT_PEAK = """Flares,Start Time,End Time,NOAA
X2.2,2011-02-15 01:44:00,2011-02-15 02:06:00,11158
"""
HEK = """event_date,start_time,peak_time,end_time,goes_class,goes_location,noaa_active_region
2010-05-01,2010-05-01T01:34:00.000,2010-05-01T01:39:00.000,2010-05-01T01:43:00.000,C5.7,"(-73, 23)",1067
2010-05-05,2010-05-05T07:09:00.000,2010-05-05T07:16:00.000,2010-05-05T07:20:00.000,C2.3,"(0, 0)",11069
"""
NO_HEADER = "2010-05-01;2010-05-01 01:34:00;2010-05-01 01:39:00;2010-05-01 01:43:00;C5.7;(-73, 23);11067;C;2;-73;23\n"


def read(tmp_path, text):
    (tmp_path / "list.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    flares, rejected = read_compiled_list(tmp_path / "list.csv")
    return flares.assign(
        **{c: flares[c].astype(str).str[:16].fillna("NaT") for c in ("start_time", "peak_time", "end_time")}
    ), rejected


def test_swpc_with_two_forms_of_dates(tmp_path):
    flares, rejected = read(tmp_path, SWPC)
    assert not rejected
    assert flares["start_time"].tolist() == ["2010-01-01 12:02", "2023-12-31 23:59"]
    assert flares["peak_time"].tolist() == ["2010-01-01 12:09", "2024-01-01 00:10"]
    assert flares["end_time"].tolist() == ["2010-01-01 12:18", "2024-01-01 00:13"]
    assert flares["goes_class"].tolist() == ["B1.9", "C1.4"]
    assert flares["noaa_ar"].tolist() == [0, 13536]
    assert flares["satellite"].tolist() == ["G14", "G16"]
    assert flares["place"].tolist() == ["line 2", "line 3"]


def test_daily_reports_with_clock_times(tmp_path):
    flares, rejected = read(tmp_path, DAILY)
    assert not rejected
    assert flares["start_time"].tolist() == ["2010-03-13 23:35", "1997-06-29 23:41", "2011-04-11 23:40"]
    assert flares["peak_time"].tolist() == ["2010-03-13 23:49", "1997-06-29 23:52", "NaT"]
    assert flares["end_time"].tolist() == ["2010-03-14 00:23", "1997-06-30 00:05", "2011-04-12 00:03"]
    assert flares["goes_class"].tolist() == ["C1.5", "C1.1", "C2.5"]
    assert flares["noaa_ar"].tolist() == [11054, 8056, 0]


def test_locations(tmp_path):
    flares, _ = read(tmp_path, LOCATED)
    assert flares[["latitude_deg", "longitude_deg"]].iloc[0].tolist() == [-26.0, 41.0]
    assert flares["latitude_deg"].isna().tolist() == [False, True]
    for text in (HEK, NO_HEADER):
        flares, _ = read(tmp_path, text)
        assert flares[["latitude_deg", "longitude_deg"]].iloc[0].tolist() == [23.0, -73.0]
        assert flares["noaa_ar"].iloc[0] == 11067
        assert flares["start_time"].iloc[0] == "2010-05-01 01:34"
    assert read(tmp_path, HEK)[0]["latitude_deg"].isna().tolist() == [False, True]


def test_a_list_without_peaks(tmp_path):
    flares, _ = read(tmp_path, WITHOUT_PEAK)
    assert flares[["start_time", "peak_time", "end_time"]].iloc[0].tolist() == [
        "2011-02-15 01:44",
        "NaT",
        "2011-02-15 02:06",
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2,2010-01-01 12:33:00,2010-01-01 12:43:00,B2.3,0,G14,B", "number of fields not that of the header"),
        ('2,"2010-01-01 12:33:00,2010-01-01 12:43:00,,B2.3,0,G14,B', "number of fields not that of the header"),
        ("2,,2010-01-01 12:43:00,,B2.3,0,G14,B", "no start time"),
        ("2,2010-01-01 12:33:00,12:43,,B2.3,0,G14,B", "peak time not readable"),
        ("2,2010-01-01 12:33:00,,,2.3,0,G14,B", "no GOES class"),
        ("2,2010-01-01 12:33:00,,,B2.3,AR,G14,B", "NOAA region not readable"),
        ("2,2010-01-01 12:33:00,,,B2.\xb2,0,G14,B", "no GOES class"),
    ],
)
def test_a_bad_line_is_listed_and_the_others_are_read(tmp_path, line, reason):
    flares, rejected = read(tmp_path, f"{SWPC}{line}\n{SWPC.splitlines()[1]}\n".encode("latin-1"))
    assert flares["place"].tolist() == ["line 2", "line 3", "line 5"]
    assert [(r.place, r.reason) for r in rejected] == [("line 4", reason)]


def test_a_bad_date_and_a_last_line_cut_off(tmp_path):
    _, rejected = read(tmp_path, DAILY.replace("20100313", "20101313"))
    assert [(r.place, r.reason) for r in rejected] == [("line 2", "date not readable")]
    _, rejected = read(tmp_path, WITHOUT_PEAK + WITHOUT_PEAK.splitlines()[1][:-1])
    assert [(r.place, r.reason) for r in rejected] == [("line 3", "last line cut off")]


def test_files_that_are_no_flare_lists(tmp_path):
    with pytest.raises(InputError, match=r"list\.csv: 'a,b' is the header of no flare list known; wanted one with"):
        read(tmp_path, "a,b\n1,2\n")
    with pytest.raises(InputError, match=r"list\.csv: '' is the header of no flare list"):
        read(tmp_path, "")
    with pytest.raises(InputError, match="none of its 1 records"):
        read(tmp_path, SWPC.splitlines()[0] + "\nx\n")
    assert len(read(tmp_path, SWPC.splitlines()[0] + "\n")[0]) == 0


@pytest.mark.parametrize(
    ("name", "header", "n_flares", "with_region", "repairs"),
    [
        ("swpc_flares_2010_2025/ftp_20100101_20251115.csv.gz", 1, 30407, 25701, {"end_time_dropped": 14}),
        (
            "hayesla_srs_flares/swpc_flarelist_19960731_20181231.csv.gz", 1, 23285, 16563,
            {"end_time_dropped": 2, "peak_time_dropped": 2},
        ),
        ("hayesla_srs_flares/swpc_flarelist_20100101-20210810.csv.gz", 1, 8833, 7878, {}),
        ("hayesla_srs_flares/final_flare_list_sc24.csv.gz", 1, 8606, 7669, {}),
        ("liu2019_lstm/flares_B-class.csv", 1, 4203, 4203, {}),
        ("liu2019_lstm/flares_C-class.csv", 1, 6768, 6768, {}),
        ("liu2019_lstm/flares_M-class.csv", 1, 704, 704, {}),
        ("liu2019_lstm/flares_X-class.csv", 1, 49, 49, {}),
        ("lucaspauker_sharp12min/noaa_data.csv", 1, 8029, 7156, {"noaa_ar": 19}),
        ("alciomar_sharp_daily/all_goes_hek_2010_2019.csv.gz", 0, 14723, 12304, {"noaa_ar": 105}),
    ],
)  # fmt: skip
def test_the_real_lists_parse_whole(mirror, name, header, n_flares, with_region, repairs):
    content = (mirror / name).read_bytes()
    text = (gzip.decompress(content) if name.endswith(".gz") else content).decode()
    n_records = sum(1 for _ in csv.reader(text.splitlines())) - header
    flares, rejected = read_compiled_list(mirror / name)
    assert not rejected
    assert n_records == len(flares) == n_flares
    assert int((flares["noaa_ar"] > 0).sum()) == with_region
    of_today = flares[flares["start_time"] > "2002-07-31"]
    assert ((of_today["noaa_ar"] == 0) | (of_today["noaa_ar"] > 10000)).all()
    found = flares["repairs"][flares["repairs"] != ""].value_counts().to_dict()
    assert found == repairs
