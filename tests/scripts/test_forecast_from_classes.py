import numpy as np
import pytest

import made_up_members as made_up
from flaredag.artifacts import read_json
from flaredag.errors import InputError
from flaredag.members import read_members
from forecast_from_classes import main

EVENT = {"least_class": "M1.0", "below_class": "", "window_hours": 24}
GROUPS = [
    (12300, "EKC", "2015-03-01 00:30"),
    (12301, "AXX", "2015-03-01 00:30"),
    (12300, "FKC", "2015-03-03 00:30"),
]


def forecast(tmp_path, *, event=EVENT, begin="2015-02-01"):
    made_up.written_groups(tmp_path / "srs.csv", GROUPS)
    (tmp_path / "counts.txt").write_text(made_up.CLASS_COUNTS)
    listed = made_up.written_list(tmp_path, {"2015-03-03 01:00": "X2.0"}, begin, "2015-04-01")
    paths = [str(tmp_path / name) for name in ("srs.csv", "counts.txt")]
    made = [str(tmp_path / "member.nc"), str(tmp_path / "notes.json")]
    main(*paths, *listed, *made, name="MCSTAT", source="classes", event=event)
    return read_members(made[0]), read_json(made[1])["notes"]


def test_the_disk_of_each_day_from_its_groups(tmp_path):
    member, notes = forecast(tmp_path)
    # 75 and 1 flares of M1.0 and above in 50 and 100 days; of all classes 76 in 150; no group on the second day.
    expected = 1 - np.exp([-(75 / 50 + 1 / 100), 0.0, -76 / 150])
    np.testing.assert_allclose(member.probability[:, 0], expected, rtol=1e-14)
    assert (member.names, member.event, member.source) == (("MCSTAT",), "M1.0", "classes")
    assert member.time.tolist() == made_up.days(3).tolist()
    assert member.outcome.tolist() == [0, 0, 1]
    assert notes == [
        "1 of 3 days have no group with spots: probability 0.",
        "1 of 3 groups are of classes without a rate (Fkc): they have the mean of all classes, 0.507 flares a day.",
    ]


def test_class_m_alone_has_its_own_rate_and_days(tmp_path):
    member, _ = forecast(tmp_path, event=EVENT | {"below_class": "X1.0"})
    assert member.probability[0, 0] == pytest.approx(1 - np.exp(-(60 / 50 + 1 / 100)))
    assert member.outcome.tolist() == [0, 0, 0]


def test_days_without_a_flare_list_are_left_out_or_refused(tmp_path):
    member, _ = forecast(tmp_path, begin="2015-03-01 12:00")
    assert member.time.tolist() == made_up.days(3)[1:].tolist()
    with pytest.raises(InputError, match="classes: the flare list covers no day from 2015-03-01"):
        forecast(tmp_path, begin="2015-03-20")
