"""A copy of the project in a folder of its own, with a tiny configuration, to run Snakemake in."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("Snakefile", "config.yaml", "rules", "scripts", "envs", "profiles", "tests/artefacts")


class Project:
    """A copy of the project's code; `run` runs Snakemake in it and tells which rules ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source, target = ROOT / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)

    def path(self, name: str) -> Path:
        return self.folder / name

    def configure(self, change) -> None:
        """Apply `change` to the configuration (a dict) in place."""
        path = self.path("config.yaml")
        config = yaml.safe_load(path.read_text())
        change(config)
        path.write_text(yaml.safe_dump(config, sort_keys=False))

    def command(self, *arguments: str, cores: int = 2) -> list[str]:
        # Before the target: an option that takes several values must not swallow it.
        return [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]

    def run(self, *arguments: str, cores: int = 2, env: dict[str, str] | None = None) -> list[str]:
        """Names of the rules that ran, sorted; fails the test if Snakemake does."""
        result = self.attempt(*arguments, cores=cores, env=env)
        assert result.returncode == 0, result.stdout[-6000:]
        return sorted(re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", result.stdout))

    def attempt(self, *arguments: str, cores: int = 2, env: dict[str, str] | None = None):
        """What Snakemake did, its output in `stdout`, whatever its end."""
        return subprocess.run(
            self.command(*arguments, cores=cores),
            cwd=self.folder,
            env=os.environ | (env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the one place in a file where `old` stands."""
        text = self.path(name).read_text()
        assert text.count(old) == 1, f"{name}: {old!r} stands {text.count(old)} times"
        self.path(name).write_text(text.replace(old, new))


def make_small(config: dict) -> None:
    """Few regions, few seeds, small images, small networks: what both configurations of the tests have in common."""
    config["effort"] = "paper"
    # Of data sets that are left out below.
    del config["efforts"]["quick"]["study"]["sun2022"]["datasets"]
    config["studies"] = ["sun2022"]
    config["archives"]["embedded"]["simulation"]["regions"] = {"sharp": 36, "smarp": 36}
    config["curation"]["cubes"]["pixels"] = 32
    config["models"]["lstm"] |= {"hidden_size": 8, "max_epochs": 6, "patience_epochs": 6}
    config["models"]["gradient_boosting"]["max_trees"] = 10
    study = config["study"]["sun2022"]
    study["seeds"] = [0, 1]
    study["fits"]["networks"]["seeds_per_job"] = 2
    kept = ("SHARP_ONLY", "FUSED_SHARP", "SMARP_ONLY", "SHARP_FOLDS", "SHARP_ALL", "SHARP_BY_TIME")
    study["datasets"] = {name: study["datasets"][name] for name in kept}
    for rung in ("SHARP_ALL", "SHARP_BY_TIME"):
        study["datasets"][rung]["models"] = ["lstm", "logistic_regression", "climatology"]
    del study["full_disk"]["SMARP_DISK"]
    # Of `published` there are no lists here.
    del study["full_disk"]["SHARP_DISK"]["flares"]
    study["label_lists"] = {"embedded": ["hek"]}
    study["ladders"] = study["ladders"][:1]
    for rung in ("natural_rate", "by_cycle"):
        del study["ladders"][0]["rungs"][rung]
    for leak in study["declared_leaks"]:
        leak.pop("priced", None)
    study["declared_leaks"][0]["priced"] = {
        "metrics": ["true_skill_statistic"],
        "pairs": [
            {
                side: {"dataset": "SHARP_BY_TIME", "model": "lstm", "threshold": threshold}
                for side, threshold in (("a", "best_on_test"), ("b", "validation"))
            }
        ],
    }
    config["verification"]["resamples"] = 100
    study["comparisons"] = [
        {
            "name": "table7",
            "title": "Do two instruments help?",
            "metrics": ["true_skill_statistic"],
            "pairs": [
                {
                    "a": {"dataset": "FUSED_SHARP", "model": "lstm"},
                    "b": {"dataset": "SHARP_ONLY", "model": "lstm"},
                }
            ],
        }
    ]
    study["figures"] = study["figures"][:1]
    study["importance"] = {
        "datasets": ["SHARP_BY_TIME"],
        "models": ["lstm", "logistic_regression"],
        "seeds": 1,
        "repeats": 2,
        "seed": 17,
        "correlated_from": 0.8,
    }


def make_tiny(config: dict) -> None:
    """Keywords alone: a whole run in a minute. Most of what is tested of whole runs hangs on nothing more."""
    make_small(config)
    study = config["study"]["sun2022"]
    del study["source"]["magnetograms"]
    study["ensembles"] = []


def make_whole(config: dict) -> None:
    """A CNN on magnetograms, classifiers of scikit-learn, stacking and explanation besides."""
    make_small(config)
    config["models"]["cnn"]["max_epochs"] = 1
    config["models"]["random_forest"]["n_trees"] = 10
    study = config["study"]["sun2022"]
    study["fits"]["magnetogram_networks"] |= {"models": ["cnn"], "seeds_per_job": 2}
    study["fits"]["classifiers"] = {"models": ["random_forest", "support_vector_machine"], "seeds_per_job": 2}
    study["datasets"]["SHARP_FOLDS"]["folds"] = 3
    study["ensembles"] = study["ensembles"][:1]
    study["explanation"] |= {"n_frames": 2, "regions": {"embedded": 1}}
    study["explanation"]["bipoles"] |= {"amplitudes_gauss": [4000, 16000], "separations_deg": [4], "tilts_deg": [0]}


def make_searching(config: dict) -> None:
    """A search of few settings besides."""
    config["study"]["sun2022"]["search"] = {
        "searches": {"small": {"dataset": "SHARP_ONLY", "model": "lstm", "metric": "true_skill_statistic"}},
        "space": {
            "hidden_size": {"choices": [4, 8]},
            "learning_rate": {"low": 0.001, "high": 0.1, "log": True},
            "max_epochs": {"low": 2, "high": 6},
        },
        "n_trials": 3,
        "seeds": [0, 1],
        "seed": 3,
    }


@pytest.fixture
def project(tmp_path):
    """A fresh copy of the project with the tiny configuration, nothing run in it."""
    made = Project(tmp_path / "project")
    made.configure(make_tiny)
    return made


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A copy of the project in which results/report.pdf has been made on two cores. Not to be changed."""
    return _finished(tmp_path_factory.getbasetemp(), "finished", make_tiny)


@pytest.fixture(scope="session")
def whole(tmp_path_factory, finished):
    """As `finished`, whose simulated Sun it takes, with a CNN, stacking and explanation. Not to be changed."""
    return _finished(tmp_path_factory.getbasetemp(), "whole", make_whole, begun_from=finished)


@pytest.fixture
def finished_copy(finished, tmp_path):
    """The finished project with its results, its times and Snakemake's records, to be changed."""
    return _copied(finished, tmp_path)


@pytest.fixture
def whole_copy(whole, tmp_path):
    """As `finished_copy`, of the project with a CNN."""
    return _copied(whole, tmp_path)


def _finished(shared: Path, name: str, change, begun_from: Project | None = None) -> Project:
    """Workers of one run of the tests share it: the first makes it, the others wait."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    made = object.__new__(Project)
    made.folder = shared / name / "project"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.path("results/report.pdf").exists():
            shutil.rmtree(made.folder, ignore_errors=True)
            if begun_from is not None:
                shutil.copytree(begun_from.folder, made.folder, copy_function=_copy)
                # Fits that this configuration has no use for would be told of in no manifest.
                shutil.rmtree(made.path("results/store"))
                shutil.rmtree(made.path("results/embedded/sun2022"))
                made.path("results/report.pdf").unlink()
                shutil.copy(ROOT / "config.yaml", made.path("config.yaml"))
            else:
                made.__init__(made.folder)
            made.configure(change)
            made.run()
    return made


def _copied(made: Project, tmp_path: Path) -> Project:
    copied = object.__new__(Project)
    copied.folder = tmp_path / "project"
    shutil.copytree(made.folder, copied.folder, copy_function=_copy)
    return copied


def _copy(source: str, target: str) -> None:
    """Copy a file with its time; magnetograms, thousands that no test changes in place, are linked."""
    if source.endswith(".fits"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)
