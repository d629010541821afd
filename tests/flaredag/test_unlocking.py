"""The lock of a dead run goes, that of a living one stays; with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flaredag.errors import InputError
from flaredag.unlocking import release_stale_lock

SCRIPTS = Path(__file__).parents[2] / "scripts"
SLEEP = "import time; print('started', flush=True); time.sleep(60)\n"


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """Make a folder with a small workflow, locked as Snakemake does."""
    (tmp_path / "Snakefile").write_text("rule one:\n    output: 'one.txt'\n    shell: 'touch {output}'\n")
    locks = tmp_path / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("one.txt\n")
    return tmp_path


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a process that sleeps, from a program at the given path; ended with the test."""
    started = []

    def start(program: Path, *, cwd: Path) -> subprocess.Popen[str]:
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(SLEEP)
        process = subprocess.Popen([sys.executable, str(program)], cwd=cwd, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def is_locked(folder: Path) -> bool:
    return (folder / ".snakemake" / "locks").exists()


def test_the_lock_of_a_dead_run_is_released(locked: Path) -> None:
    assert release_stale_lock(locked) == "released the lock of a run that was killed"
    assert not is_locked(locked)
    assert release_stale_lock(locked) == ""


def test_a_living_run_keeps_its_lock_and_is_named(
    locked: Path, tmp_path_factory: pytest.TempPathFactory, start: Callable[..., subprocess.Popen[str]]
) -> None:
    run = start(tmp_path_factory.mktemp("bin") / "snakemake", cwd=locked)
    with pytest.raises(InputError, match=rf"another run of Snakemake is at work here \(process {run.pid}\)"):
        release_stale_lock(locked)
    assert is_locked(locked)
    assert run.poll() is None
    run.kill()
    run.wait()
    release_stale_lock(locked)
    assert not is_locked(locked)


def test_a_run_elsewhere_and_a_reader_of_its_log_do_not_matter(
    locked: Path, tmp_path_factory: pytest.TempPathFactory, start: Callable[..., subprocess.Popen[str]]
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    start(elsewhere / "snakemake", cwd=elsewhere)
    reader = start(locked / ".snakemake" / "log" / "tail.py", cwd=locked)
    release_stale_lock(locked)
    assert not is_locked(locked)
    assert reader.poll() is None


def test_a_job_that_outlived_its_run_is_ended(locked: Path, start: Callable[..., subprocess.Popen[str]]) -> None:
    job = start(locked / ".snakemake" / "scripts" / "tmp123.fit_networks.py", cwd=locked)
    assert "ended 1 of its processes" in release_stale_lock(locked)
    assert job.poll() is not None
    assert not is_locked(locked)


def test_a_snakefile_that_cannot_be_read_is_told(locked: Path) -> None:
    (locked / "Snakefile").write_text("rule one\n")
    with pytest.raises(InputError, match=r"--unlock` failed:\n(.|\n)*Snakefile"):
        release_stale_lock(locked)


def test_as_a_command(locked: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}

    def unlocking() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flaredag.unlocking"]
        return subprocess.run(command, cwd=locked, env=environment, capture_output=True, text=True)

    (locked / "Snakefile").rename(locked / "away")
    refused = unlocking()
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ")
    assert "Traceback" not in refused.stderr.split("failed:")[0]

    (locked / "away").rename(locked / "Snakefile")
    assert unlocking().stdout == "released the lock of a run that was killed\n"

    assert unlocking().stdout == ""


def test_without_a_lock_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most calls find no lock: they start no Snakemake and look at no process."""
    monkeypatch.setattr("flaredag.unlocking.living_processes", lambda directory: pytest.fail("looked at processes"))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("started a process"))
    assert release_stale_lock(tmp_path) == ""


def test_unfinished_files_of_the_dead_run_are_removed_and_downloads_kept(locked: Path) -> None:
    results = locked / "results" / "raw"
    results.mkdir(parents=True)
    (results / ".windows.nc.abc.part").write_text("half of")
    (results / "table.csv.0123.part").write_text("half of")
    release_stale_lock(locked)
    assert [path.name for path in results.iterdir()] == ["table.csv.0123.part"]
