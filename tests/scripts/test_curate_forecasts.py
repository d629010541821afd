import pytest

from curate_forecasts import main
from flaredag.errors import InputError
from flaredag.predictions import read_predictions

HEADER = "time,label,probability,region,split,model,seed\n"


def test_a_file_of_forecasts_is_taken_in(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + "2014-01-01T00:00:00Z,1,0.75,3563,test,mine,0\n2014-01-01,0,0.25,smarp-9,test,mine,0\n")
    main(str(path), str(tmp_path / "predictions.nc"))
    table = read_predictions(tmp_path / "predictions.nc")
    assert table["probability"].tolist() == [0.75, 0.25]
    assert table["instrument"].astype(str).tolist() == ["sharp", "smarp"]
    assert table["region"].tolist() == [3563, 9]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2014-01-01,1,1.75,3563,test,mine,0\n", "probability"),
        ("2014-01-01,2,0.75,3563,test,mine,0\n", "label"),
        ("yesterday,1,0.75,3563,test,mine,0\n", "a time that is no time"),
        ("2014-01-01,1,0.75,3563,exam,mine,0\n", "split"),
    ],
)
def test_a_faulty_file_is_refused_and_nothing_written(tmp_path, row, words):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + row)
    with pytest.raises(InputError, match=words):
        main(str(path), str(tmp_path / "predictions.nc"))
    assert not (tmp_path / "predictions.nc").exists()
