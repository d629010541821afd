"""The log of a job: what is said where, and how it ends."""

import json
import logging
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flaredag import joblog
from flaredag.errors import InputError
from flaredag.joblog import ACCOUNT_PREFIX, Progress, job_log

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def account_of(path):
    last = path.read_text().splitlines()[-1]
    assert last.startswith(ACCOUNT_PREFIX)
    return json.loads(last.removeprefix(ACCOUNT_PREFIX))


def test_the_last_line_accounts_for_the_job(tmp_path):
    path = tmp_path / "logs" / "job.log"
    with job_log(path) as log:
        log.info("%d records read", 3)
        time.sleep(0.05)
    assert path.read_text().splitlines()[0] == "3 records read"
    account = account_of(path)
    assert set(account) == {"seconds_start_and_imports", "seconds_work", "peak_memory_mib"}
    assert 0.05 <= account["seconds_work"] < 5
    assert account["peak_memory_mib"] > 10
    assert account["seconds_start_and_imports"] >= 0


def test_an_input_error_ends_the_job_with_its_message_alone(tmp_path, capsys):
    path = tmp_path / "job.log"
    with pytest.raises(SystemExit) as ended, job_log(path):
        raise InputError("t.csv: column AREA missing; wanted AREA.")
    assert ended.value.code == 1
    lines = path.read_text().splitlines()
    assert lines[0] == "error: t.csv: column AREA missing; wanted AREA."
    assert len(lines) == 2
    assert account_of(path)
    assert capsys.readouterr().err == "error: t.csv: column AREA missing; wanted AREA.\n"


def test_another_error_is_no_bad_input(tmp_path):
    with pytest.raises(ZeroDivisionError), job_log(tmp_path / "job.log"):
        1 / 0  # noqa: B018
    assert account_of(tmp_path / "job.log")


def test_a_process_ends_with_1_and_without_a_traceback(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(SCRIPTS)!r})\n"
        "from flaredag.errors import InputError\nfrom flaredag.joblog import job_log\n"
        "with job_log('job.log'):\n    try:\n        int('x')\n"
        "    except ValueError as error:\n        raise InputError('bad input') from error\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "error: bad input\n"
    assert "Traceback" not in (tmp_path / "job.log").read_text()
    assert 0 <= account_of(tmp_path / "job.log")["seconds_start_and_imports"] < 60


def test_counts_go_to_the_file_and_warnings_to_the_terminal_too(tmp_path, capsys):
    with job_log(tmp_path / "job.log") as log:
        log.info("3 records dropped")
        log.warning("no quality given")
    assert capsys.readouterr().err == "no quality given\n"
    assert (tmp_path / "job.log").read_text().splitlines()[:2] == ["3 records dropped", "no quality given"]


def test_a_log_begins_anew_and_ends_with_its_job(tmp_path):
    handlers = logging.getLogger("flaredag").handlers.copy()
    for text in ("first", "second"):
        with job_log(tmp_path / "job.log") as log:
            log.info(text)
    logging.getLogger("flaredag").info("after the job")
    assert [line.split(":")[0] for line in (tmp_path / "job.log").read_text().splitlines()] == ["second", "account"]
    assert logging.getLogger("flaredag").handlers == handlers


class TestProgress:
    @pytest.fixture
    def clock(self, monkeypatch):
        """Time as the test sets it, seconds."""
        now = [100.0]
        monkeypatch.setattr(joblog.time, "perf_counter", lambda: now[0])
        return now

    def test_says_the_time_left_every_few_seconds_and_at_the_end(self, tmp_path, clock, capsys):
        with job_log(tmp_path / "job.log") as log:
            progress = Progress(log, "fits", 4)
            for seconds in (2, 4, 8, 10):
                clock[0] = 100.0 + seconds
                progress.advance("(lstm)")
        # After 8 s three of four are done: 8 / 3 s each, one left.
        wanted = ["fits: 3 of 4, 3 s left (lstm)", "fits: 4 of 4, 0 s left (lstm)"]
        assert capsys.readouterr().err.splitlines() == wanted
        assert (tmp_path / "job.log").read_text().splitlines()[:2] == wanted
