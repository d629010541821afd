import pytest

from curate_members import main
from flaredag.artifacts import read_json
from flaredag.errors import InputError
from flaredag.members import read_members

SETTINGS = {"window_hours": 24, "missing_value": None, "hours_of_members": {}}
MEMBERS = "time,A,B,outcome\n2014-01-01T00:00Z,0.75,0.5,1\n2014-01-02T00:00Z,0.25,,0\n"


def taken_in(tmp_path, text: str):
    (tmp_path / "mine.csv").write_text(text)
    paths = [str(tmp_path / name) for name in ("mine.csv", "members.nc", "source.json")]
    main(*paths, settings=SETTINGS)
    return read_members(paths[1]), read_json(paths[2])


def test_a_file_of_members_is_taken_in(tmp_path):
    members, source = taken_in(tmp_path, MEMBERS)
    assert members.names == ("A", "B")
    assert members.probability[:, 0].tolist() == [0.75, 0.25]
    assert source["file"] == "mine.csv"
    assert len(source["sha256"]) == 64
    assert "B: missing in 1 of 2 windows." in source["notes"]


def test_no_file_is_told_with_the_command(tmp_path):
    with pytest.raises(InputError, match=r"no members are given.*--config members=FILE\.csv"):
        main([], str(tmp_path / "members.nc"), str(tmp_path / "source.json"), settings=SETTINGS)


def test_a_faulty_file_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(InputError, match="percent"):
        taken_in(tmp_path, MEMBERS.replace("0.75", "75"))
    assert [each.name for each in tmp_path.iterdir()] == ["mine.csv"]
