"""The same bytes on any number of cores, and after a run that was killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from flaredag.artifacts import sha256_of_file

# Put on PYTHONPATH: kills the whole run the first time that a file is about to get the name given by KILL_AT.
KILL_AT_RENAME = """
import os, pathlib, signal
rename = pathlib.Path.replace
def killed(self, target):
    if os.path.basename(target) == os.environ["KILL_AT"] and not os.path.exists(os.environ["KILLED"]):
        pathlib.Path(os.environ["KILLED"]).touch()
        os.killpg(os.getpgrp(), signal.SIGKILL)
    return rename(self, target)
pathlib.Path.replace = killed
"""

# Folders of all that is made of the windows of the study.
STUDY = ("results/embedded/sun2022", "results/store")


def artifacts(project) -> dict[str, str]:
    """sha256 of every artifact by path, as the manifest says; the files are looked at again."""
    manifest = json.loads(project.path("results/manifest.json").read_text())
    found = {one["path"]: one["sha256"] for one in manifest["artifacts"]}
    for path, digest in found.items():
        assert sha256_of_file(project.path(path)) == digest, path
    # Every file of the run but its logs, and the manifest itself.
    results = [path for path in project.path("results").rglob("*") if path.is_file() and "logs" not in path.parts]
    names = {path.relative_to(project.folder).as_posix() for path in results}
    # Magnetograms are told, with their sha256, by the indices of their shards.
    indices = [path for path in names if "/segments/" in path and path.endswith(".json")]
    listed = {
        f"{path.removesuffix('.json')}/{file['name']}"
        for path in indices
        for file in json.loads(project.path(path).read_text())["files"]
    }
    assert indices
    assert listed
    assert names == {*found, *listed, "results/manifest.json"}
    return found


# What hangs on fits: what is made of it, every run on another number of cores makes again.
SCORES = "results/embedded/sun2022/scores.csv"


def unlock_and_run(project, *targets: str) -> None:
    env = os.environ | {"PYTHONPATH": "scripts"}
    subprocess.run([sys.executable, "-m", "flaredag.unlocking"], cwd=project.folder, env=env, check=True)
    project.run(*targets)


def made_again(project) -> dict[str, str]:
    """sha256 of every file of the study and of the store that is there, by path."""
    files = [path for folder in STUDY for path in project.path(folder).rglob("*") if path.is_file()]
    return {path.relative_to(project.folder).as_posix(): sha256_of_file(path) for path in files}


@pytest.mark.parametrize("cores", [4])
def test_other_numbers_of_cores_give_the_same_bytes(finished, project, cores):
    project.run(cores=cores)
    assert artifacts(project) == artifacts(finished)


def test_networks_and_explanations_are_the_same_on_one_core(whole, whole_copy):
    for folder in STUDY:
        shutil.rmtree(whole_copy.path(folder))
    targets = [SCORES, *(f"results/embedded/sun2022/{name}.csv" for name in ("weights", "checks"))]
    whole_copy.run(*targets, cores=1)
    again, before = made_again(whole_copy), made_again(whole)
    assert {*targets} <= {*again}
    assert again == {path: before[path] for path in again}


def test_a_run_killed_in_a_fit_goes_on_and_ends_with_the_same_bytes(finished, finished_copy):
    project = finished_copy
    for folder in (*STUDY, "results/logs"):
        shutil.rmtree(project.path(folder))
    with (project.folder.parent / "output").open("w") as output:
        run = subprocess.Popen(
            project.command(SCORES), cwd=project.folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        deadline = time.monotonic() + 120
        logs = project.path("results/logs/fit_networks")
        while not any("best_epoch" in log.read_text() for log in logs.glob("*.log")):
            assert time.monotonic() < deadline, "no fit was seen"
            assert run.poll() is None, "the run ended before it could be killed"
            time.sleep(0.01)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert not project.path(SCORES).exists()
    unlock_and_run(project, SCORES)
    again, before = made_again(project), made_again(finished)
    assert SCORES in again
    assert again == {path: before[path] for path in again}
    assert not list(project.path("results").rglob("*.part"))


RAW, FLARES = "results/embedded/raw", "results/embedded/flares"
WRITTEN_BEFORE_THE_STUDY = {
    "sharp-0.csv": [f"{RAW}/keywords/sharp-0.csv", f"{RAW}/segments/sharp-0.json"],
    "sharp-0.zarr.zip": ["results/embedded/cubes/sharp-0.zarr.zip"],
    "goes.nc": [f"{FLARES}/goes.nc", f"{FLARES}/goes.json"],
}


def kill_in_write(project, name: str, folder, *targets: str) -> None:
    """Run Snakemake, and kill it the first time that a file is about to be named `name`."""
    (folder / "sitecustomize.py").write_text(KILL_AT_RENAME)
    killed = folder / "killed"
    env = os.environ | {"PYTHONPATH": str(folder), "KILL_AT": name, "KILLED": str(killed)}
    run = subprocess.run(
        project.command(*targets),
        cwd=project.folder,
        env=env,
        capture_output=True,
        start_new_session=True,
        check=False,
    )
    assert killed.exists()
    assert run.returncode == -signal.SIGKILL


@pytest.mark.parametrize("name", WRITTEN_BEFORE_THE_STUDY)
def test_a_run_killed_in_a_write_leaves_no_half_written_file(finished, finished_copy, name, tmp_path):
    lost = WRITTEN_BEFORE_THE_STUDY[name]
    for path in lost:
        finished_copy.path(path).unlink()
    kill_in_write(finished_copy, name, tmp_path, *lost)
    assert not finished_copy.path(lost[0]).exists(), "a half-written file has its final name"
    unlock_and_run(finished_copy, *lost)
    assert artifacts(finished_copy) == artifacts(finished)
    assert not list(finished_copy.path("results").rglob("*.part"))


@pytest.mark.parametrize("name", ["checkpoint.safetensors", "index.json"])
def test_a_run_killed_in_a_write_of_the_study_goes_on_and_ends_with_the_same_bytes(
    finished, finished_copy, name, tmp_path
):
    for folder in STUDY:
        shutil.rmtree(finished_copy.path(folder))
    kill_in_write(finished_copy, name, tmp_path, SCORES)
    for folder in STUDY:
        assert not list(finished_copy.path(folder).rglob(name)), "a half-written file has its final name"
    unlock_and_run(finished_copy, SCORES)
    again, before = made_again(finished_copy), made_again(finished)
    assert SCORES in again
    assert again == {path: before[path] for path in again}
    assert not list(finished_copy.path("results").rglob("*.part"))
