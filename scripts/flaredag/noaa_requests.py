"""Files of NOAA's archives, by year or by day: from a mirror where it has them, looked at before they are kept."""

from __future__ import annotations

import gzip
import zlib
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import requests

from flaredag.errors import InputError
from flaredag.joblog import Progress
from flaredag.noaa_files import DailyProduct, Fault, days_of_year, filled, unpack
from flaredag.retrying import BackOff, RefusedError, TryAgainError, check_status, faults_of_requests, retried

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from flaredag.kept_answers import KeptAnswers

TIMEOUTS_SECONDS = (10.0, 60.0)  # for a connection; between two pieces of an answer


@dataclass(frozen=True)
class Archives:
    """Archives of files as seen from here: `mirror` (a folder, or None) is looked in before an address is asked."""

    session: requests.Session
    log: logging.Logger
    back_off: BackOff
    mirror: Path | None = None

    def answer(
        self,
        address: str,
        *,
        what: str,
        fault: Callable[[bytes], Fault | None],
        params: Mapping[str, str] | None = None,
    ) -> bytes | None:
        """Answer of an address; None where nothing stands there (404).

        It is asked again while `fault` finds one; where the fault may stand at the source, the same bytes twice are
        taken. InputError where no right answer comes.
        """
        faulty: list[bytes] = []

        def ask() -> bytes | None:
            with faults_of_requests():
                response = self.session.get(address, params=params, timeout=TIMEOUTS_SECONDS)
            if response.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                return None
            check_status(response.status_code, response.headers)
            found = fault(response.content)
            if found is not None:
                if not (found.may_stand and response.content in faulty):
                    faulty.append(response.content)
                    raise TryAgainError(f"what came is no such file: {found.what}")
                self.log.warning("%s: %s; taken, as it came so twice", what, found.what)
            return response.content

        try:
            return retried(ask, what=what, log=self.log, back_off=self.back_off)
        except RefusedError as error:
            problem = str(error)
        raise InputError(
            f"{what} cannot be had from {_told(address)}: {problem}. Run again when it answers (what has come "
            "is kept), or name a folder that holds it (--config mirror=DIR)."
        )

    def file(
        self, addresses: Sequence[str], *, what: str, mirrors: Sequence[str], fault: Callable[[bytes], Fault | None]
    ) -> bytes:
        """Content of one file: that in the mirror, else that at the first of `addresses` where one stands."""
        path = self.mirrored(mirrors)
        if path is not None:
            content = content_of(path, fault)
            self.log.info("%s: %d bytes from mirror %s", what, len(content), path)
            return content
        for address in addresses:
            content = self.answer(address, what=what, fault=fault)
            if content is not None:
                self.log.info("%s: %d bytes from %s", what, len(content), _told(address))
                return content
        raise InputError(
            f"{what}: none of its addresses has it ({', '.join(map(_told, addresses))}). Leave it out, mend the "
            f"addresses, or name a folder that holds {' or '.join(mirrors)} (--config mirror=DIR)."
        )

    def days(
        self, product: DailyProduct, year: int, *, address: str, kept: KeptAnswers, requests_in_flight: int
    ) -> dict[str, bytes]:
        """Files of all days of a year that are there, by name, `requests_in_flight` asked for at once.

        A year's archive in the mirror stands for the whole year. Else days that `kept` has are not asked for; a day
        without a file is asked for each time, as it may come late. InputError where no day has a file.
        """
        days = days_of_year(year, as_of=kept.as_of)
        found = self._mirrored_days(product, year, days)
        if found is None:
            found = self._asked_days(product, days, address=address, kept=kept, requests_in_flight=requests_in_flight)
        if not found:
            raise InputError(
                f"{product.title} of {year}: none of {len(days)} days is at {_told(address)}. Mend the address, leave "
                f"the year out, or name a folder that holds {product.mirrors[0].format(year=year)} (--config "
                "mirror=DIR)."
            )
        absent = [f"{day}" for day in days if product.name_of(day) not in found]
        self.log.info("%s of %d: %d of %d days are there", product.title, year, len(found), len(days))
        if absent:
            self.log.warning("%s of %d: no file of %s", product.title, year, ", ".join(absent))
        return found

    def mirrored(self, names: Sequence[str]) -> Path | None:
        """First file of these names, or of these with .gz, that the mirror has."""
        if self.mirror is None:
            return None
        paths = [self.mirror / f"{name}{suffix}" for name in names for suffix in ("", ".gz")]
        return next((path for path in paths if path.is_file()), None)

    def _mirrored_days(self, product: DailyProduct, year: int, days: list[date]) -> dict[str, bytes] | None:
        path = self.mirrored([name.format(year=year) for name in product.mirrors])
        if path is None:
            return None
        members = unpack(path)
        found = {}
        for day in days:
            name = product.name_of(day)
            fault = product.fault(members.get(name, b""), day)
            if fault is not None and not fault.may_stand:
                raise InputError(f"{path}: {name}: {fault.what}. Mend it, or take it out: its day is absent then.")
            if members.get(name, b"").strip():
                found[name] = members[name]
        self.log.info("%s of %d: from mirror %s", product.title, year, path)
        return found

    def _asked_days(
        self, product: DailyProduct, days: list[date], *, address: str, kept: KeptAnswers, requests_in_flight: int
    ) -> dict[str, bytes]:
        here = {day: kept.get(product.name_of(day), last_day=day) for day in days}
        due = [day for day in days if here[day] is None]
        self.log.info("%s: %d days kept from earlier runs, %d asked for", product.title, len(days) - len(due), len(due))
        progress = Progress(self.log, product.title, len(due))

        def ask(day: date) -> bytes | None:
            name = product.name_of(day)
            content = self.answer(
                filled(address, year=f"{day:%Y}", month=f"{day:%m}", date=f"{day:%Y%m%d}"),
                what=name,
                fault=lambda content: product.fault(content, day),
            )
            if content is None or not content.strip():
                return None
            kept.keep(name, content)
            return content

        with ThreadPoolExecutor(requests_in_flight) as pool:
            asked = {pool.submit(ask, day): day for day in due}
            try:
                for answer in as_completed(asked):
                    here[asked[answer]] = answer.result()
                    progress.advance(product.name_of(asked[answer]))
            except BaseException:
                # Leaving the block would wait for all that are still to be asked for.
                pool.shutdown(cancel_futures=True)
                raise
        return {product.name_of(day): content for day, content in here.items() if content is not None}


@contextmanager
def archives(*, mirror: str | Path | None, log: logging.Logger, back_off: BackOff) -> Iterator[Archives]:
    """Archives of files, with connections that are closed in the end; `mirror` is a folder, or empty for none."""
    if mirror and not Path(mirror).is_dir():
        raise InputError(f"mirror={mirror}: no such folder. Name one that is there, or leave mirror empty.")
    with requests.Session() as session:
        yield Archives(session=session, log=log, back_off=back_off, mirror=Path(mirror) if mirror else None)


def _told(address: str) -> str:
    """An address without user, password and query, for logs and errors."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def content_of(path: Path, fault: Callable[[bytes], Fault | None]) -> bytes:
    """Content of a file of the mirror, uncompressed; InputError where it cannot be read or `fault` finds one."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read ({error}). Put a whole file there, or take it away.") from error
    found = fault(content)
    if found is not None and not found.may_stand:
        raise InputError(f"{path}: {found.what}. Put a right file there, or take it away.")
    return content
