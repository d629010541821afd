"""Pruning of the scores of feature subsets: what a list names stays, the rest goes."""

import pytest

from flaredag.errors import InputError
from flaredag.subset_store import main, prune_subsets


@pytest.fixture
def store(tmp_path):
    """A store with three batches on two data sets, of which one is in use, and a fit."""
    for name in ("subsets/d1/used", "subsets/d1/stray", "subsets/d2/stray", "checkpoints/d1/networks-x"):
        folder = tmp_path / "store" / name
        folder.mkdir(parents=True)
        (folder / "scores.csv").write_text("")
    study = tmp_path / "results" / "embedded" / "study"
    study.mkdir(parents=True)
    used = tmp_path / "store" / "subsets" / "d1" / "used"
    rows = f"dataset,models,seeds,dataset_digest,models_digest,path\nA,lstm,0 1,d1,used,{used}\n"
    (study / "subsets.csv").write_text(rows)
    return tmp_path


def test_what_no_list_names_is_removed_and_fits_stay(store, capsys):
    assert main(str(store / "store"), str(store / "results")) == 0
    left = {path.relative_to(store / "store").as_posix() for path in (store / "store").glob("*/*/*")}
    assert left == {"subsets/d1/used", "checkpoints/d1/networks-x"}
    assert not (store / "store/subsets/d2").exists()
    assert "2 batches of feature subsets removed" in capsys.readouterr().out


def test_without_a_list_nothing_is_removed(store, capsys):
    (store / "results/embedded/study/subsets.csv").unlink()
    assert main(str(store / "store"), str(store / "results")) == 1
    assert "no subsets.csv in any study" in capsys.readouterr().err
    assert len(list((store / "store").glob("subsets/*/*"))) == 3


def test_with_a_list_that_is_none_nothing_is_removed(store):
    (store / "results/embedded/study/subsets.csv").write_text("folder\nx\n")
    with pytest.raises(InputError, match=r"column .*path"):
        prune_subsets(store / "store", store / "results")
    assert len(list((store / "store").glob("subsets/*/*"))) == 3
