import numpy as np
import pandas as pd
import pytest

import made_up_members as made_up
from flaredag.artifacts import read_json, write_json
from flaredag.errors import InputError
from flaredag.members import read_members, write_members
from flaredag.predictions import write_predictions
from join_members import main

EVENT = {"least_class": "M1.0", "below_class": "", "window_hours": 24}
DISK = {"source": "ours", "seed": 0, "window_hours": 24, "event": "M1.0"}
GIVEN = made_up.members([[0.1, 0.2], [0.3, float("nan")], [0.5, 0.6]], [0, 1, 0], source="given")


def written(tmp_path, *, members=GIVEN) -> dict[str, list[str]]:
    """Inputs of the rule: a source with notes, forecasts of the disk two of whose days are common, a flare list."""
    write_members(tmp_path / "given.nc", members)
    write_json(tmp_path / "given.json", {"notes": ["Something."]})
    days = made_up.days(3, made_up.FIRST_DAY + made_up.DAY)
    table = pd.DataFrame({"issue_time": days, "label": [1, 0, 0], "probability": [0.75, 0.25, 0.125]})
    table = table.assign(instrument="disk", region=0, split="test", model="lstm", seed=0)
    write_predictions(tmp_path / "disk.nc", table)
    flares, covered = made_up.written_list(tmp_path, {"2015-03-02 12:00": "M5.0"}, "2015-02-01", "2015-04-01")
    paths = {"members": "given.nc", "notes": "given.json", "disks": "disk.nc"}
    inputs = {kind: [str(tmp_path / name)] for kind, name in paths.items()}
    return inputs | {"flares": [flares], "covered": [covered]}


def joined(tmp_path, inputs, *, names=(), disks=(DISK,), event=EVENT):
    paths = [str(tmp_path / "members.nc"), str(tmp_path / "source.json")]
    main(inputs, *paths, names=names, disks=disks, event=event)
    return read_members(paths[0]), read_json(paths[1])


def test_sources_and_our_models_on_their_common_days(tmp_path):
    members, source = joined(tmp_path, written(tmp_path))
    assert members.names == ("A", "B", "lstm")
    assert members.time.tolist() == made_up.days(3)[1:].tolist()
    np.testing.assert_array_equal(members.probability, [[0.3, np.nan, 0.75], [0.5, 0.6, 0.25]])
    assert members.outcome.tolist() == [1, 0]
    assert members.source == "given; ours"
    assert source["sources"] == {"given": ["Something."], "ours": []}
    assert source["event_rate"] == 0.5
    assert source["notes"][1:] == [
        "1 of 2 windows have a forecast of every member.",
        "B: missing in 1 of 2 windows.",
        "B: every probability is 0.6: its correlations are not defined.",
        "Of 2 windows that the flare list covers, 1 have an event; it tells the same.",
    ]


def test_members_by_name_and_no_flare_list(tmp_path):
    inputs = written(tmp_path) | {"flares": [], "covered": [], "disks": []}
    members, source = joined(tmp_path, inputs, names=["B", "A"], disks=[])
    assert members.names == ("B", "A")
    assert len(members.time) == 3
    assert source["notes"] == ["2 of 3 windows have a forecast of every member.", "B: missing in 1 of 3 windows."]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"event": EVENT | {"least_class": "X1.0"}}, r"given forecasts M1\.0; wanted X1\.0"),
        ({"event": EVENT | {"below_class": "X1.0"}}, r"given forecasts M1\.0; wanted M1\.0 to X1\.0"),
        ({"names": ["A"]}, r"given; ours: 1 member \(A\); wanted two"),
        ({"names": ["A", "C"]}, "no member C; the sources have A, B, lstm"),
    ],
)
def test_what_does_not_go_together_is_refused_and_nothing_written(tmp_path, change, words):
    with pytest.raises(InputError, match=words):
        joined(tmp_path, written(tmp_path), **change)
    assert not (tmp_path / "members.nc").exists()
    assert not (tmp_path / "source.json").exists()


def test_days_without_an_event_are_refused(tmp_path):
    quiet = made_up.members([[0.1, 0.2], [0.3, 0.1], [0.5, 0.6]], [1, 0, 0], source="given")
    with pytest.raises(InputError, match="given; ours: 0 of 2 windows have an event"):
        joined(tmp_path, written(tmp_path, members=quiet))
