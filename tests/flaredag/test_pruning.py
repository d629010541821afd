"""Pruning of the store: what a list names stays, the rest goes."""

from pathlib import Path

import pytest

from flaredag.artifacts import written_whole
from flaredag.errors import InputError
from flaredag.pruning import main, prune


class TestPrune:
    @pytest.fixture
    def project(self, tmp_path, monkeypatch):
        """Folder of a run with four stored fits; fits.csv of one study names two, of another one."""
        monkeypatch.chdir(tmp_path)
        for path in ("aa/networks-1", "aa/networks-2", "bb/baselines-1", "cc/networks-1"):
            folder = tmp_path / "results/store/checkpoints" / path
            folder.mkdir(parents=True)
            (folder / "checkpoint.safetensors").write_text("weights")
        self.list_fits("results/embedded/sun2022/fits.csv", "aa/networks-1", "bb/baselines-1")
        self.list_fits("results/published/sun2022/fits.csv", "aa/networks-1")
        return tmp_path

    @staticmethod
    def list_fits(path, *folders):
        with written_whole(path) as part:
            part.write_text("dataset,path\n" + "".join(f"x,results/store/checkpoints/{f}\n" for f in folders))

    @staticmethod
    def left():
        return sorted("/".join(path.parts[-2:]) for path in Path("results/store/checkpoints").glob("*/*"))

    def test_keeps_what_any_list_names(self, project):
        removed = prune("results/store", "results")
        assert ["/".join(path.parts[-2:]) for path in removed] == ["aa/networks-2", "cc/networks-1"]
        assert self.left() == ["aa/networks-1", "bb/baselines-1"]
        assert not (project / "results/store/checkpoints/cc").exists(), "a data set without fits goes too"
        assert prune("results/store", "results") == []

    def test_a_fit_that_only_the_other_study_names_is_kept(self, project):
        self.list_fits("results/embedded/sun2022/fits.csv")
        self.list_fits("results/published/sun2022/fits.csv", "cc/networks-1")
        prune("results/store", "results")
        assert self.left() == ["cc/networks-1"]

    def test_without_any_list_nothing_is_removed(self, project, capsys):
        for path in project.glob("results/*/*/fits.csv"):
            path.unlink()
        with pytest.raises(InputError, match=r"results: no fits\.csv in any study; run `make report` first"):
            prune("results/store", "results")
        assert len(self.left()) == 4
        assert main("results/store", "results") == 1
        assert capsys.readouterr().err.startswith("error: results: no fits.csv")

    def test_a_list_that_is_none_removes_nothing(self, project):
        (project / "results/published/sun2022/fits.csv").write_text("garbage\n1\n")
        with pytest.raises(InputError, match=r"fits\.csv: .*path"):
            prune("results/store", "results")
        assert len(self.left()) == 4

    def test_main_tells_what_was_removed(self, project, capsys):
        for kind in ("subsets", "searches"):
            self.list_fits(f"results/embedded/sun2022/{kind}.csv", f"../{kind}/aa/used")
        for path in (
            "subsets/aa/used",
            "subsets/aa/stray",
            "subsets/bb/stray",
            "searches/aa/used",
            "searches/aa/stray",
        ):
            (project / "results/store" / path).mkdir(parents=True)
        assert main("results/store", "results") == 0
        assert capsys.readouterr().out.splitlines() == [
            "results/store/checkpoints/aa/networks-2",
            "results/store/checkpoints/cc/networks-1",
            "2 fits removed",
            "results/store/subsets/aa/stray",
            "results/store/subsets/bb/stray",
            "2 batches of feature subsets removed",
            "results/store/searches/aa/stray",
            "1 hyperparameter searches removed",
        ]
        for kind in ("subsets", "searches"):
            assert [path.name for path in project.glob(f"results/store/{kind}/*/*")] == ["used"]

    def test_an_absolute_path_in_the_list_is_the_same_folder(self, project):
        self.list_fits("results/published/sun2022/fits.csv")
        listed = project / "results/embedded/sun2022/fits.csv"
        listed.write_text(f"path\n{project}/results/store/checkpoints/cc/networks-1\n")
        prune(project / "results/store", "results")
        assert self.left() == ["cc/networks-1"]
