"""FITS files of simulated patches, laid out as JSOC exports its own: Rice-compressed image and header in HDU 1.

astropy compresses all images of one shape at once, and its rows are then dealt out to the files; the headers are
written card by card. astropy's own writing of single files would take ten times as long.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io import fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


def cut_images(images: NDArray[np.int32]) -> list[tuple[NDArray[np.int64], bytes]]:
    """Each image of (image, y, x) Rice-compressed row by row: lengths of its rows (bytes), and their bytes."""
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
        cut.append((lengths[rows], b"".join(heap[starts[row] : starts[row] + lengths[row]] for row in rows)))
    return cut


def fits_file(
    compressed: tuple[NDArray[np.int64], bytes],
    *,
    width: int,
    cards: Iterable[Card],
    values: Mapping[str, Any],
    step_gauss: float,
) -> bytes:
    """A file of one image of `cut_images`, its header with `cards` for those keywords that `values` has."""
    lengths, heap = compressed
    height = len(lengths)
    descriptors = np.stack([lengths, np.cumsum(lengths) - lengths], axis=1).astype(">i4").tobytes()
    structure = {
        "XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": 8, "NAXIS2": height, "PCOUNT": len(heap),
        "GCOUNT": 1, "TFIELDS": 1, "TTYPE1": "COMPRESSED_DATA", "TFORM1": f"1PB({lengths.max()})", "ZIMAGE": "T",
        "ZSIMPLE": "T", "ZBITPIX": 32, "ZNAXIS": 2, "ZNAXIS1": width, "ZNAXIS2": height, "ZTILE1": width, "ZTILE2": 1,
        "ZCMPTYPE": "RICE_1", "ZNAME1": "BLOCKSIZE", "ZVAL1": 32, "ZNAME2": "BYTEPIX", "ZVAL2": 4,
    }  # fmt: skip
    images = [_structure_card(name, structure[name], comment) for name, comment in _STRUCTURE]
    images += [card.image(values[card.keyword]) for card in cards if card.keyword in values]
    images += [
        _structure_card("BLANK", BLANK, ""), _structure_card("BZERO", "0.", ""),
        _structure_card("BSCALE", f"{step_gauss:g}", ""),
    ]  # fmt: skip
    return _primary_hdu() + _header(images) + _block(descriptors + heap, b"\0")


def _structure_card(keyword: str, value: int | str, comment: str) -> str:
    is_text = isinstance(value, str) and value not in ("T", "F") and not value.replace(".", "").isdecimal()
    text = f"'{value:<8}'".ljust(20) if is_text else f"{value:>20}"
    return (f"{keyword:<8}= {text}" + (f" / {comment}" if comment else "")).ljust(CARD)


def _primary_hdu() -> bytes:
    cards = [
        _structure_card("SIMPLE", "T", "file does conform to FITS standard"),
        _structure_card("BITPIX", 16, "number of bits per data pixel"),
        _structure_card("NAXIS", 0, "number of data axes"),
        _structure_card("EXTEND", "T", "FITS dataset may contain extensions"),
        "COMMENT   FITS (Flexible Image Transport System) format is defined in 'Astronomy",
        "COMMENT   and Astrophysics', volume 376, page 359; bibcode: 2001A&A...376..359H ",
    ]
    return _header(cards)


def _header(cards: list[str]) -> bytes:
    return _block(("".join(cards) + "END".ljust(CARD)).encode("ascii"), b" ")


def _block(content: bytes, fill: bytes) -> bytes:
    return content + fill * (-len(content) % BLOCK_BYTES)
