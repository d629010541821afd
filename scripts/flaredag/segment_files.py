"""FITS files of the segments of a series: their names, and whether what a server sends is one of them, and whole."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from astropy.io import fits
from astropy.io.fits.verify import VerifyError

from flaredag.artifacts import written_whole
from flaredag.retrying import TryAgainError, check_status, faults_of_requests

if TYPE_CHECKING:
    from pathlib import Path

    import requests

FITS_BLOCK_BYTES = 2880
DIMS_OF_IMAGE = 2
BLOCK_BYTES = 1 << 16
_RECORD = re.compile(r"[\w.]+\[(\d+)\]\[([^\]]+)\](?:\{(\w+)\})?")
_FRACTION = re.compile(r"\.\d+(?=_TAI$)")  # SMARP's headers have one, of zeros; records and names have none


@dataclass(frozen=True, order=True)
class SegmentFile:
    """The file of one segment of one record of a series of patches."""

    series: str
    region_keyword: str
    region: int
    t_rec: str
    segment: str

    @property
    def name(self) -> str:
        """JSOC's name for the file, if it is asked for with `name_format`."""
        return f"{self.series}.{self.region}.{re.sub('[.:]', '', self.t_rec)}.{self.segment}.fits"


def name_format(series: str, region_keyword: str) -> str:
    """Format of file names, for an export request."""
    return f"{series}.{{{region_keyword}}}.{{T_REC:A}}.{{segment}}"


def place_of_file(record: str, address: str) -> tuple[int, str, str] | None:
    """Region number, T_REC and segment of a file of an export, told by its record and its address.

    A record is `hmi.sharp_cea_720s[377][2011.02.15_00:00:00_TAI]{magnetogram}`; where it lacks the segment the name of
    the file has it, as that is asked for (`name_format`).
    """
    match = _RECORD.match(record)
    if match is None:
        return None
    named = address.rsplit("/", 1)[-1].split(".")[-2:-1]
    return int(match[1]), _FRACTION.sub("", match[2].strip()), match[3] or "".join(named)


def fault_of_segment(content: bytes, file: SegmentFile) -> str | None:
    """What is wrong with the content of a file: cut off, not to be decompressed, of another record; None if nothing."""
    if not content.startswith(b"SIMPLE  ="):
        return f"no FITS file (it begins with {content[:20]!r})"
    if len(content) % FITS_BLOCK_BYTES:
        return f"cut off ({len(content)} bytes are no whole blocks of {FITS_BLOCK_BYTES})"
    try:
        # JSOC writes cards that astropy mends with a warning; what they hold is judged when the file is used.
        with warnings.catch_warnings(), fits.open(io.BytesIO(content)) as hdus:
            warnings.simplefilter("ignore")
            image = next((hdu for hdu in hdus if hdu.is_image and len(hdu.shape) == DIMS_OF_IMAGE), None)
            if image is None:
                return "without an image"
            image.data  # noqa: B018  (decompresses)
            found = (_value(image.header, file.region_keyword), str(_value(image.header, "T_REC")))
    except Exception as error:  # astropy meets damage with errors of a dozen kinds
        return f"damaged ({type(error).__name__})"
    if (found[0], _FRACTION.sub("", found[1])) != (file.region, file.t_rec):
        return f"of another record ({file.region_keyword} {found[0]}, T_REC {found[1]})"
    return None


def fetch_segment(
    file: SegmentFile, address: str, target: Path, *, session: requests.Session, timeout_seconds: float
) -> tuple[int, str]:
    """Write the file at `address` to `target` if it is `file`, and whole; its size in bytes, and sha256.

    TryAgainError or RefusedError where it is not.
    """
    digest, n_bytes = hashlib.sha256(), 0
    with written_whole(target) as part:
        with (
            faults_of_requests(),
            session.get(
                address, headers={"Accept-Encoding": "identity"}, stream=True, timeout=timeout_seconds
            ) as response,
            part.open("wb") as out,
        ):
            check_status(response.status_code, response.headers)
            for block in response.iter_content(BLOCK_BYTES):
                out.write(block)
                digest.update(block)
                n_bytes += len(block)
        fault = fault_of_segment(part.read_bytes(), file)
        if fault is not None:
            raise TryAgainError(f"{file.name}: {fault}")
    return n_bytes, digest.hexdigest()


def _value(header: fits.Header, keyword: str) -> Any:
    """A header value; None where absent, or on a card that astropy refuses."""
    try:
        return header.get(keyword)
    except (VerifyError, ValueError):
        return None
