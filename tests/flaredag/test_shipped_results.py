"""Tables of what was found of shipped files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.shipped_results import (
    NAMED_COLUMNS,
    NAMED_NUMBERS,
    SHIPPED_SCORE_COLUMNS,
    SHIPPED_SCORE_NUMBERS,
    read_named_columns,
    read_shipped_scores,
)

READERS = (
    (read_named_columns, NAMED_COLUMNS, NAMED_NUMBERS),
    (read_shipped_scores, SHIPPED_SCORE_COLUMNS, SHIPPED_SCORE_NUMBERS),
)


@pytest.mark.parametrize(("read", "columns", "numeric"), READERS)
def test_numbers_are_numbers_and_texts_stay_texts(tmp_path, read, columns, numeric):
    row = {name: "1.5" if name in numeric else "N" for name in columns}
    absent = {name: "" for name in columns}
    pd.DataFrame([row, absent]).to_csv(tmp_path / "t.csv", index=False)
    table = read(tmp_path / "t.csv")
    assert list(table) == list(columns)
    assert set(numeric) < set(columns)
    for name in columns:
        if name in numeric:
            assert table[name].tolist() == pytest.approx([1.5, np.nan], nan_ok=True)
        else:
            assert table[name].tolist() == ["N", ""]


@pytest.mark.parametrize(("read", "columns", "numeric"), READERS)
def test_a_table_without_rows_is_read_and_one_without_a_column_is_not(tmp_path, read, columns, numeric):
    (tmp_path / "t.csv").write_text(",".join(columns) + "\n")
    assert read(tmp_path / "t.csv").empty
    (tmp_path / "t.csv").write_text(",".join(columns[:-1]) + "\n")
    with pytest.raises(InputError, match=f"column {columns[-1]} missing"):
        read(tmp_path / "t.csv")
    assert numeric
