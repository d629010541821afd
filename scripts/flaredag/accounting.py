"""Where the time of a run went: a table of the accounts that its jobs' logs end with.

Run as `python -m flaredag.accounting --since EPOCH_SECONDS --wall SECONDS --cores N [--logs results]`.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from flaredag.joblog import ACCOUNT_PREFIX


@dataclass(frozen=True)
class Account:
    """One job: its rule, the time it ended (seconds since 1970), its seconds, its peak memory (MiB)."""

    rule: str
    ended: float
    seconds_start_and_imports: float
    seconds_work: float
    peak_memory_mib: float


@dataclass(frozen=True)
class WallTime:
    """Seconds of wall time by what was going on.

    A moment at which jobs run is shared equally among them, each at its start (process and imports) or
    at work; a moment at which none runs is Snakemake's own.
    """

    without_job: float
    start_and_imports: float
    work: float


def read_accounts(results: Path, *, since: float) -> tuple[list[Account], list[Path]]:
    """Accounts of the logs below `results` changed after `since` (seconds since 1970), and logs without one.

    Logs are `<...>/logs/<rule>.log` or `<...>/logs/<rule>/<job>.log`; the last account of each counts, and
    its job ended when the log was last written.
    """
    accounts, without = [], []
    for path in sorted(results.glob("**/logs/**/*.log")):
        ended = path.stat().st_mtime
        if ended < since:
            continue
        lines = [line for line in path.read_text(errors="replace").splitlines() if line.startswith(ACCOUNT_PREFIX)]
        if not lines:
            without.append(path)
            continue
        parts = path.with_suffix("").parts
        rule = parts[len(parts) - parts[::-1].index("logs")]
        accounts.append(Account(rule, ended, **json.loads(lines[-1].removeprefix(ACCOUNT_PREFIX))))
    return accounts, without


def wall_time(accounts: list[Account], *, since: float, wall: float) -> WallTime:
    """Wall time of a run that began at `since` (seconds since 1970) and took `wall` seconds, by what went on."""
    spans = []
    for account in accounts:
        work_began = account.ended - account.seconds_work
        spans.append((work_began - account.seconds_start_and_imports, work_began, account.ended))
    run = (since, since + wall)
    edges = sorted({*run, *(edge for span in spans for edge in span if run[0] < edge < run[1])})
    without_job = start_and_imports = work = 0.0
    for begin, end in pairwise(edges):
        middle = (begin + end) / 2
        n_starting = sum(started <= middle < work_began for started, work_began, _ in spans)
        n_working = sum(work_began <= middle < ended for _, work_began, ended in spans)
        n_running = n_starting + n_working
        if n_running:
            start_and_imports += (end - begin) * n_starting / n_running
            work += (end - begin) * n_working / n_running
        else:
            without_job += end - begin
    return WallTime(without_job, start_and_imports, work)


def report(accounts: list[Account], *, since: float, wall: float, cores: int) -> str:
    """Tell where the time went, a line a rule and the totals with their definitions."""
    by_rule = defaultdict(list)
    for account in accounts:
        by_rule[account.rule].append(account)
    rows = [
        (
            rule,
            len(jobs),
            sum(job.seconds_work for job in jobs),
            sum(job.seconds_start_and_imports for job in jobs),
            max(job.peak_memory_mib for job in jobs),
        )
        for rule, jobs in by_rule.items()
    ]
    rows.sort(key=lambda row: (-row[2], row[0]))
    work = sum(row[2] for row in rows)
    starts = sum(row[3] for row in rows)
    rows.append(("all", len(accounts), work, starts, max((row[4] for row in rows), default=0.0)))
    width = max(len("rule"), *(len(row[0]) for row in rows))
    lines = [f"{'rule':{width}}  jobs  work s  start and imports s  peak memory MiB"]
    lines += [f"{row[0]:{width}}  {row[1]:4d}  {row[2]:6.1f}  {row[3]:19.1f}  {row[4]:15.0f}" for row in rows]
    spent = wall_time(accounts, since=since, wall=wall)
    overhead = spent.without_job + spent.start_and_imports
    lines += [
        "",
        f"Wall time {wall:.1f} s on {cores} cores; a moment is shared equally among the jobs that run in it:",
        f"  {spent.without_job:8.1f} s  {_percent(spent.without_job, wall):>7}  no job runs (Snakemake itself)",
        f"  {spent.start_and_imports:8.1f} s  {_percent(spent.start_and_imports, wall):>7}  jobs start and import",
        f"  {spent.work:8.1f} s  {_percent(spent.work, wall):>7}  jobs work",
        f"Process starts, imports and Snakemake itself: {_percent(overhead, wall)} of the wall time.",
        f"Process starts and imports: {_percent(starts, starts + work)} of the seconds of all jobs.",
        f"Upper bound, which counts cores without a job as lost too (1 - work / (wall time x cores)): "
        f"{_percent(wall * cores - work, wall * cores)}.",
    ]
    return "\n".join(lines)


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "- %"


def main() -> None:
    """Print the table of the logs below `--logs` that changed since `--since`."""
    parser = argparse.ArgumentParser(prog="python -m flaredag.accounting", description=main.__doc__)
    parser.add_argument("--since", type=float, required=True, help="begin of the run, seconds since 1970")
    parser.add_argument("--wall", type=float, required=True, help="seconds that the run took")
    parser.add_argument("--cores", type=int, required=True, help="cores that the run could use")
    parser.add_argument("--logs", type=Path, default=Path("results"), help="folder below which the logs are")
    given = parser.parse_args()
    accounts, without = read_accounts(given.logs, since=given.since)
    print(report(accounts, since=given.since, wall=given.wall, cores=given.cores))
    for path in without:
        print(f"no account (a killed job, or one without log): {path}")


if __name__ == "__main__":
    main()
