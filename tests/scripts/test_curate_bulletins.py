import numpy as np
import pytest

import made_up_members as made_up
from curate_bulletins import main
from flaredag.artifacts import read_json, sha256_of_file
from flaredag.errors import InputError
from flaredag.members import read_members

# Two issues a day of one centre, the second day's first one early; one issue a day of the other, none on the last day.
MORNING_AND_NOON = """2015 03 01 00 30 50 10
2015 03 01 12 30 90 90
2015 03 01 23 00 20 5
2015 03 02 12 00 90 90
2015 03 03 01 00 0 0
"""
DAILY = "2015 03 01 00 00 40 15\n2015 03 02 00 00 30 10\n"
LISTED = "2015 03 02 1200 1210 1220 M1.0 2300\n2015 03 03 0100 0110 0120 X2.0\n"
FLARES = {"2015-03-02 12:00": "M1.0", "2015-03-03 01:00": "X2.0"}
DESCRIBED = {
    "kind": "bulletins",
    "listed_flares": "centre/flares.txt",
    "members": {
        "A": {"file": "centre/a.txt", "columns": {"M1.0": 6, "X1.0": 7}, "issued_within_hours": [-3, 3]},
        "B": {"file": "centre/b.txt", "columns": {"M1.0": 6, "X1.0": 7}, "issued_within_hours": [0, 0]},
    },
}
EVENT = {"least_class": "M1.0", "below_class": "", "window_hours": 24}


def curated(tmp_path, *, described=DESCRIBED, event=EVENT, begin="2015-02-01", end="2015-04-01", listed=LISTED):
    folder = tmp_path / "raw" / "centre"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"a.txt": MORNING_AND_NOON, "b.txt": DAILY, "flares.txt": listed}.items():
        (folder / name).write_text(text)
    files = [str(folder / name) for name in ("a.txt", "b.txt", "flares.txt")]
    flares, covered = made_up.written_list(tmp_path, FLARES, begin, end)
    paths = [str(tmp_path / "members.nc"), str(tmp_path / "notes.json")]
    main(files, flares, covered, *paths, source="centres", described=described, event=event)
    return read_members(paths[0]), read_json(paths[1])["notes"]


def test_a_forecast_a_day_of_each_centre(tmp_path):
    members, notes = curated(tmp_path)
    assert members.names == ("A", "B")
    assert members.time.tolist() == made_up.days(3).tolist()
    np.testing.assert_array_equal(members.probability, [[0.5, 0.4], [0.2, 0.3], [0.0, np.nan]])
    assert members.outcome.tolist() == [0, 1, 1]
    assert (members.event, members.source) == ("M1.0", "centres")
    assert notes == [
        "A: 3 of 3 days have a forecast, of 5 issues; 2 are issued after it has begun, by 1 h at most.",
        "B: 2 of 3 days have a forecast, of 2 issues; 0 are issued after it has begun, by 0 h at most.",
        "Of 3 windows that centre/flares.txt covers, 2 have an event; it tells the same.",
    ]


def test_another_event_has_another_column_and_other_days(tmp_path):
    members, _ = curated(tmp_path, event=EVENT | {"least_class": "X1.0"})
    np.testing.assert_array_equal(members.probability, [[0.1, 0.15], [0.05, 0.1], [0.0, np.nan]])
    assert members.outcome.tolist() == [0, 0, 1]
    of_class_m, _ = curated(tmp_path, event=EVENT | {"below_class": "X1.0"})
    assert of_class_m.outcome.tolist() == [0, 1, 0]
    assert of_class_m.event == "M1.0 to X1.0"


def test_days_that_the_flare_list_does_not_cover_are_left_out(tmp_path):
    members, notes = curated(tmp_path, begin="2015-03-01 12:00")
    assert members.time.tolist() == made_up.days(3)[1:].tolist()
    assert notes[0] == "1 of 3 days are not covered by the flare list."
    with pytest.raises(InputError, match="centres: the flare list covers no day from 2015-03-01"):
        curated(tmp_path, begin="2016-01-01", end="2017-01-01")


def test_a_list_that_tells_other_days_is_told(tmp_path):
    _, notes = curated(tmp_path, listed="2015 03 01 1200 1210 1220 M1.0 2300\n2015 03 03 0100 0110 0120 X2.0\n")
    assert notes[-1].endswith(
        "2 have an event; it lacks 1 of these and has 1 others, the first on 2015-03-01T00:00:00."
    )


def test_an_event_without_a_column_and_hours_without_an_issue_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"centres: no column of C1\.0 is named for A, B"):
        curated(tmp_path, event=EVENT | {"least_class": "C1.0"})
    of_members = {name: one | {"issued_within_hours": [5, 6]} for name, one in DESCRIBED["members"].items()}
    with pytest.raises(InputError, match="centres: no forecast is issued within the hours of its day"):
        curated(tmp_path, described=DESCRIBED | {"members": of_members})
    assert not (tmp_path / "members.nc").exists()


def test_the_same_files_are_the_same_bytes(tmp_path):
    curated(tmp_path)
    before = sha256_of_file(tmp_path / "members.nc")
    curated(tmp_path)
    assert sha256_of_file(tmp_path / "members.nc") == before
