"""What is tried again while another try may help: growing waits with jitter, and which answers of HTTP they suit."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import requests

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Mapping

Result = TypeVar("Result")
LONGEST_WAIT_SECONDS = 60.0  # also the longest `Retry-After` that is followed
MOST_DOUBLINGS = 30
BETTER_LATER = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)


class TryAgainError(Exception):
    """An answer that another try may better, after at least `wait_seconds`."""

    def __init__(self, what: str, *, wait_seconds: float = 0.0) -> None:
        super().__init__(what)
        self.wait_seconds = wait_seconds


class RefusedError(Exception):
    """An answer that no further try betters, or one try too many."""


@dataclass(frozen=True)
class BackOff:
    """Waits between tries: `first_seconds`, doubled from try to try up to `longest_seconds`, lengthened by chance.

    The chance (up to `jitter_fraction` of the wait) keeps jobs that failed together from coming back together.
    """

    max_tries: int = 5
    first_seconds: float = 1.0
    longest_seconds: float = LONGEST_WAIT_SECONDS
    jitter_fraction: float = 0.5
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def seconds_after(self, n_tried: int) -> float:
        """Wait after the `n_tried`-th try (from 1), s."""
        seconds = min(self.first_seconds * 2.0 ** min(n_tried - 1, MOST_DOUBLINGS), self.longest_seconds)
        return seconds * (1.0 + self.jitter_fraction * self.chance())


def retried(action: Callable[[], Result], *, what: str, log: logging.Logger, back_off: BackOff) -> Result:
    """Result of `action`, tried again on TryAgainError; RefusedError when that has happened `max_tries` times."""
    problem = ""
    for n_tried in range(1, back_off.max_tries + 1):
        try:
            return action()
        except TryAgainError as error:
            problem, wait_seconds = str(error), max(back_off.seconds_after(n_tried), error.wait_seconds)
        if n_tried < back_off.max_tries:
            log.warning("%s: %s; again in %.0f s (%d of %d)", what, problem, wait_seconds, n_tried, back_off.max_tries)
            back_off.sleep(wait_seconds)
    raise RefusedError(f"{problem} (tried {back_off.max_tries} times)")


def check_status(status: int, headers: Mapping[str, str]) -> None:
    """Raise for an HTTP status that is an error: TryAgainError if it may pass (with its `Retry-After`)."""
    if status < HTTPStatus.BAD_REQUEST:
        return
    if status in BETTER_LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TryAgainError(f"HTTP status {status}", wait_seconds=retry_after_seconds(headers.get("Retry-After") or ""))
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "unknown"
    raise RefusedError(f"HTTP status {status} ({phrase})")


def retry_after_seconds(text: str) -> float:
    """Wait that a `Retry-After` header (seconds, or a date) asks for, s; 0 if it says nothing, never above a minute."""
    if text.strip().isdecimal():
        return min(float(text), LONGEST_WAIT_SECONDS)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)


@contextmanager
def faults_of_requests() -> Iterator[None]:
    """Turn errors of `requests` into TryAgainError or RefusedError, without the address that their texts hold."""
    try:
        yield
    except requests.Timeout as error:
        raise TryAgainError(f"no answer in time ({type(error).__name__})") from None
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
        cause = error.args[0] if error.args else error
        cause = getattr(cause, "reason", cause)
        raise TryAgainError(f"no connection, or cut short ({type(cause).__name__})") from None
    except requests.RequestException as error:
        raise RefusedError(f"no download possible ({type(error).__name__})") from None
