"""Take away the lock of a run that was killed; refuse where another run is alive.

Run as `python -m flaredag.unlocking` in the folder where Snakemake runs, before it. Only processes of this
host are seen: a run on another host that shares the folder is not.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flaredag.errors import InputError

if TYPE_CHECKING:
    import psutil

N_WORDS_OF_PROGRAM = 4  # `python -m snakemake`, `uv run snakemake`: the program is among the first words
SECONDS_TO_END = 5.0
TEMPORARY_FILES = ".*.part"  # flaredag.artifacts.written_whole


def release_stale_lock(directory: Path) -> str:
    """Unlock `directory` if a dead run left it locked; what was done, or empty.

    Jobs that outlived their run are ended: Snakemake makes what they were making again. What the run had begun to
    write under a temporary name below results/ is removed; downloads are kept, as they go on where they were.
    Raises InputError where a living run holds the lock, or Snakemake cannot unlock.
    """
    locks = directory / ".snakemake" / "locks"
    if not locks.is_dir() or not any(locks.iterdir()):
        return ""
    runs, jobs = living_processes(directory)
    if runs:
        raise InputError(
            f"{directory}: another run of Snakemake is at work here (process {', '.join(map(str, sorted(runs)))}). "
            "Wait until it ends, or end it, then start again."
        )
    _end(jobs)
    command = [sys.executable, "-m", "snakemake", "--unlock", "--quiet", "all"]
    unlock = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    if unlock.returncode:
        raise InputError(f"{directory}: `snakemake --unlock` failed:\n{unlock.stderr}")
    for unfinished in (directory / "results").rglob(TEMPORARY_FILES):
        unfinished.unlink(missing_ok=True)
    ended = f"; ended {len(jobs)} of its processes that were still at work" if jobs else ""
    return f"released the lock of a run that was killed{ended}"


def living_processes(directory: Path) -> tuple[list[int], list[psutil.Process]]:
    """Find runs of Snakemake (process numbers) in `directory` and processes of its jobs, less our own line."""
    # Imported here: most calls find no lock, and should cost nothing.
    import psutil

    here = directory.resolve()
    scripts = str(here / ".snakemake" / "scripts")
    ourselves = {psutil.Process().pid, *(parent.pid for parent in psutil.Process().parents())}
    runs, jobs = [], []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words = process.info["cmdline"] or []
        if process.pid in ourselves or process.info["cwd"] != str(here):
            continue
        if any(Path(word).name == "snakemake" for word in words[:N_WORDS_OF_PROGRAM]):
            runs.append(process.pid)
        elif any(scripts in word for word in words):
            jobs.append(process)
    return runs, jobs


def _end(processes: list[psutil.Process]) -> None:
    """End processes: asked first, then killed."""
    import psutil

    for process in processes:
        if process.is_running():
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=SECONDS_TO_END)
    for process in alive:
        process.kill()


if __name__ == "__main__":
    try:
        if done := release_stale_lock(Path.cwd()):
            print(done)
    except InputError as error:
        sys.exit(f"error: {error}")
