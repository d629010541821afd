"""FITS files of simulated patches, laid out as JSOC exports its own: Rice-compressed image and header in HDU 1.

Bitmaps alone are not compressed: image and header are in the first HDU.

astropy compresses all images of one shape at once, and its rows are then dealt out to the files; the headers are
written card by card. astropy's own writing of single files would take ten times as long.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io import fits

from flaredag.artifacts import write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

BLANK = -(2**31)
BLOCK_BYTES = 2880
CARD = 80
_LONGEST_STRING = 68
# Cards that astropy's table has of itself; the rest of its header is ours.
_STRUCTURE = (
    ("XTENSION", "binary table extension"),
    ("BITPIX", "8-bit bytes"),
    ("NAXIS", "2-dimensional binary table"),
    ("NAXIS1", "width of table in bytes"),
    ("NAXIS2", "number of rows in table"),
    ("PCOUNT", "size of special data area"),
    ("GCOUNT", "one data group (required keyword)"),
    ("TFIELDS", "number of fields in each row"),
    ("TTYPE1", "label for field   1"),
    ("TFORM1", "data format of field: variable length array"),
    ("ZIMAGE", "extension contains compressed image"),
    ("ZSIMPLE", "file does conform to FITS standard"),
    ("ZBITPIX", "data type of original image"),
    ("ZNAXIS", "dimension of original image"),
    ("ZNAXIS1", "length of original image axis"),
    ("ZNAXIS2", "length of original image axis"),
    ("ZTILE1", "size of tiles to be compressed"),
    ("ZTILE2", "size of tiles to be compressed"),
    ("ZCMPTYPE", "compression algorithm"),
    ("ZNAME1", "compression block size"),
    ("ZVAL1", "pixels per block"),
    ("ZNAME2", "bytes per pixel (1, 2, 4, or 8)"),
    ("ZVAL2", "bytes per pixel (1, 2, 4, or 8)"),
)


@dataclass(frozen=True)
class Card:
    """A header card: value and comment as JSOC writes them; `form` is a %-format of the value, as in DRMS.

    JSOC's SHARP exports write values from column 11 on, its SMARP exports right-justified to column 30: `width` 0, 20.
    """

    keyword: str
    form: str
    comment: str = ""
    width: int = 0

    def image(self, value: Any) -> str:
        """The card's 80 characters; no value at all where `value` is None."""
        if value is None:
            text = "" if self.width else "'nan     '"
        elif "%s" in self.form:
            quoted = "'" + (self.form % value).replace("'", "''").ljust(8 if self.width else 0) + "'"
            text = quoted.ljust(self.width)
        else:
            text = (self.form % value).rjust(self.width)
        comment = f" / {self.comment}" if self.comment else ""
        return f"{self.keyword:<8}= {text:<{self.width}}{comment}"[:CARD].ljust(CARD)


@dataclass(frozen=True)
class CutImage:
    """An image, Rice-compressed row by row: `lengths` of its rows (bytes), and their bytes, `heap`."""

    lengths: NDArray[np.int64]
    heap: bytes
    width: int
    bytes_a_pixel: int


def cut_images(images: NDArray[np.int32] | NDArray[np.int16]) -> list[CutImage]:
    """Each image of (image, y, x), compressed."""
    n_images, height, width = images.shape
    stack = fits.CompImageHDU(images.reshape(-1, width), compression_type="RICE_1", tile_shape=(1, width))
    file = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), stack]).writeto(file)
    with fits.open(io.BytesIO(file.getvalue()), disable_image_compression=True) as hdus:
        header, place = hdus[1].header, hdus[1].fileinfo()["datLoc"]
    content = memoryview(file.getvalue())[place:]
    n_table = header["NAXIS1"] * header["NAXIS2"]
    integer = np.dtype(">i4" if header["NAXIS1"] == 8 else ">i8")  # noqa: PLR2004 (P or Q descriptors)
    lengths, starts = np.frombuffer(content[:n_table], dtype=integer).reshape(-1, 2).astype(np.int64).T
    heap = content[header.get("THEAP", n_table) :]
    cut = []
    for rows in np.arange(len(lengths)).reshape(n_images, height):
        own = b"".join(heap[starts[row] : starts[row] + lengths[row]] for row in rows)
        cut.append(CutImage(lengths[rows], own, width, images.dtype.itemsize))
    return cut


