"""FITS files of JSOC's patch series: the image, where and when it was taken, or why it cannot be used."""

from __future__ import annotations

import hashlib
import io
import math
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io import fits
from astropy.io.fits.verify import VerifyError

from flaredag.artifacts import read_json
from flaredag.errors import InputError
from flaredag.jsoc import REGION_KEYWORD
from flaredag.rejections import Rejection
from flaredag.tables import NOT_GIVEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

INSTRUMENT_OF_KEYWORD = {keyword: instrument for instrument, keyword in REGION_KEYWORD.items()}
GAUSS = ("mx/cm^2", "gauss", "g")  # BUNIT in lower case; one maxwell a square centimetre is one gauss
# SHARP and SMARP patches reach 1500 pixels; a full disk of HMI has 4096 x 4096.
MOST_PIXELS = 4096**2
N_DIMS = 2
# Several times what HMI and MDI can measure along the line of sight, and far within the cubes' packing.
STRONGEST_FIELD_GAUSS = 10_000
EARLIEST_T_REC = np.datetime64("1995-01-01", "s")  # SoHO was launched in December 1995
LATEST_T_REC = np.datetime64("2100-01-01", "s")
# The header's time, whole seconds: SMARP has a fraction of zeros, SHARP has none.
_T_REC = re.compile(r"(\d{4})\.(\d\d)\.(\d\d)_(\d\d:\d\d:\d\d)(?:\.0+)?_TAI")
_JSOC_FILE_NAME = re.compile(r"[\w.]+?\.(\d+)\.(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)_TAI\.(\w+)\.fits")
_CARD_BYTES = 80
_ALL_ONES = 0xFFFFFFFF
_FAULT_OF_WARNING = {
    "File may have been truncated": "file cut off",
    "Error validating header": "not readable as FITS",
}


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as the index of its shard lists it."""

    name: str
    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PatchHeader:
    """What a header tells of a patch: which, when, and where on the disk.

    `t_rec` is on the TAI clock. The patch's centre has heliographic `latitude_deg`, `carrington_longitude_deg`
    and, from the central meridian (west positive), `longitude_deg`; `cdelt_deg` is the size of a pixel.
    `longitude_min` ... `latitude_max` (LON_MIN ...) bound the active pixels, NaN where not given; `quality` is
    `NOT_GIVEN` where not given.
    """

    instrument: str
    region: int
    t_rec: np.datetime64
    quality: int
    longitude_deg: float
    latitude_deg: float
    carrington_longitude_deg: float
    cdelt_deg: float
    longitude_min: float
    longitude_max: float
    latitude_min: float
    latitude_max: float
    height_pixels: int
    width_pixels: int


@dataclass(frozen=True)
class PatchImage:
    """A segment of a record: dims (y, x), gauss of a field, NaN where nothing was measured, as beyond the limb.

    `remarks`: what astropy found unusual in the file without its being a fault.
    """

    image: NDArray[np.float32]
    header: PatchHeader
    nan_fraction: float
    remarks: tuple[str, ...]

    def same_record_as(self, other: PatchImage) -> bool:
        """Whether both hold the same pixels and header values."""
        return repr(self.header) == repr(other.header) and np.array_equal(self.image, other.image, equal_nan=True)


class _Fault(Exception):
    """Why a file cannot be used: a phrase, and what was found."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(reason)
        self.reason, self.text = reason, text


def read_index(path: str | Path) -> list[ListedFile]:
    """Files of an index of segments, sorted by name; InputError where it is none or names a file twice."""
    content = read_json(path)
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(files, list):
        raise InputError(f'{path}: no list of files; wanted {{"files": [...]}}. Delete it to have it fetched again.')
    listed = []
    for entry in files:
        fields = entry if isinstance(entry, dict) else {}
        name, n_bytes, sha256 = (fields.get(key) for key in ("name", "bytes", "sha256"))
        if not (isinstance(name, str) and isinstance(n_bytes, int) and isinstance(sha256, str)):
            raise InputError(
                f"{path}: entry {len(listed) + 1} is {str(entry)[:200]}; wanted name, bytes and sha256. Delete the "
                "index to have it fetched again."
            )
        if name in ("", "..") or name != Path(name).name:
            raise InputError(f"{path}: file name {name!r} leaves the folder of the shard. Do not use this index.")
        listed.append(ListedFile(name, n_bytes, sha256))
    names = [file.name for file in listed]
    if len(set(names)) < len(names):
        twice = next(name for name in sorted(names) if names.count(name) > 1)
        raise InputError(f"{path}: names {twice} more than once. Delete it to have it fetched again.")
    return sorted(listed, key=lambda file: file.name)


def indexed_files(index: str | Path) -> tuple[list[ListedFile], Path]:
    """Files of an index, and the folder of its name that they lie in; InputError where it lists some without folder."""
    files, folder = read_index(index), Path(index).with_suffix("")
    if files and not folder.is_dir():
        raise InputError(f"{index}: lists {len(files)} files, but there is no {folder}. Delete it to fetch them again.")
    return files, folder


