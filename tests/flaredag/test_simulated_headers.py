"""Header cards of simulated magnetograms against those of real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from flaredag.simulated_headers import CARDS, constant_values, file_name, t_rec_text, time_values
from flaredag.simulated_patches import CAMERAS, SimulatedPatch
from flaredag.simulated_regions import solar_region

TIME = np.datetime64("2011-02-15T02:00", "s")


def test_times_and_names_are_those_of_jsoc() -> None:
    assert t_rec_text(TIME) == "2011.02.15_02:00:00_TAI"
    assert t_rec_text(TIME, "smarp") == "2011.02.15_02:00:00.000_TAI"
    assert file_name("sharp", 377, TIME) == "hmi.sharp_cea_720s.377.20110215_020000_TAI.magnetogram.fits"
    bitmap = file_name("sharp", 377, TIME, segment="bitmap")
    assert bitmap == "hmi.sharp_cea_720s.377.20110215_020000_TAI.bitmap.fits"
    assert file_name("smarp", 13520, TIME) == "mdi.smarp_cea_96m.13520.20110215_020000_TAI.magnetogram.fits"


@pytest.mark.parametrize(
    ("instrument", "real"),
    [
        ("sharp", "fits_sharp_377_series/hmi.sharp_cea_720s.377.20110215_020000_TAI.magnetogram.fits"),
        ("smarp", "fits_smarp_13520/mdi.smarp_cea_96m.13520.20100714_124800_TAI.magnetogram.fits"),
    ],
)
def test_keywords_stand_in_real_headers_with_values_of_their_kind(mirror: Path, instrument: str, real: str) -> None:
    region = solar_region(2, 1)
    patch = SimulatedPatch(region, CAMERAS[instrument], region.times[:1], 1)
    values = constant_values(patch) | time_values(patch, 0, TIME)
    with fits.open(mirror / real) as hdus:
        header = hdus[1].header
        # SHARP headers had not yet the keywords of the line-of-sight field when that file was made.
        added_later = {"USFLUXL", "MEANGBL", "CMASKL"} if instrument == "sharp" else set()
        assert {card.keyword for card in CARDS[instrument]} - added_later <= set(header)
        for keyword in ("CTYPE1", "CTYPE2", "WCSNAME", "BUNIT", "TELESCOP", "TRECUNIT", "CUNIT1", "WAVELNTH", "MASK"):
            assert values[keyword] == header[keyword], keyword
        for keyword in ("CDELT1", "DSUN_REF", "RSUN_REF", "CADENCE", "TRECSTEP"):
            assert values[keyword] == pytest.approx(header[keyword], rel=1e-6), keyword
        for keyword in ("DSUN_OBS", "RSUN_OBS"):
            assert values[keyword] == pytest.approx(header[keyword], rel=0.04), keyword
        for keyword in ("T_REC", "T_OBS", "TRECEPOC", "DATE-OBS"):
            assert len(values[keyword]) == len(header[keyword]), keyword


def test_centre_of_the_patch_is_told_in_carrington_longitude() -> None:
    region = solar_region(2, 1)
    patch = SimulatedPatch(region, CAMERAS["sharp"], region.times[:2], 1)
    values = time_values(patch, 1, TIME)
    longitude = (values["CRVAL1"] - values["CRLN_OBS"] + 180) % 360 - 180
    assert longitude == pytest.approx(region.longitude_deg(region.times[1]))
    assert values["CRVAL2"] == region.latitude_deg
