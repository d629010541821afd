"""FITS files of patches in JSOC's form, made up, and the index of a shard that lists them."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
from astropy.io import fits

HEADER = {
    "HARPNUM": 377,
    "T_REC": "2011.02.15_02:00:00_TAI",
    "QUALITY": 0,
    "BUNIT": "Mx/cm^2",
    "CTYPE1": "CRLN-CEA",
    "CTYPE2": "CRLT-CEA",
    "CRVAL1": 34.0,
    "CRVAL2": -21.0,
    "CDELT1": 0.03,
    "CDELT2": 0.03,
    "CRLN_OBS": 21.5,
    "LON_MIN": 3.5,
    "LON_MAX": 22.25,
    "LAT_MIN": -25.0,
    "LAT_MAX": -15.5,
}


def patch_header(shape: tuple[int, int], **changes) -> fits.Header:
    """A SHARP's header; a value of None leaves the keyword out. The reference pixel is the centre."""
    centre = {"CRPIX1": (shape[1] + 1) / 2, "CRPIX2": (shape[0] + 1) / 2}
    values = HEADER | centre | changes
    return fits.Header([(key, value) for key, value in values.items() if value is not None])


def patch_fits(image, **changes) -> bytes:
    """Bytes of a FITS file: `image`, dims (y, x), gauss, in steps of 0.1 G, Rice-compressed in HDU 1; NaN is BLANK."""
    image = np.asarray(image, dtype=np.float64)
    blank = -(2**31)
    steps = np.where(np.isnan(image), blank, np.rint(np.nan_to_num(image) * 10)).astype(np.int32)
    header = patch_header(image.shape, **changes)
    hdu = fits.CompImageHDU(steps, header, compression_type="RICE_1", tile_shape=(1, image.shape[1]))
    # Set only now: astropy takes the numbers given for the physical ones.
    hdu.header["BSCALE"], hdu.header["BZERO"], hdu.header["BLANK"] = 0.1, 0.0, blank
    return fits_bytes(fits.PrimaryHDU(), hdu)


def fits_bytes(*hdus) -> bytes:
    """Bytes of a FITS file of these HDUs."""
    buffer = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(buffer)
    return buffer.getvalue()


def file_name(region: int, t_rec: str, *, series: str = "hmi.sharp_cea_720s") -> str:
    """Name of a magnetogram's file as JSOC gives it."""
    digits = t_rec.replace(".", "").replace(":", "")
    return f"{series}.{region}.{digits}.magnetogram.fits"


def write_index(index: Path, files: dict[str, bytes | Path]) -> Path:
    """Files beside `index` in the folder of its stem (a Path is linked), and `index` itself, which lists them."""
    folder = index.with_suffix("")
    folder.mkdir(parents=True)
    entries = []
    for name, content in files.items():
        if isinstance(content, Path):
            (folder / name).symlink_to(content)
        else:
            (folder / name).write_bytes(content)
        content = (folder / name).read_bytes()
        entries.append({"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    index.write_text(json.dumps({"files": sorted(entries, key=lambda entry: entry["name"])}))
    return index
