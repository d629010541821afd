"""Vector field of simulated records: the maps that their keywords were made from, with a core, in files as JSOC's."""

import io

import numpy as np
import pytest
from astropy.io import fits

from flaredag.fits_files import PatchImage, named_record, read_image
from flaredag.segment_files import SegmentFile, fault_of_segment
from flaredag.simulated_cores import core_field
from flaredag.simulated_headers import t_rec_text
from flaredag.simulated_patches import refined
from flaredag.simulated_records import FAULTS, MISSING, NO_FILES, observed, region_records
from flaredag.simulated_regions import solar_region
from flaredag.simulated_vector_files import vector_files
from flaredag.vector_keywords import vector_keywords
from flaredag.vector_segments import FIELD_MAPS, MAPS

SEED, K = 5, 3
# A rounded field changes sums of both signs by more than themselves.
UNSIGNED = ("usflux", "meangam", "meangbt", "meangbz", "totusjz", "totusjh", "totpot", "meanshr", "cmask", "totbsq")
SETTINGS = {"seed": SEED, "bad_record_fraction": 0.3, "gaps_per_region": 1.0}


@pytest.fixture(scope="module")
def region():
    return solar_region(K, SEED)


@pytest.fixture(scope="module")
def records(region):
    """Records of the region, with gaps and faults of all kinds, indexed by T_REC."""
    return region_records(region, "sharp", **SETTINGS).table.set_index("T_REC")


@pytest.fixture(scope="module")
def files(region):
    return vector_files(region, region.times, **SETTINGS)


def test_each_record_with_files_has_all_segments_of_jsocs_names(region, records, files):
    patch, observations = observed(region, "sharp", **SETTINGS)
    without = {observation.time for observation in observations if observation.fault == NO_FILES}
    assert without
    named = {named_record(name) for name in files}
    there = {time for time in patch.times if time not in without}
    assert named == {(region.numbers["sharp"], time, segment) for time in there for segment in MAPS}
    assert {t_rec_text(time) for time in there} < set(records.index)
    series = {name.split(f".{region.numbers['sharp']}.")[0] for name in files}
    assert series == {"hmi.sharp_cea_720s"}


def test_maps_less_the_core_are_those_that_the_keywords_of_the_records_were_made_from(region, records, files):
    """Whatever the fault of the record, to 0.01 G; and without it the keywords of the files are those of the table."""
    _, observations = observed(region, "sharp", **SETTINGS)
    faults = set()
    for observation in list(observations)[::3]:
        names = {named_record(name)[2]: name for name in files if named_record(name)[1] == observation.time}
        maps = {}
        for segment, name in names.items():
            found = read_image(files[name], source="index", place=name, in_gauss=segment in FIELD_MAPS)
            assert isinstance(found, PatchImage), found
            assert found.remarks == ()
            assert found.header.cdelt_deg == 0.06
            core = 0.0
            if segment in ("Bp", "Bt"):
                west, north = core_field(region, observation.time, SEED)
                core = refined({"Bp": west, "Bt": -north}[segment][None], 2)[0]
                assert np.nanmax(np.abs(core)) > 10.0
            # Half a step, and what float32 tells of 1500 G.
            np.testing.assert_allclose(found.image, observation.vector[segment] + core, rtol=1.2e-7, atol=0.005)
            maps[segment] = found.image - core
        if maps:
            faults.add(observation.fault)
            expected = vector_keywords(maps, pixel_degrees=0.06)
            row = records.loc[t_rec_text(observation.time)]
            for keyword in UNSIGNED:
                told = row[keyword.upper()]
                value = np.nan if told == MISSING else float(told)
                assert expected[keyword] == pytest.approx(value, rel=2e-4, abs=1e-3, nan_ok=True), keyword
    assert faults == {"", *FAULTS} - {NO_FILES}


def test_headers_tell_record_and_pixels(region, records, files):
    for name, content in list(files.items())[::40]:
        number, time, segment = named_record(name)
        file = SegmentFile("hmi.sharp_cea_720s", "HARPNUM", number, t_rec_text(time), segment)
        assert fault_of_segment(content, file) is None
        with fits.open(io.BytesIO(content)) as hdus:
            hdus.verify("exception")
            header, image = hdus[-1].header, hdus[-1].data
            assert header["CDELT1"] == header["CDELT2"] == 0.06
            assert header["BUNIT"] == ("Mx/cm^2" if segment in FIELD_MAPS else "")
            assert (header["CRPIX1"], header["CRPIX2"]) == ((image.shape[1] + 1) / 2, (image.shape[0] + 1) / 2)
            assert (header["DATAMIN"], header["DATAMAX"]) == pytest.approx(
                (np.nanmin(image), np.nanmax(image)), abs=0.01
            )
            assert header["MISSVALS"] == np.isnan(image).sum()
            row = records.loc[t_rec_text(time)]
            assert header["USFLUX"] == pytest.approx(float(row["USFLUX"]), rel=1e-6)
            assert int(row["QUALITY"], 16) == header["QUALITY"]
            bits = {"bitmap": "BITPIX  =                   16", "conf_disambig": "ZBITPIX =                   16"}
            assert bits.get(segment, "ZBITPIX =                   32").encode() in content
            assert isinstance(hdus[-1], fits.PrimaryHDU if segment == "bitmap" else fits.CompImageHDU)


def test_files_of_some_records_are_those_of_all(region, files):
    times = region.times[[4, 30]]
    some = vector_files(region, times, **SETTINGS)
    assert some == {name: content for name, content in files.items() if named_record(name)[1] in times}
    assert len(some) == 10


def test_of_times_without_record_there_are_no_files(region):
    between = region.times[:1] + np.timedelta64(1, "h")
    assert vector_files(region, between, **SETTINGS) == {}
    assert vector_files(region, region.times[:0], **SETTINGS) == {}
