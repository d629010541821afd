"""Questions to JSOC through drms: asked again while that helps, answers checked, nobody's e-mail address told.

The JSON client of drms is used, not its tables: texts stay as JSOC gives them, and how many records there are and
how long to wait for an export, which the tables leave out, can be held against what came. drms writes the e-mail
address into the URLs of its requests, and JSOC into its errors: no text of an error goes further unscrubbed.
"""

from __future__ import annotations

import http.client
import logging
import os
import re
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote, quote_plus, urljoin, urlsplit

import pandas as pd
from drms.config import ServerConfig
from drms.json import HttpJsonClient

from flaredag.errors import InputError
from flaredag.retrying import BackOff, RefusedError, TryAgainError, check_status, retried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NOTIFY_VARIABLE = "FLAREDAG_NOTIFY"
REGISTRATION = "http://jsoc.stanford.edu/ajax/register_email.html"
MISSING = "MISSING"
BROKEN_LINK = "Invalid KeyLink"  # what JSOC gives for a keyword that the series, or a record, does not have
NO_FILE = "NoDataFile"
DONE, PENDING, NOT_YET_KNOWN, TOO_MANY = 0, (1, 2), 6, 7
ADDRESS_REGISTERED = 2
# Errors of JSOC that the same question will meet again.
LASTING = re.compile(r"not exist|not found|unknown|invalid|illegal|bad |syntax|pars|can.?.?not open|can't open", re.I)
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def notify_address(given: str | None = None) -> str:
    """E-mail address, registered at JSOC, that exports are asked for with: `given`, or the environment's.

    It is checked for its form alone, and never told; InputError where there is none.
    """
    address = (given or os.environ.get(NOTIFY_VARIABLE, "")).strip()
    if not ADDRESS.fullmatch(address):
        raise InputError(
            f"{NOTIFY_VARIABLE}: {'no e-mail address' if address else 'not set'}; JSOC exports files only for a "
            f"registered e-mail address. Register one at {REGISTRATION} and set {NOTIFY_VARIABLE} to it in the "
            "environment (not in a file of the project)."
        )
    return address


def region_list(regions: Sequence[int]) -> str:
    """Region numbers as a record set takes them: 1, 2, 3 and 7 are "1-3,7"."""
    runs: list[list[int]] = []
    for region in sorted(regions):
        if runs and region == runs[-1][-1] + 1:
            runs[-1][1:] = [region]
        else:
            runs.append([region])
    return ",".join("-".join(map(str, run)) for run in runs)


@dataclass(frozen=True)
class ExportAnswer:
    """What JSOC says of an export; `files` are (record, address) once it is done, the address empty without a file."""

    status: int
    request_id: str = ""
    wait_seconds: float = 0.0
    error: str = ""
    files: list[tuple[str, str]] = field(default_factory=list)


