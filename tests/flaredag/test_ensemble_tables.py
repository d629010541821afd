from __future__ import annotations

import pytest

from flaredag.ensemble_tables import WEIGHT_COLUMNS, read_weights
from flaredag.errors import InputError

ROW = "A,3,stack,lstm+cnn,accuracy,exact,validation,stack_accuracy,lstm,0.25,0.9,0.8,\n"


def test_weights_of_all_files_are_read(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(",".join(WEIGHT_COLUMNS) + "\n" + ROW)
    weights = read_weights([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert weights["weight"].tolist() == [0.25, 0.25]
    assert weights["seed"].tolist() == [3, 3]
    assert weights["duality_gap"].isna().all()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (",".join(WEIGHT_COLUMNS) + "\n", "holds no row"),
        (",".join(WEIGHT_COLUMNS[:-1]) + "\n", "duality_gap missing"),
        (",".join(WEIGHT_COLUMNS) + "\n" + ROW.replace("0.25", "much"), "column weight: record 1 is 'much'"),
    ],
)
def test_a_bad_table_of_weights_is_told(tmp_path, text, told):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=told):
        read_weights([tmp_path / "a.csv"])
