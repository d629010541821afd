"""Waits between tries, and which answers are worth another."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from flaredag.retrying import (
    BackOff,
    RefusedError,
    TryAgainError,
    check_status,
    faults_of_requests,
    retried,
    retry_after_seconds,
)

LOG = logging.getLogger("flaredag")


def retried_with(outcomes: list, **settings) -> tuple[object, list[float]]:
    """What comes of an action with these outcomes (errors are raised), and the waits."""
    waits: list[float] = []
    left = list(outcomes)

    def action() -> object:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    back_off = BackOff(sleep=waits.append, chance=lambda: 0.5, **settings)
    return retried(action, what="a thing", log=LOG, back_off=back_off), waits


def test_waits_double_and_are_lengthened_by_chance() -> None:
    # Half of the longest jitter (a half): 1.25 times 1, 2, 4 s.
    assert retried_with([TryAgainError("x")] * 3 + ["come"]) == ("come", [1.25, 2.5, 5.0])


def test_a_wait_asked_for_is_waited_in_full() -> None:
    assert retried_with([TryAgainError("x", wait_seconds=9.0), "come"]) == ("come", [9.0])


def test_waits_stop_growing() -> None:
    back_off = BackOff(longest_seconds=60.0, jitter_fraction=0.0)
    assert [back_off.seconds_after(n) for n in (6, 7, 8, 5000)] == [32.0, 60.0, 60.0, 60.0]


@given(n_tried=st.integers(1, 100), chance=st.floats(0, 1, exclude_max=True))
def test_jitter_only_lengthens_and_by_no_more_than_said(n_tried: int, chance: float) -> None:
    plain = BackOff(jitter_fraction=0.0).seconds_after(n_tried)
    assert plain <= BackOff(jitter_fraction=0.5, chance=lambda: chance).seconds_after(n_tried) <= 1.5 * plain


def test_what_never_comes_is_refused_after_the_last_try(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(RefusedError, match=r"^no\. 3 \(tried 3 times\)$"):
        retried_with([TryAgainError(f"no. {n}") for n in (1, 2, 3)], max_tries=3)
    assert [record.getMessage() for record in caplog.records] == [
        "a thing: no. 1; again in 1 s (1 of 3)",
        "a thing: no. 2; again in 2 s (2 of 3)",
    ]


def test_a_refusal_is_not_tried_again() -> None:
    with pytest.raises(RefusedError, match=r"^gone$"):
        retried_with([RefusedError("gone"), "come"])


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_status_that_may_pass(status: int) -> None:
    with pytest.raises(TryAgainError, match=f"HTTP status {status}") as caught:
        check_status(status, {"Retry-After": "7"})
    assert caught.value.wait_seconds == 7.0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 499])
def test_a_status_that_stays(status: int) -> None:
    with pytest.raises(RefusedError, match=f"HTTP status {status}"):
        check_status(status, {})


def test_a_good_status_is_none_of_both() -> None:
    check_status(200, {})
    check_status(206, {})


def test_retry_after() -> None:
    in_half_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25.0 < retry_after_seconds(in_half_a_minute) <= 30.0
    assert retry_after_seconds("Fri, 31 Dec 1999 23:59:59 GMT") == 0.0
    assert [retry_after_seconds(text) for text in ("", "12", "86400", "soon", "-3")] == [0.0, 12.0, 60.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("error", "turned"),
    [
        (requests.ReadTimeout("http://x/?a=me@example.org"), TryAgainError),
        (requests.ConnectionError("http://x/?a=me@example.org"), TryAgainError),
        (requests.exceptions.ChunkedEncodingError("http://x/?a=me@example.org"), TryAgainError),
        (requests.TooManyRedirects("http://x/?a=me@example.org"), RefusedError),
    ],
)
def test_errors_of_requests_lose_their_address(error: Exception, turned: type[Exception]) -> None:
    with pytest.raises(turned) as caught, faults_of_requests():
        raise error
    assert "example" not in str(caught.value)
    assert caught.value.__suppress_context__
