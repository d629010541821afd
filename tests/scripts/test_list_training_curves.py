"""The rule that lists loss and skill by epoch."""

import pytest

import made_up_trainings as made_up
from flaredag.artifacts import write_json
from flaredag.errors import InputError
from flaredag.training_curves import TRAINING_CURVE_COLUMNS, read_training_curves
from list_training_curves import main

ASKED = {"B": ["transformer_by_brier_score"], "A": ["transformer"]}


@pytest.fixture
def batches(tmp_path):
    """Provenance of two batches of A, the later seed first, and of one of B."""
    paths = [str(tmp_path / f"{name}.json") for name in ("late", "early", "other")]
    for path, seeds in zip(paths, ((1,), (0,), (0, 1)), strict=True):
        write_json(path, made_up.provenance(seeds))
    return paths


def test_rows_are_in_the_order_of_data_sets_models_seeds_and_epochs(batches, tmp_path):
    main(batches, ["A", "A", "B"], str(tmp_path / "t.csv"), asked=ASKED)
    table = read_training_curves(tmp_path / "t.csv")
    assert len(table) == 4 * made_up.N_EPOCHS
    firsts = table.loc[table["epoch"] == 1, ["dataset", "model", "seed"]]
    assert firsts.to_numpy().tolist() == [
        ["B", "transformer_by_brier_score", 0],
        ["B", "transformer_by_brier_score", 1],
        ["A", "transformer", 0],
        ["A", "transformer", 1],
    ]
    assert table.loc[table["kept"] == 1, "epoch"].tolist() == [20, 20, 12, 35]
    before = (tmp_path / "t.csv").read_bytes()
    main(batches[::-1], ["B", "A", "A"], str(tmp_path / "t.csv"), asked=ASKED)
    assert (tmp_path / "t.csv").read_bytes() == before


def test_a_study_that_asks_for_none_has_a_table_without_rows(tmp_path):
    main([], [], str(tmp_path / "t.csv"), asked={})
    assert (tmp_path / "t.csv").read_text() == ",".join(TRAINING_CURVE_COLUMNS) + "\n"


def test_a_fit_without_curves_and_files_without_a_data_set_are_told(batches, tmp_path):
    write_json(
        batches[0], {"made_from": {"models": {"transformer": {}}, "seeds": [0]}, "history": {"transformer/0": {}}}
    )
    with pytest.raises(InputError, match=r"late\.json: tells no training curves of transformer"):
        main(batches, ["A", "A", "B"], str(tmp_path / "t.csv"), asked=ASKED)
    with pytest.raises(InputError, match="3 files of provenance for 1 data sets"):
        main(batches, ["A"], str(tmp_path / "t.csv"), asked=ASKED)
    assert not (tmp_path / "t.csv").exists()
