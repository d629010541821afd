"""Tables of overlapping runs are read as they were written, or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.overlapping_run_tables import (
    RUN_COLUMNS,
    RUN_COMPARISON_COLUMNS,
    RUN_COMPARISON_NUMBERS,
    RUN_NUMBERS,
    read_run_comparisons,
    read_runs,
)

READERS = (
    (read_runs, RUN_COLUMNS, RUN_NUMBERS),
    (read_run_comparisons, RUN_COMPARISON_COLUMNS, RUN_COMPARISON_NUMBERS),
)


@pytest.mark.parametrize(("read", "columns", "numeric"), READERS)
def test_numbers_are_numbers_and_what_is_undefined_is_nan(tmp_path, read, columns, numeric):
    rows = [{name: "1.5" if name in numeric else "N" for name in columns}, dict.fromkeys(columns, "")]
    pd.DataFrame(rows).to_csv(tmp_path / "t.csv", index=False)
    table = read(tmp_path / "t.csv")
    assert list(table) == list(columns)
    for name in columns:
        wanted = [1.5, np.nan] if name in numeric else ["N", ""]
        assert table[name].tolist() == (pytest.approx(wanted, nan_ok=True) if name in numeric else wanted)


@pytest.mark.parametrize(("read", "columns", "numeric"), READERS)
def test_a_table_without_rows_is_read_and_another_is_refused(tmp_path, read, columns, numeric):
    (tmp_path / "t.csv").write_text(",".join(columns) + "\n")
    assert read(tmp_path / "t.csv").empty
    (tmp_path / "t.csv").write_text(",".join(columns[:-1]) + "\n")
    with pytest.raises(InputError, match=f"column {columns[-1]} missing"):
        read(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_text(",".join(columns) + "\n" + ",".join(["many"] * len(columns)) + "\n")
    with pytest.raises(InputError, match=f"column {numeric[0]}: record 1 is 'many'"):
        read(tmp_path / "t.csv")
