"""The log of one job: what it read, kept and dropped, and where its time and memory went."""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT_PREFIX = "account: "
PROGRESS_INTERVAL_SECONDS = 5.0


@contextmanager
def job_log(path: str | Path) -> Iterator[logging.Logger]:
    """Log of a job at `path` (and on stderr); an InputError ends the job without a traceback.

    The last line accounts for the job in JSON: seconds from the start of the process to here
    (interpreter and imports), seconds of work, and peak memory in MiB.
    """
    seconds_to_start = _seconds_since_process_start()
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    log = logging.getLogger("flaredag")
    log.setLevel(logging.INFO)
    log.propagate = False
    handlers = [logging.FileHandler(path, mode="w"), logging.StreamHandler(sys.stderr)]
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(handler)
    # Progress and kept-and-dropped counts belong in the file; the terminal shows progress and errors.
    handlers[1].addFilter(lambda record: record.levelno >= logging.WARNING or getattr(record, "progress", False))
    started = time.perf_counter()
    try:
        yield log
    except InputError as error:
        log.error("error: %s", error)
        raise SystemExit(1) from None
    finally:
        account = {
            "seconds_start_and_imports": round(seconds_to_start, 3),
            "seconds_work": round(time.perf_counter() - started, 3),
            "peak_memory_mib": round(_peak_memory_mib(), 1),
        }
        log.info("%s%s", ACCOUNT_PREFIX, json.dumps(account))
        for handler in handlers:
            log.removeHandler(handler)
            handler.close()


class Progress:
    """Progress of long work with the time left, said every few seconds and at the end."""

    def __init__(self, log: logging.Logger, what: str, n_steps: int) -> None:
        self.log, self.what, self.n_steps = log, what, n_steps
        self.n_done = 0
        self.started = self.last_said = time.perf_counter()

    def advance(self, note: str = "") -> None:
        """One more step is done; `note` (the current score, say) is added to the line."""
        self.n_done += 1
        now = time.perf_counter()
        if self.n_done < self.n_steps and now - self.last_said < PROGRESS_INTERVAL_SECONDS:
            return
        self.last_said = now
        seconds_left = (now - self.started) / self.n_done * (self.n_steps - self.n_done)
        line = f"{self.what}: {self.n_done} of {self.n_steps}, {seconds_left:.0f} s left {note}".rstrip()
        self.log.info(line, extra={"progress": True})


def _seconds_since_process_start() -> float:
    """Age of this process, s; 0 where the system does not tell (no /proc)."""
    try:
        ticks_since_boot = float(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
        uptime = float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0.0
    return max(uptime - ticks_since_boot / os.sysconf("SC_CLK_TCK"), 0.0)


def _peak_memory_mib() -> float:
    """Most memory that this process held, MiB. Not ru_maxrss alone: that keeps the parent's value across exec."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
