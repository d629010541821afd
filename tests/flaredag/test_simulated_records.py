"""Records of simulated patches: keywords of the very pixels, faults as many as asked for, the form of JSOC."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits

from flaredag.jsoc import REGION_KEYWORD
from flaredag.keyword_ranges import KEYWORDS as RANGES
from flaredag.keywords import line_of_sight_keywords
from flaredag.simulated_headers import file_name
from flaredag.simulated_patches import CAMERAS, SimulatedPatch
from flaredag.simulated_records import FAULTS, KEYWORDS, MISSING, RegionRecords, columns_of, region_records
from flaredag.simulated_regions import solar_region

SEED = 5


def made(instrument: str, k: int = 3, *, bad: float = 0.0, gaps: float = 0.0) -> RegionRecords:
    return region_records(solar_region(k, SEED), instrument, seed=SEED, bad_record_fraction=bad, gaps_per_region=gaps)


@pytest.fixture(scope="module")
def records() -> dict[str, RegionRecords]:
    return {instrument: made(instrument) for instrument in ("sharp", "smarp")}


def image_of(content: bytes) -> tuple[np.ndarray, fits.Header]:
    with fits.open(io.BytesIO(content)) as hdus:
        return np.asarray(hdus[1].data), hdus[1].header.copy()


@pytest.mark.parametrize("instrument", ["sharp", "smarp"])
def test_records_have_the_form_of_jsoc(records: dict[str, RegionRecords], instrument: str) -> None:
    region, table = solar_region(3, SEED), records[instrument].table
    assert list(table) == columns_of(instrument)
    assert len(table) == region.n_records
    assert set(table[REGION_KEYWORD[instrument]]) == {str(region.numbers[instrument])}
    assert table["T_REC"].str.fullmatch(r"\d{4}\.\d\d\.\d\d_\d\d:\d\d:\d\d_TAI").all()
    assert table["QUALITY"].str.fullmatch(r"0x[0-9a-f]{8}").all()
    assert set(table["NOAA_NUM"]) == {str(len(region.noaa_ars))}
    names = [file_name(instrument, region.numbers[instrument], time) for time in region.times]
    assert sorted(records[instrument].files) == names


@pytest.mark.parametrize("instrument", ["sharp", "smarp"])
def test_keywords_are_those_of_the_pixels_in_the_file(records: dict[str, RegionRecords], instrument: str) -> None:
    one, region, camera = records[instrument], solar_region(3, SEED), CAMERAS[instrument]
    views = SimulatedPatch(region, camera, region.times, SEED).views()
    bitmaps = np.concatenate([view.bitmap for view in views])
    for i, name in list(enumerate(sorted(one.files)))[::20]:
        image, header = image_of(one.files[name])
        row = one.table.iloc[i]
        expected = line_of_sight_keywords(image, bitmaps[i], instrument=instrument, pixel_degrees=camera.pixel_deg)
        for keyword, value in expected.items():
            told = float(row[keyword.upper()])
            assert told == pytest.approx(value, rel=1e-6, abs=6e-4), keyword
            if keyword.upper() in header:
                assert header[keyword.upper()] == pytest.approx(told, rel=1e-6, abs=6e-4), keyword
        assert header["NPIX"] == expected["cmaskl"]
        assert (header["DATAMIN"], header["DATAMAX"]) == pytest.approx((image.min(), image.max()), abs=1e-4)
        assert float(row["LON_MIN"]) == pytest.approx(header["LON_MIN"], abs=1e-4)


@pytest.mark.parametrize("instrument", ["sharp", "smarp"])
def test_keywords_are_in_their_physical_range(records: dict[str, RegionRecords], instrument: str) -> None:
    for name in KEYWORDS[instrument]:
        values = pd.to_numeric(records[instrument].table[name.upper()], errors="coerce").dropna().to_numpy()
        assert len(values)
        assert RANGES[name].allows(values).mean() > 0.98, name


def test_faults_are_as_many_as_asked_for_and_of_all_kinds() -> None:
    whole, faulty = made("smarp"), made("smarp", bad=0.5)
    n_records = len(whole.table)
    assert len(faulty.table) == n_records
    n_missing = int((faulty.table == MISSING).any(axis=1).sum())
    n_refused = int((faulty.table["QUALITY"].map(lambda text: int(text, 16)) >= 0x40000).sum())
    n_without_file = n_records - len(faulty.files)
    shape = image_of(whole.files[min(whole.files)])[0].shape
    images = [image_of(content)[0] for content in faulty.files.values()]
    n_holed = sum(np.isnan(image).any() for image in images)
    n_cut = sum(image.shape != shape for image in images)
    for found in (n_missing, n_refused, n_without_file, n_holed, n_cut):
        assert 0.3 < found / (0.5 * n_records / len(FAULTS)) < 2.2
    for image in images:
        assert all(0 <= whole - own <= 5 for whole, own in zip(shape, image.shape, strict=True))


def test_gaps_take_records_and_their_files_away() -> None:
    whole, gappy = made("smarp"), made("smarp", gaps=3.0)
    lost = set(whole.table["T_REC"]) - set(gappy.table["T_REC"])
    assert 0 < len(lost) < len(whole.table)
    assert len(gappy.files) == len(gappy.table)
    assert set(gappy.files) < set(whole.files)


def test_pixels_beyond_the_limb_have_no_value() -> None:
    k = next(k for k in range(100) if solar_region(k, SEED).first_longitude_deg == -88.0)
    one = made("smarp", k)
    image, header = image_of(one.files[min(one.files)])
    assert header["MISSVALS"] == np.isnan(image).sum() > 0
    assert header["LON_MIN"] > -97
    # A record of a patch wholly beyond the limb would have neither edges nor flux: there is none.
    assert (one.table["LON_MIN"] != MISSING).all()
    assert (one.table["USFLUXL"].astype(float) > 0).all()


def test_same_seed_same_bytes() -> None:
    assert made("smarp", bad=0.1, gaps=1.0).files == made("smarp", bad=0.1, gaps=1.0).files


def test_vector_keywords_follow_the_twist_of_the_field(records: dict[str, RegionRecords]) -> None:
    table = records["sharp"].table
    free, flux = (pd.to_numeric(table[name], errors="coerce") for name in ("TOTPOT", "USFLUX"))
    assert np.corrcoef(free, flux)[0, 1] > 0.5
    assert pd.to_numeric(table["MEANSHR"], errors="coerce").dropna().between(15, 80).all()
