"""Where the time went: answers worked out by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.accounting import Account, read_accounts, report, wall_time
from flaredag.joblog import job_log

SCRIPTS = Path(__file__).parents[2] / "scripts"


def log_at(path: Path, ended: float, *accounts: tuple[float, float, float]) -> None:
    """Write a log with a line a given account (start, work, memory), last written at `ended`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ("seconds_start_and_imports", "seconds_work", "peak_memory_mib")
    lines = [f"account: {json.dumps(dict(zip(names, account, strict=True)))}\n" for account in accounts]
    path.write_text("read 3 records\n" + "".join(lines))
    os.utime(path, (ended, ended))


def test_one_job_after_another() -> None:
    # 10 s: 2 without job, start 1, work 4 (until 7), 1 without job, start 1, work 1 (until 10).
    accounts = [Account("a", 107.0, 1.0, 4.0, 50.0), Account("b", 110.0, 1.0, 1.0, 50.0)]
    spent = wall_time(accounts, since=100.0, wall=10.0)
    assert (spent.without_job, spent.start_and_imports, spent.work) == pytest.approx((3.0, 2.0, 5.0))


def test_jobs_at_the_same_time_share_the_moment() -> None:
    # One works from 0 to 4; another starts from 0 to 1 and works from 1 to 2.
    accounts = [Account("a", 4.0, 0.0, 4.0, 50.0), Account("b", 2.0, 1.0, 1.0, 50.0)]
    spent = wall_time(accounts, since=0.0, wall=4.0)
    assert (spent.without_job, spent.start_and_imports, spent.work) == pytest.approx((0.0, 0.5, 3.5))


def test_what_lies_outside_the_run_does_not_count() -> None:
    spent = wall_time([Account("a", 12.0, 1.0, 5.0, 50.0)], since=10.0, wall=1.0)
    assert (spent.without_job, spent.start_and_imports, spent.work) == pytest.approx((0.0, 0.0, 1.0))


times = st.floats(0, 100)


@given(st.lists(st.builds(Account, st.just("a"), times, times, times, times), max_size=6), st.floats(0.1, 100))
def test_every_moment_is_counted_once(accounts: list[Account], wall: float) -> None:
    spent = wall_time(accounts, since=0.0, wall=wall)
    assert spent.without_job + spent.start_and_imports + spent.work == pytest.approx(wall)
    assert min(spent.without_job, spent.start_and_imports, spent.work) >= 0


def test_the_last_account_of_each_new_log_is_read(tmp_path: Path) -> None:
    logs = tmp_path / "published" / "logs"
    log_at(logs / "fit_networks" / "sharp.lstm.log", 200.0, (1.0, 9.0, 10.0), (1.5, 20.0, 300.0))
    log_at(logs / "make_windows.log", 150.0, (0.5, 2.0, 100.0))
    log_at(logs / "simulate_sun.log", 99.0, (0.5, 2.0, 100.0))
    log_at(logs / "fit_networks" / "killed.log", 180.0)
    accounts, without = read_accounts(tmp_path, since=100.0)
    assert accounts == [
        Account("fit_networks", 200.0, 1.5, 20.0, 300.0),
        Account("make_windows", 150.0, 0.5, 2.0, 100.0),
    ]
    assert without == [logs / "fit_networks" / "killed.log"]


def test_the_log_of_a_job_is_read(tmp_path: Path) -> None:
    with job_log(tmp_path / "logs" / "make_windows.log"):
        pass
    ((account,), without) = read_accounts(tmp_path, since=0.0)
    assert account.rule == "make_windows"
    assert account.peak_memory_mib > 1
    assert without == []


def test_the_report_in_full() -> None:
    accounts = [
        Account("make_windows", 102.5, 0.5, 1.0, 120.0),
        Account("fit_networks", 108.0, 1.0, 4.0, 300.0),
        Account("fit_networks", 110.0, 1.0, 6.0, 310.0),
    ]
    # Nothing until 101, start until 101.5, work until 102.5, nothing until 103, start until 104 (both: the
    # other from 103 to 104), work until 110: 1.5 s without job, 1.5 s starts, 7 s work.
    assert report(accounts, since=100.0, wall=10.0, cores=2).splitlines() == [
        "rule          jobs  work s  start and imports s  peak memory MiB",
        "fit_networks     2    10.0                  2.0              310",
        "make_windows     1     1.0                  0.5              120",
        "all              3    11.0                  2.5              310",
        "",
        "Wall time 10.0 s on 2 cores; a moment is shared equally among the jobs that run in it:",
        "       1.5 s   15.0 %  no job runs (Snakemake itself)",
        "       1.5 s   15.0 %  jobs start and import",
        "       7.0 s   70.0 %  jobs work",
        "Process starts, imports and Snakemake itself: 30.0 % of the wall time.",
        "Process starts and imports: 18.5 % of the seconds of all jobs.",
        "Upper bound, which counts cores without a job as lost too (1 - work / (wall time x cores)): 45.0 %.",
    ]


def test_a_run_without_job(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flaredag.accounting", "--since", "0", "--wall", "3", "--cores", "2"]
    run = subprocess.run(
        [*command, "--logs", str(tmp_path)], env={"PYTHONPATH": str(SCRIPTS)}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert "Process starts, imports and Snakemake itself: 100.0 % of the wall time." in run.stdout
    assert "Process starts and imports: - % of the seconds of all jobs." in run.stdout