def fits_file(
    image: CutImage, *, cards: Iterable[Card], values: Mapping[str, Any], step_gauss: float | None = None
) -> bytes:
    """A file of one image, its header with `cards` for those keywords that `values` has.

    `step_gauss`: what the image is in; None where its numbers are no field.
    """
    lengths, n_bytes = image.lengths, image.bytes_a_pixel
    height = len(lengths)
    descriptors = np.stack([lengths, np.cumsum(lengths) - lengths], axis=1).astype(">i4").tobytes()
    structure = {
        "XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": 8, "NAXIS2": height, "PCOUNT": len(image.heap),
        "GCOUNT": 1, "TFIELDS": 1, "TTYPE1": "COMPRESSED_DATA", "TFORM1": f"1PB({lengths.max()})", "ZIMAGE": "T",
        "ZSIMPLE": "T", "ZBITPIX": 8 * n_bytes, "ZNAXIS": 2, "ZNAXIS1": image.width, "ZNAXIS2": height,
        "ZTILE1": image.width, "ZTILE2": 1, "ZCMPTYPE": "RICE_1", "ZNAME1": "BLOCKSIZE", "ZVAL1": 32,
        "ZNAME2": "BYTEPIX", "ZVAL2": n_bytes,
    }  # fmt: skip
    images = [_structure_card(name, structure[name], comment) for name, comment in _STRUCTURE]
    images += [*_cards(cards, values), _structure_card("BLANK", -(1 << (8 * n_bytes - 1)), "")]
    if step_gauss is not None:
        images += [_structure_card("BZERO", "0.", ""), _structure_card("BSCALE", f"{step_gauss:g}", "")]
    return _first_header(()) + _header(images) + _block(descriptors + image.heap, b"\0")


def bitmap_file(bitmap: NDArray[np.int16], *, cards: Iterable[Card], values: Mapping[str, Any]) -> bytes:
    """A file of a bitmap (y, x), not compressed; header as of `fits_file`."""
    more = [*_cards(cards, values), _structure_card("BLANK", -(1 << 15), "")]
    return _first_header(bitmap.shape[::-1], more) + _block(bitmap.astype(">i2").tobytes(), b"\0")


class SegmentFolder:
    """Files of the records of one shard, in the folder of the name of its `index` (JSON), which is written last.

    What lay there is cleared: what a killed job left would not be listed in the index, yet lie there.
    """

    def __init__(self, index: str | Path) -> None:
        self.index = Path(index)
        self.folder = self.index.with_suffix("")
        self.listed: list[dict[str, Any]] = []
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def add(self, files: Mapping[str, bytes]) -> None:
        """Write files (content by name)."""
        for name, content in sorted(files.items()):
            (self.folder / name).write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            self.listed.append({"name": name, "bytes": len(content), "sha256": sha256})

    def finish(self) -> None:
        """Write the index."""
        write_json(self.index, {"files": sorted(self.listed, key=lambda file: file["name"])})


def _cards(cards: Iterable[Card], values: Mapping[str, Any]) -> list[str]:
    return [card.image(values[card.keyword]) for card in cards if card.keyword in values]


def _structure_card(keyword: str, value: int | str, comment: str) -> str:
    is_text = isinstance(value, str) and value not in ("T", "F") and not value.replace(".", "").isdecimal()
    text = f"'{value:<8}'".ljust(20) if is_text else f"{value:>20}"
    return (f"{keyword:<8}= {text}" + (f" / {comment}" if comment else "")).ljust(CARD)


def _first_header(axes: Sequence[int], more: Sequence[str] = ()) -> bytes:
    """Header of the first HDU, of an image with these axes or of none, with `more` cards."""
    cards = [
        _structure_card("SIMPLE", "T", "file does conform to FITS standard"),
        _structure_card("BITPIX", 16, "number of bits per data pixel"),
        _structure_card("NAXIS", len(axes), "number of data axes"),
        *(_structure_card(f"NAXIS{i}", size, f"length of data axis {i}") for i, size in enumerate(axes, start=1)),
        _structure_card("EXTEND", "T", "FITS dataset may contain extensions"),
        "COMMENT   FITS (Flexible Image Transport System) format is defined in 'Astronomy",
        "COMMENT   and Astrophysics', volume 376, page 359; bibcode: 2001A&A...376..359H ",
    ]
    return _header([*cards, *more])


def _header(cards: list[str]) -> bytes:
    return _block(("".join(cards) + "END".ljust(CARD)).encode("ascii"), b" ")


def _block(content: bytes, fill: bytes) -> bytes:
    return content + fill * (-len(content) % BLOCK_BYTES)
