"""FITS files written card by card: read back by astropy; the layout of JSOC's own."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from flaredag.artifacts import read_json
from flaredag.simulated_files import BLANK, BLOCK_BYTES, Card, SegmentFolder, bitmap_file, cut_images, fits_file

CARDS = [Card("T_REC", "%s"), Card("HARPNUM", "%d", "number", 20), Card("USFLUXL", "%.6E"), Card("R_VALUE", "%.3f")]
VALUES = {"T_REC": "2011.02.15_00:00:00_TAI", "HARPNUM": 377, "USFLUXL": 1.5e22, "R_VALUE": None, "ELSE": 1}


def images(n_images: int = 3) -> np.ndarray:
    rng = np.random.default_rng(0)
    made = rng.normal(0.0, 3000.0, (n_images, 7, 40)).astype(np.int32)
    made[:, :2, :5] = BLANK
    made[0, 4] = 0
    return made


def test_images_and_cards_come_back_and_nothing_is_to_be_mended() -> None:
    made = images()
    for image, compressed in zip(made, cut_images(made), strict=True):
        content = fits_file(compressed, cards=CARDS, values=VALUES, step_gauss=0.1)
        assert len(content) % BLOCK_BYTES == 0
        with fits.open(io.BytesIO(content)) as hdus:
            hdus.verify("exception")
            expected = np.where(image == BLANK, np.nan, image * 0.1)
            np.testing.assert_allclose(hdus[1].data, expected, rtol=1e-12)
            assert (hdus[1].header["T_REC"], hdus[1].header["HARPNUM"]) == ("2011.02.15_00:00:00_TAI", 377)
            assert hdus[1].header["USFLUXL"] == 1.5e22
            # As JSOC writes a value that is none.
            assert hdus[1].header["R_VALUE"].strip() == "nan"
            assert "ELSE" not in hdus[1].header
        with fits.open(io.BytesIO(content), disable_image_compression=True) as hdus:
            hdus.verify("exception")


def test_cutting_a_stack_gives_what_astropy_gives_for_one_image() -> None:
    made = images(2)
    both, alone = cut_images(made), cut_images(made[1:])
    assert both[1].heap == alone[0].heap
    assert both[1].lengths.tolist() == alone[0].lengths.tolist()


def test_structure_is_that_of_a_real_file(mirror: Path) -> None:
    real = mirror / "fits_sharp_377_series/hmi.sharp_cea_720s.377.20110215_020000_TAI.magnetogram.fits"
    ours = fits_file(cut_images(images(1))[0], cards=CARDS, values=VALUES, step_gauss=0.1)
    assert ours[:BLOCK_BYTES] == real.read_bytes()[:BLOCK_BYTES]
    same_structure(ours, real.read_bytes())


def cards_of(content: bytes, start: int, n: int) -> list[str]:
    """The first cards of a header, but one that JSOC had not yet when it made the files of the vector field."""
    cards = [content[start + 80 * i : start + 80 * (i + 1)].decode() for i in range(n)]
    return [card for card in cards if not card.startswith("ZSIMPLE")]


def same_structure(ours: bytes, real: bytes) -> None:
    """The cards of the table are those of a real file, but for sizes."""
    varying = ("NAXIS2", "PCOUNT", "TFORM1", "ZNAXIS1", "ZNAXIS2", "ZTILE1")
    for own, theirs in zip(*(cards_of(content, BLOCK_BYTES, 23)[:22] for content in (ours, real)), strict=True):
        assert own[:8] == theirs[:8]
        if own[:8].strip() not in varying:
            assert own == theirs


def test_whole_numbers_of_16_bits_are_kept_without_a_scale(mirror: Path) -> None:
    marks = np.array([[[90, 50, 60, 90]] * 3] * 2, dtype=np.int16)
    first, second = (fits_file(cut, cards=CARDS, values=VALUES) for cut in cut_images(marks))
    assert first == second
    with fits.open(io.BytesIO(first)) as hdus:
        hdus.verify("exception")
        np.testing.assert_array_equal(hdus[1].data, marks[0])
        assert "BSCALE" not in hdus[1].header
    real = mirror / "fits_sharp_377/hmi.sharp_cea_720s.377.20110215_020000_TAI.conf_disambig.fits"
    same_structure(first, real.read_bytes())


def test_a_bitmap_is_an_image_of_the_first_hdu(mirror: Path) -> None:
    bitmap = np.array([[0, 1, 2, 33], [34, 33, 1, 0], [2, 2, 34, 34]], dtype=np.int16)
    content = bitmap_file(bitmap, cards=CARDS, values=VALUES)
    assert len(content) % BLOCK_BYTES == 0
    with fits.open(io.BytesIO(content)) as hdus:
        hdus.verify("exception")
        assert len(hdus) == 1
        np.testing.assert_array_equal(hdus[0].data, bitmap)
        assert (hdus[0].header["BLANK"], hdus[0].header["HARPNUM"]) == (-32768, 377)
    real = mirror / "fits_sharp_377/hmi.sharp_cea_720s.377.20110215_020000_TAI.bitmap.fits"
    sizes = ("NAXIS1", "NAXIS2")
    for own, theirs in zip(*(cards_of(one, 0, 8) for one in (content, real.read_bytes())), strict=True):
        assert own == theirs or (own[:8].strip() in sizes and own[:8] == theirs[:8])


def test_a_folder_holds_what_its_index_lists(tmp_path: Path) -> None:
    stray = tmp_path / "sharp-0/stray.fits"
    stray.parent.mkdir()
    stray.write_bytes(b"left by a killed job")
    folder = SegmentFolder(tmp_path / "sharp-0.json")
    folder.add({"b": b"22", "a": b"1"})
    assert not folder.index.exists()
    folder.add({"0": b""})
    folder.finish()
    listed = read_json(tmp_path / "sharp-0.json")["files"]
    assert [(file["name"], file["bytes"]) for file in listed] == [("0", 0), ("a", 1), ("b", 2)]
    assert sorted(path.name for path in stray.parent.iterdir()) == ["0", "a", "b"]


@pytest.mark.parametrize(
    ("card", "value", "text"),
    [
        (Card("CRPIX1", "%.6f"), 372.5, "CRPIX1  = 372.500000"),
        (Card("USFLUX", "%.6E"), 2.639277e22, "USFLUX  = 2.639277E+22"),
        (Card("TELESCOP", "%s", "Observatory", 20), "SOHO", "TELESCOP= 'SOHO    '           / Observatory"),
        (Card("QUALITY", "%d", "0", 20), 512, "QUALITY =                  512 / 0"),
        (Card("R_VALUE", "%.3f", "", 20), None, "R_VALUE ="),
    ],
)
def test_cards_are_written_as_jsoc_writes_them(card: Card, value: object, text: str) -> None:
    assert card.image(value) == text.ljust(80)