class JsocClient:
    """Asks the JSOC at `base_address`; InputError where what is asked cannot be had."""

    def __init__(
        self,
        base_address: str,
        *,
        log: logging.Logger,
        back_off: BackOff,
        timeout_seconds: float = 60.0,
        notify: str = "",
    ) -> None:
        parts = urlsplit(base_address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise InputError(f"jsoc address {base_address!r}: wanted one such as http://jsoc.stanford.edu. Mend it.")
        self.base = base_address.rstrip("/") + "/"
        server = ServerConfig(
            name="JSOC",
            cgi_baseurl=urljoin(self.base, "cgi-bin/ajax/"),
            cgi_jsoc_info="jsoc_info",
            cgi_jsoc_fetch="jsoc_fetch",
            cgi_check_address="checkAddress.sh",
            http_download_baseurl=self.base,
        )
        # At the level DEBUG drms logs URLs, and with them the e-mail address.
        logging.getLogger("drms").setLevel(logging.WARNING)
        self.json = HttpJsonClient(server)
        self.log, self.back_off, self.timeout_seconds, self.notify = log, back_off, timeout_seconds, notify

    def keywords_of(self, series: str) -> list[str]:
        """Names of the keywords of a series."""
        return self._ask(f"series {series}", lambda: self.json.series_struct(series), lambda a: _names(a, "keywords"))

    def segments_of(self, series: str) -> list[str]:
        """Names of the segments of a series."""
        return self._ask(f"series {series}", lambda: self.json.series_struct(series), lambda a: _names(a, "segments"))

    def records(self, record_set: str, keywords: Sequence[str]) -> pd.DataFrame:
        """Records of `record_set`, one column a keyword, texts as JSOC gives them; "MISSING" where it has none."""
        return self._ask(
            f"records {record_set}",
            lambda: self.json.rs_list(record_set, key=list(keywords)),
            lambda answer: _table(answer, keywords),
        )

    def check_notify(self) -> None:
        """InputError where the e-mail address is not registered at JSOC."""
        status = self._ask("e-mail address", lambda: self.json.check_address(self.notify), _status)
        if status != ADDRESS_REGISTERED:
            raise InputError(
                f"{NOTIFY_VARIABLE}: its e-mail address is not registered at JSOC (status {status}). "
                f"Register it at {REGISTRATION}."
            )

    def request_export(self, record_set: str, *, file_name_format: str) -> ExportAnswer:
        """Ask for an export of the files of `record_set` as FITS, to be fetched by URL."""
        return self._ask(
            f"export {record_set}",
            lambda: self.json.exp_request(
                record_set,
                self.notify,
                method="url",
                protocol="fits",
                filenamefmt=file_name_format,
                requester=False,
            ),
            self._accepted,
        )

    def export_status(self, request_id: str) -> ExportAnswer:
        """Ask how an export is getting on."""
        return self._ask(f"export {request_id}", lambda: self.json.exp_status(request_id), self._export_answer)

    def _ask(self, what: str, question: Callable[[], Any], read: Callable[[dict], Any]) -> Any:
        """What `read` makes of the answer, asked again while that may help."""
        try:
            return retried(lambda: read(self._answer(question)), what=what, log=self.log, back_off=self.back_off)
        except RefusedError as error:
            problem = self._scrubbed(str(error))
        raise InputError(f"JSOC ({self.base}), {what}: {problem}. What has come so far is kept: run again.")

    def _answer(self, question: Callable[[], Any]) -> dict:
        """Answer of one request; errors say their kind alone, and are raised where no other hangs on them."""
        answer, status, headers = None, 0, {}
        try:
            with _socket_timeout(self.timeout_seconds):
                answer = question()
        except HTTPError as error:
            status, headers = error.code, dict(error.headers)
            error.close()
            problem = f"HTTP status {status}"
        except TimeoutError:
            problem = "no answer in time"
        except (OSError, http.client.HTTPException) as error:
            problem = f"no connection, or cut short ({type(getattr(error, 'reason', error)).__name__})"
        except ValueError as error:
            problem = f"an answer that is no JSON ({type(error).__name__})"
        else:
            problem = f"JSON of another form ({type(answer).__name__})"
        if isinstance(answer, dict):
            return answer
        check_status(status, headers)
        raise TryAgainError(problem)

    def _accepted(self, answer: dict) -> ExportAnswer:
        told = self._export_answer(answer)
        if told.status in PENDING and not told.request_id:
            raise TryAgainError("an export accepted without its number")
        return told

    def _export_answer(self, answer: dict) -> ExportAnswer:
        status = _status(answer)
        request_id = str(answer.get("requestid") or answer.get("reqid") or "")
        error = self._scrubbed(str(answer.get("error", "")))
        wait = answer.get("wait", 0)
        wait_seconds = float(wait) if str(wait).replace(".", "", 1).isdecimal() else 0.0
        files = []
        if status == DONE:
            folder = str(answer.get("dir") or "").strip("/")
            data = answer.get("data")
            if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
                raise TryAgainError("an export done without the list of its files")
            for one in data:
                record, name = str(one.get("record", "")), str(one.get("filename", ""))
                files.append((record, "" if name in ("", NO_FILE) else urljoin(self.base, quote(f"{folder}/{name}"))))
        return ExportAnswer(status, request_id, wait_seconds, error, files)

    def _scrubbed(self, text: str) -> str:
        """`text` without the e-mail address, in any of the forms that URLs give it."""
        if not self.notify:
            return text
        forms = {self.notify, quote(self.notify), quote_plus(self.notify), quote_plus(quote_plus(self.notify))}
        for one in sorted(forms, key=len, reverse=True):
            text = re.sub(re.escape(one), "<notify>", text, flags=re.IGNORECASE)
        return text


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """The default timeout of sockets, which is the one that drms takes, for a while."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _status(answer: dict) -> int:
    try:
        return int(answer["status"])
    except (KeyError, TypeError, ValueError):
        raise TryAgainError("an answer without status") from None


def _check_answer(answer: dict) -> None:
    """Raise where JSOC answers with an error: RefusedError if the same question will meet it again."""
    status = _status(answer)
    if status != DONE:
        told = f"JSOC says {str(answer.get('error', 'nothing'))!r} (status {status})"
        raise RefusedError(told) if LASTING.search(told) else TryAgainError(told)


def _names(answer: dict, what: str) -> list[str]:
    """Names of the keywords or segments that an answer describes."""
    _check_answer(answer)
    try:
        return [str(one["name"]) for one in answer[what]]
    except (KeyError, TypeError):
        raise TryAgainError(f"a series without its list of {what}") from None


def _table(answer: dict, keywords: Sequence[str]) -> pd.DataFrame:
    """Texts of the records of an answer; TryAgainError where it lacks fields, or its columns differ in length."""
    _check_answer(answer)
    count = str(answer.get("count"))
    n_records = int(count) if count.isdecimal() else -1
    if n_records < 0 or (n_records and "keywords" not in answer):
        raise TryAgainError("an answer without the number of its records, or without them")
    columns = {}
    try:
        for column in answer.get("keywords", []):
            columns[str(column["name"]).upper()] = [str(value) for value in column["values"]]
    except (KeyError, TypeError):
        raise TryAgainError("records of another form") from None
    if n_records == 0:
        columns = {name: [] for name in keywords}
    lacking = [name for name in keywords if name not in columns]
    if lacking:
        raise TryAgainError(f"records without {', '.join(lacking)}")
    lengths = {name: len(columns[name]) for name in keywords}
    if set(lengths.values()) != {n_records}:
        raise TryAgainError(f"{n_records} records announced, columns of {sorted(set(lengths.values()))} values")
    table = pd.DataFrame({name: pd.Series(columns[name], dtype=str) for name in keywords})
    return table.replace(BROKEN_LINK, MISSING)
