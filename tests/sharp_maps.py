"""Real maps of active-region patches, read for tests: pixels and header of a FITS file of JSOC."""

import warnings
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning


def read_map(path: Path) -> tuple[np.ndarray, fits.Header]:
    """Pixels (y, x) and header; cards such as `R_VALUE = nan`, which the standard forbids, are mended."""
    with warnings.catch_warnings(), fits.open(path) as hdus:
        warnings.simplefilter("ignore", AstropyWarning)
        hdu = hdus[len(hdus) - 1]
        hdu.verify("silentfix")
        return np.array(hdu.data), hdu.header.copy()


def read_segments(folder: Path) -> tuple[dict[str, np.ndarray], fits.Header]:
    """Segments by name of the one record that a folder holds, and the header of its Br."""
    segments, headers = {}, {}
    for path in sorted(folder.glob("*.fits")):
        name = path.name.split(".")[-2]
        segments[name], headers[name] = read_map(path)
    return segments, headers["Br"]


def bitmap_beside(magnetogram: Path) -> Path | None:
    """Bitmap of the same record, if there is one."""
    stem = magnetogram.name.removesuffix("magnetogram.fits")
    return next((path for path in sorted(magnetogram.parent.glob(f"{stem}bitmap.fits*"))), None)


def cosine_of_centre_angle(header: fits.Header, shape: tuple[int, int]) -> np.ndarray:
    """Cosine of the angle between each pixel of a CEA map (y, x), the Sun's centre and the observer."""
    y, x = np.indices(shape)
    east_west = np.radians((x + 1 - header["CRPIX1"]) * header["CDELT1"])
    sine = np.radians((y + 1 - header["CRPIX2"]) * header["CDELT2"])
    cosine = np.sqrt(1 - sine**2)
    centre = np.radians(header["CRVAL2"])
    latitude = np.arcsin(np.cos(centre) * sine + np.sin(centre) * cosine * np.cos(east_west))
    across, along = cosine * np.sin(east_west), np.cos(centre) * cosine * np.cos(east_west) - np.sin(centre) * sine
    longitude = np.radians(header["CRVAL1"] - header["CRLN_OBS"]) + np.arctan2(across, along)
    observer = np.radians(header["CRLT_OBS"])
    return np.sin(latitude) * np.sin(observer) + np.cos(latitude) * np.cos(observer) * np.cos(longitude)
