"""Flare events of HEK."""

import json

import numpy as np
import pytest

from flaredag.errors import InputError
from flaredag.hek_events import read_hek_events

EVENT = {
    "event_starttime": "2011-02-15T01:44:00",
    "event_peaktime": "2011-02-15T01:56:00",
    "event_endtime": "2011-02-15T02:06:00",
    "fl_goescls": "X2.2",
    "ar_noaanum": 11158,
    "obs_observatory": "GOES",
    "frm_name": "SWPC",
    "event_coordsys": "UTC-HGS-TOPO",
    "event_coord1": 12,
    "event_coord2": -20,
    "kb_archivid": "ivo://helio-informatics.org/FL_1",
}


def read(tmp_path, *events):
    (tmp_path / "2011.json").write_text(json.dumps({"result": list(events)}))
    return read_hek_events(tmp_path / "2011.json")


def test_a_flare_by_hand(tmp_path):
    flares, rejected = read(tmp_path, EVENT)
    assert not rejected
    flare = flares.iloc[0]
    assert [str(flare[name]) for name in ("start_time", "peak_time", "end_time")] == [
        "2011-02-15 01:44:00",
        "2011-02-15 01:56:00",
        "2011-02-15 02:06:00",
    ]
    assert (flare["goes_class"], flare["noaa_ar"], flare["satellite"]) == ("X2.2", 11158, "GOES")
    assert (flare["latitude_deg"], flare["longitude_deg"]) == (-20.0, 12.0)
    assert flare["place"] == "event 1 ivo://helio-informatics.org/FL_1"


@pytest.mark.parametrize(
    ("change", "column", "found"),
    [
        ({"ar_noaanum": None}, "noaa_ar", "0"),
        ({"ar_noaanum": 1158}, "noaa_ar", "11158"),
        ({"ar_noaanum": "11158"}, "noaa_ar", "11158"),
        ({"fl_goescls": ""}, "goes_class", ""),
        ({"fl_goescls": "C"}, "goes_class", "C"),
        ({"event_coord1": 0, "event_coord2": 0}, "latitude_deg", "nan"),
        ({"event_coordsys": "UTC-HPC-TOPO"}, "longitude_deg", "nan"),
        ({"event_peaktime": None}, "peak_time", "NaT"),
        ({"event_starttime": "2010-12-31T23:55:00"}, "start_time", "2010-12-31 23:55:00"),
        ({"event_starttime": "2008-12-31T23:59:60"}, "start_time", "2009-01-01 00:00:00"),
    ],
)
def test_what_is_not_given_or_given_in_another_way(tmp_path, change, column, found):
    flares, rejected = read(tmp_path, EVENT | change)
    assert not rejected
    assert str(flares[column].iloc[0]) == found


def test_a_peak_at_midnight_that_hek_gives_the_day_of_the_start(tmp_path):
    # As HEK has the C2.5 flare of 2011-04-11.
    flares, _ = read(
        tmp_path,
        EVENT
        | {
            "event_starttime": "2011-04-11T23:40:00",
            "event_peaktime": "2011-04-11T00:00:00",
            "event_endtime": "2011-04-12T00:03:00",
        },
    )
    assert flares["peak_time"].iloc[0] == np.datetime64("2011-04-12T00:00:00")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("text", "no event but another JSON value"),
        (EVENT | {"obs_observatory": "SDO"}, "not observed by GOES"),
        (EVENT | {"event_starttime": None}, "no start time"),
        (EVENT | {"event_starttime": "15-FEB-2011"}, "start time not readable"),
        (EVENT | {"event_peaktime": "2011-02-31T00:00:00"}, "peak time not readable"),
        (EVENT | {"event_endtime": "9999-01-01T00:00:00"}, "end time not readable"),
        (EVENT | {"fl_goescls": "Q1.0"}, "no GOES class"),
        (EVENT | {"ar_noaanum": "AR11158"}, "NOAA region not readable"),
        (EVENT | {"ar_noaanum": -1}, "NOAA region not readable"),
        (EVENT | {"event_coord1": "east"}, "location not readable"),
    ],
)
def test_a_bad_event_is_listed_and_the_others_are_read(tmp_path, bad, reason):
    flares, rejected = read(tmp_path, bad, EVENT)
    assert flares["place"].str[:7].tolist() == ["event 2"]
    assert [(r.place[:7], r.reason) for r in rejected] == [("event 1", reason)]
    assert json.loads(rejected[0].text) == bad


def test_files_that_are_no_events(tmp_path):
    path = tmp_path / "2011.json"
    for text, told in (("{", "not JSON"), ("[]", "no list of events"), ('{"result": 1}', "no list of events")):
        path.write_text(text)
        with pytest.raises(InputError, match=rf"2011\.json: .*{told}"):
            read_hek_events(path)
    with pytest.raises(InputError, match="none of its 1 records"):
        read(tmp_path, EVENT | {"obs_observatory": "SDO"})
    assert len(read(tmp_path)[0]) == 0
    path.write_bytes(json.dumps({"result": [EVENT | {"note": "\u00e9"}]}, ensure_ascii=False).encode("latin-1"))
    assert len(read_hek_events(path)[0]) == 1
