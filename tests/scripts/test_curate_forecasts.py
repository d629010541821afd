import pytest

from curate_forecasts import main
from flaredag.artifacts import read_json
from flaredag.errors import InputError
from flaredag.predictions import read_predictions

HEADER = "time,label,probability,region,split,model,seed\n"


def test_a_file_of_forecasts_is_taken_in(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + "2014-01-01T00:00:00,1,0.75,3563,test,mine,0\n2014-01-01,0,0.25,smarp-9,test,mine,0\n")
    main(str(path), str(tmp_path / "predictions.nc"), str(tmp_path / "source.json"))
    table = read_predictions(tmp_path / "predictions.nc")
    assert table["probability"].tolist() == [0.75, 0.25]
    assert table["instrument"].astype(str).tolist() == ["sharp", "smarp"]
    assert table["region"].tolist() == [3563, 9]
    source = read_json(tmp_path / "source.json")
    assert source["file"] == "mine.csv"
    assert len(source["sha256"]) == 64
    assert source["notes"] == ["The column time has no zone: taken as UTC."]


def test_a_region_in_two_splits_is_taken_in_and_left_to_the_audit(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + "2014-01-01,1,0.75,3563,test,mine,0\n2014-01-02,0,0.25,3563,train,mine,0\n")
    main(str(path), str(tmp_path / "predictions.nc"), str(tmp_path / "source.json"))
    with pytest.raises(InputError, match="lie in two splits"):
        read_predictions(tmp_path / "predictions.nc")
    assert len(read_predictions(tmp_path / "predictions.nc", region_in_two_splits_allowed=True)) == 2


def test_no_file_is_told_with_the_command(tmp_path):
    with pytest.raises(InputError, match=r"no forecasts are given.*--config forecasts=FILE\.csv"):
        main([], str(tmp_path / "predictions.nc"), str(tmp_path / "source.json"))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2014-01-01,1,1.75,3563,test,mine,0\n", "probability"),
        ("2014-01-01,2,0.75,3563,test,mine,0\n", "label"),
        ("yesterday,1,0.75,3563,test,mine,0\n", "no time in ISO 8601"),
        ("2014-01-01,1,0.75,3563,exam,mine,0\n", "split"),
    ],
)
def test_a_faulty_file_is_refused_and_nothing_written(tmp_path, row, words):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + row)
    with pytest.raises(InputError, match=words):
        main(str(path), str(tmp_path / "predictions.nc"), str(tmp_path / "source.json"))
    assert [each.name for each in tmp_path.iterdir()] == ["mine.csv"]
