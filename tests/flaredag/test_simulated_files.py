"""FITS files written card by card: read back by astropy; the layout of JSOC's own."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from flaredag.simulated_files import BLANK, BLOCK_BYTES, Card, cut_images, fits_file

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
        content = fits_file(compressed, width=40, cards=CARDS, values=VALUES, step_gauss=0.1)
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
    assert both[1][1] == alone[0][1]
    assert both[1][0].tolist() == alone[0][0].tolist()


def test_structure_is_that_of_a_real_file(mirror: Path) -> None:
    real = mirror / "fits_sharp_377_series/hmi.sharp_cea_720s.377.20110215_020000_TAI.magnetogram.fits"
    ours = fits_file(cut_images(images(1))[0], width=40, cards=CARDS, values=VALUES, step_gauss=0.1)

    assert ours[:BLOCK_BYTES] == real.read_bytes()[:BLOCK_BYTES]

    def first_cards_of_table(content: bytes) -> list[str]:
        return [content[BLOCK_BYTES + 80 * i : BLOCK_BYTES + 80 * (i + 1)].decode() for i in range(23)]

    varying = ("NAXIS2", "PCOUNT", "TFORM1", "ZNAXIS1", "ZNAXIS2", "ZTILE1")
    for ours_card, real_card in zip(*map(first_cards_of_table, (ours, real.read_bytes())), strict=True):
        assert ours_card[:8] == real_card[:8]
        if ours_card[:8].strip() not in varying:
            assert ours_card == real_card


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