def read_listed_image(folder: Path, file: ListedFile, *, source: str, in_gauss: bool = True) -> PatchImage | Rejection:
    """The image of `file` in `folder`, read once, if its bytes are those listed; or why it cannot be used.

    `in_gauss`: whether it is a field, and so has that unit. Raises InputError where the file is there and the system
    does not give it: that is no fault of the record.
    """
    path = folder / file.name
    try:
        content = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return Rejection(source, file.name, "file missing", "listed, but not in the folder")
    except OSError as error:
        raise InputError(
            f"{path}: not readable ({error}). See to its permissions or its disk, and run again."
        ) from error
    if len(content) != file.n_bytes:
        text = f"{len(content)} bytes; listed {file.n_bytes}"
        return Rejection(source, file.name, "size differs from the index", text)
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256.lower():
        return Rejection(source, file.name, "sha256 differs from the index", f"{digest}; listed {file.sha256}")
    return read_image(content, source=source, place=file.name, in_gauss=in_gauss)


def read_image(content: bytes | Path, *, source: str, place: str, in_gauss: bool = True) -> PatchImage | Rejection:
    """The image in a FITS file, given as its bytes or path; a `Rejection` of `source`, `place` if of no use.

    The first two-dimensional image counts, be it in the first HDU or, compressed, in the second. Cards that astropy
    refuses (JSOC wrote `R_VALUE = nan`) matter only where their keyword is wanted. Where `place` is named as JSOC
    names its files, header and name must agree.
    """
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            image, header = _image_and_header(content if isinstance(content, bytes) else content.read_bytes())
            if in_gauss:
                _refuse_other_unit(header)
            patch = _patch_header(header, image.shape)
        remarks = tuple(dict.fromkeys(_remark(str(warning.message)) for warning in caught))
        _refuse_other_name(place, patch)
        return PatchImage(image, patch, _nan_fraction(image), remarks)
    except _Fault as fault:
        return Rejection(source, place, fault.reason, fault.text)


def _image_and_header(content: bytes) -> tuple[NDArray[np.float32], fits.Header]:
    """First two-dimensional image of a FITS file, in its own unit, and its header."""
    if not content:
        raise _Fault("empty file", "0 bytes")
    if not content.startswith(b"SIMPLE  ="):
        raise _Fault("not a FITS file", f"begins with {content[:40]!r}")
    try:
        with fits.open(io.BytesIO(content)) as hdus:
            for hdu in hdus:
                _refuse_damage(content, hdu.fileinfo())
                if isinstance(hdu, fits.PrimaryHDU | fits.ImageHDU | fits.CompImageHDU) and len(hdu.shape) == N_DIMS:
                    if math.prod(hdu.shape) > MOST_PIXELS:
                        raise _Fault("image too large", f"{hdu.shape[1]} x {hdu.shape[0]} pixels")
                    with np.errstate(over="ignore", invalid="ignore"):  # judged by the pixels
                        return np.asarray(hdu.data, dtype=np.float32), hdu.header
    except _Fault:
        raise
    except Exception as error:  # astropy meets damage with errors of a dozen kinds
        raise _Fault("not readable as FITS", f"{type(error).__name__}: {error}") from error
    raise _Fault("no two-dimensional image", f"none in the {len(hdus)} HDUs")


