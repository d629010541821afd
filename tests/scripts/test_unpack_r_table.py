import numpy as np
import pandas as pd
import pytest
import rdata

from flaredag.errors import InputError
from unpack_r_table import main, unpack_r_table


def test_a_table_of_r_as_csv_to_the_last_bit(tmp_path):
    table = pd.DataFrame({"A": [0.1, np.nan], "event": [1, 0]})
    rdata.write_rda(tmp_path / "table.rda", {"mine": table})
    main(str(tmp_path / "table.rda"), str(tmp_path / "table.csv"))
    read = pd.read_csv(tmp_path / "table.csv")
    np.testing.assert_array_equal(read["A"], table["A"])
    assert read["event"].tolist() == [1, 0]


def test_days_are_written_as_days_and_times_as_times():
    days = np.array(["2016-01-01", "2016-01-02"], dtype="datetime64[s]")
    written = unpack_r_table(pd.DataFrame({"day": days, "time": days + np.array([0, 60], dtype="timedelta64[s]")}))
    assert written["day"].tolist() == ["2016-01-01", "2016-01-02"]
    assert written["time"].tolist() == ["2016-01-01T00:00:00", "2016-01-02T00:01:00"]


def test_another_file_is_refused_and_nothing_written(tmp_path):
    (tmp_path / "table.rda").write_text("a text\n")
    with pytest.raises(InputError, match="not readable as a file of R"):
        main(str(tmp_path / "table.rda"), str(tmp_path / "table.csv"))
    assert not (tmp_path / "table.csv").exists()
