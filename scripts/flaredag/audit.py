"""Findings of the leak audit: one row a check and subject, and what becomes of a leak.

Outcomes: `clean`, nothing was found; `declared`, a leak that the study names as its own (`declared_leaks`); `reported`,
something a reader should know that need not be a leak, or that cannot be decided; `leak`, which fails the build.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from flaredag.errors import InputError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Mapping, Sequence

CLEAN, DECLARED, REPORTED, LEAK = OUTCOMES = ("clean", "declared", "reported", "leak")
# Leaks that an error names; the log has them all.
_N_NAMED = 3


class Finding(NamedTuple):
    """What a check found of a subject; `n`: how many offend, or how many were looked at where none does."""

    check: str
    subject: str
    outcome: str
    n: int
    text: str


COLUMNS = Finding._fields


def findings_table(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings in the order given, with the columns `check, subject, outcome, n, text`."""
    return pd.DataFrame(list(findings), columns=list(COLUMNS)).astype({"n": "int64"})


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each check and subject, of those of its parts: the worst outcome with its text, `n` added up."""
    parts: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        key = (finding.check, finding.subject)
        known = parts.get(key)
        if known is None or OUTCOMES.index(finding.outcome) > OUTCOMES.index(known.outcome):
            parts[key] = finding
        elif finding.outcome == known.outcome:
            parts[key] = known._replace(n=known.n + finding.n)
    return list(parts.values())


def is_declared(declared_leaks: Sequence[Mapping[str, Any]], setting: str, value: str) -> bool:
    """Whether a study declares the leak of a setting with that value."""
    return any(leak.get("setting") == setting and leak.get("value") == value for leak in declared_leaks)


def log_findings(log: logging.Logger, table: pd.DataFrame) -> None:
    """Every finding to the log; reports and leaks as warnings, so that they are seen where the log is not read."""
    for finding in table.itertuples(index=False):
        write = log.warning if finding.outcome in (REPORTED, LEAK) else log.info
        write("%s, %s: %s (%d): %s", finding.check, finding.subject, finding.outcome, finding.n, finding.text)


def refuse_leaks(table: pd.DataFrame, *, what: str) -> None:
    """InputError that names the worst leaks of `what`; none where nothing leaks."""
    leaks = table[table["outcome"] == LEAK].sort_values("n", ascending=False, kind="stable")
    if len(leaks):
        named = "; ".join(f"{row.check}, {row.subject}: {row.text}" for row in leaks[:_N_NAMED].itertuples())
        raise InputError(
            f"{what}: {len(leaks)} leaks of {len(table)} findings. {named}. Wanted none that is not declared. Mend the "
            "data, or declare the leak in the study; the log has the whole table."
        )