def _refuse_damage(content: bytes, where: dict[str, int]) -> None:
    """Raises where an HDU is cut off, or its sum is not that of its CHECKSUM (FITS standard 4.0, appendix J).

    astropy's own check rewrites cards that are not standard before it adds up, and so refuses every file of JSOC.
    """
    start, data, end = where["hdrLoc"], where["datLoc"], where["datLoc"] + where["datSpan"]
    if end > len(content):
        raise _Fault("file cut off", f"{len(content)} bytes; its header tells of {end}")
    card = content.find(b"CHECKSUM=", start, data)
    if card >= 0 and (card - start) % _CARD_BYTES == 0:
        total = int(np.frombuffer(content, dtype=">u4", offset=start, count=(end - start) // 4).sum(dtype=np.uint64))
        while total > _ALL_ONES:
            total = (total & _ALL_ONES) + (total >> 32)
        if total != _ALL_ONES:
            raise _Fault("FITS checksum wrong", f"the HDU at byte {start} adds up to {total:#x}")


def _remark(message: str) -> str:
    """A warning of astropy in one line; raises where it tells of damage."""
    text = " ".join(message.split())
    for start, reason in _FAULT_OF_WARNING.items():
        if text.startswith(start):
            raise _Fault(reason, text)
    return text


def _nan_fraction(image: NDArray[np.float32]) -> float:
    n_nan = int(np.count_nonzero(np.isnan(image)))
    if n_nan == image.size:
        raise _Fault("no valid pixel", f"all {image.size} pixels are NaN or BLANK")
    strongest = max(float(np.fmax.reduce(image, axis=None)), -float(np.fmin.reduce(image, axis=None)))
    if strongest > STRONGEST_FIELD_GAUSS:
        raise _Fault(f"field beyond {STRONGEST_FIELD_GAUSS} G", f"a pixel of {strongest:.6g} G")
    return n_nan / image.size


def _refuse_other_unit(header: fits.Header) -> None:
    unit = str(_value(header, "BUNIT") or "").strip()
    if unit.lower() not in GAUSS:
        raise _Fault("unit is not gauss", f"BUNIT {unit!r}")


def _patch_header(header: fits.Header, shape: tuple[int, ...]) -> PatchHeader:
    numbers = {key: _number(header, key) for key in INSTRUMENT_OF_KEYWORD}
    keywords = [key for key, number in numbers.items() if number >= 0 and number == round(number)]
    if len(keywords) != 1:
        found = ", ".join(f"{key} {_value(header, key)!r}" for key in INSTRUMENT_OF_KEYWORD)
        raise _Fault("no region number", found)
    height, width = shape
    return PatchHeader(
        instrument=INSTRUMENT_OF_KEYWORD[keywords[0]],
        region=int(numbers[keywords[0]]),
        t_rec=_t_rec(header),
        quality=_quality(header),
        **_centre(header, height=height, width=width),
        longitude_min=_number(header, "LON_MIN"),
        longitude_max=_number(header, "LON_MAX"),
        latitude_min=_number(header, "LAT_MIN"),
        latitude_max=_number(header, "LAT_MAX"),
        height_pixels=height,
        width_pixels=width,
    )


def _centre(header: fits.Header, *, height: int, width: int) -> dict[str, float]:
    """Heliographic coordinates of the centre, where JSOC puts the reference pixel: there they are exact."""
    keys = ("CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2", "CDELT1", "CDELT2", "CRLN_OBS")
    numbers = {key: _number(header, key) for key in keys}
    types = [str(_value(header, key)) for key in ("CTYPE1", "CTYPE2")]
    absent = [key for key, number in numbers.items() if math.isnan(number)]
    if absent or types != ["CRLN-CEA", "CRLT-CEA"] or not 0 < numbers["CDELT1"] == numbers["CDELT2"]:
        found = f"CTYPE {types}, CDELT {[numbers['CDELT1'], numbers['CDELT2']]}, absent {absent}"
        raise _Fault("no CEA coordinates", found)
    carrington = numbers["CRVAL1"] + ((width + 1) / 2 - numbers["CRPIX1"]) * numbers["CDELT1"]
    return {
        "longitude_deg": (carrington - numbers["CRLN_OBS"] + 180) % 360 - 180,
        "latitude_deg": numbers["CRVAL2"] + ((height + 1) / 2 - numbers["CRPIX2"]) * numbers["CDELT2"],
        "carrington_longitude_deg": carrington % 360,
        "cdelt_deg": numbers["CDELT1"],
    }


def _t_rec(header: fits.Header) -> np.datetime64:
    text = _value(header, "T_REC")
    found = _T_REC.fullmatch(text.strip()) if isinstance(text, str) else None
    if found:
        try:
            t_rec = np.datetime64("{}-{}-{}T{}".format(*found.groups()), "s")
        except ValueError:
            pass  # as of month 13
        else:
            if EARLIEST_T_REC <= t_rec < LATEST_T_REC:
                return t_rec
    raise _Fault("T_REC missing or unreadable", f"T_REC {text!r}")


def _quality(header: fits.Header) -> int:
    word = _value(header, "QUALITY")
    if word is None:
        return NOT_GIVEN
    try:
        quality = int(word, 0) if isinstance(word, str) else int(word)
    except (TypeError, ValueError, OverflowError) as error:
        raise _Fault("QUALITY unreadable", f"QUALITY {word!r}") from error
    if not 0 <= quality < 2**32:
        raise _Fault("QUALITY unreadable", f"QUALITY {word!r}")
    return quality


def named_record(name: str) -> tuple[int, np.datetime64, str] | None:
    """Region number, T_REC (NaT if it is no time) and segment in a file's name, if it is one that JSOC gives."""
    found = _JSOC_FILE_NAME.fullmatch(name)
    if found is None:
        return None
    region, *parts, segment = found.groups()
    try:
        t_rec = np.datetime64("{}-{}-{}T{}:{}:{}".format(*parts), "s")
    except ValueError:
        t_rec = np.datetime64("NaT", "s")  # as of month 13
    return int(region), t_rec, segment


def _refuse_other_name(name: str, patch: PatchHeader) -> None:
    named = named_record(name)
    if named and named[:2] != (patch.region, patch.t_rec):
        raise _Fault("header disagrees with the file name", f"region {patch.region}, T_REC {patch.t_rec}")


def _value(header: fits.Header, keyword: str) -> Any:
    """A header value; None where absent, blank, or on a card that astropy refuses."""
    try:
        value = header.get(keyword)
    except (VerifyError, ValueError):
        return None
    return None if isinstance(value, fits.card.Undefined) else value


def _number(header: fits.Header, keyword: str) -> float:
    """A header value as float; NaN where absent or no finite number."""
    value = _value(header, keyword)
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else math.nan
