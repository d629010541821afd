"""What HMI and MDI see of a simulated region: line-of-sight magnetograms of its patch, bitmaps, edges.

The field is that of `flaredag.bipoles` on pixels of 0.12 degrees; fine structure, network and noise come on top, at
0.03 degrees for HMI. Both instruments look at the same structure; MDI smears it and counts it by another scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.interpolate import CubicSpline

from flaredag.bipoles import PatchField, patch_field, patch_grid
from flaredag.simulated_observer import DiskCentre, disk_centre, line_of_sight
from flaredag.simulated_regions import random_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from flaredag.simulated_regions import SolarRegion

COARSE_PIXEL_DEG = 0.12
FINE_PIXELS_A_COARSE_PIXEL = 4
STRUCTURE_DAYS = 1.5  # life of the fine structure
STRUCTURE_SIGMA_PIXELS = 2.5  # fine pixels: 0.9 Mm
STRUCTURE_CONTRAST = 0.35
NETWORK_GAUSS = 9.0
MARGIN_PIXELS = 3  # coarse pixels: the structure must reach round the larger of two patches of a region
ACTIVE_GAUSS = 100.0
PATCH_GAUSS = 14.0
PATCH_BLUR_PIXELS = 7
RECORDS_AT_ONCE = 24


@dataclass(frozen=True)
class Camera:
    """How an instrument sees the field: pixels, blur (coarse pixels), scale, saturation (G), noise (G).

    Noise is that at disk centre; it grows by `limb_noise` of itself to the limb and is correlated over
    `noise_sigma_pixels`; in `noisier_fraction` of the records it is doubled (of MDI some were averaged over five
    minutes, others not). The scale differs by `scale_scatter` from record to record, the blur by `blur_scatter`. Values
    are stored as multiples of `step_gauss`. The patch reaches `margin_pixels` (coarse) round the region. `bitmap`:
    quiet and active pixels outside, quiet and active pixels in the patch.
    """

    instrument: str
    pixels_a_coarse_pixel: int
    blur_pixels: float
    blur_scatter: float
    scale: float
    scale_scatter: float
    saturation_gauss: float
    noise_gauss: float
    limb_noise: float
    noisier_fraction: float
    noise_sigma_pixels: float
    step_gauss: float
    margin_pixels: int
    bitmap: tuple[int, int, int, int]

    @property
    def pixel_deg(self) -> float:
        """Size of a pixel of its patches, degrees."""
        return COARSE_PIXEL_DEG / self.pixels_a_coarse_pixel


CAMERAS = {
    "sharp": Camera(
        instrument="sharp", pixels_a_coarse_pixel=FINE_PIXELS_A_COARSE_PIXEL, blur_pixels=0.0, blur_scatter=0.0,
        scale=1.0, scale_scatter=0.01, saturation_gauss=3000.0, noise_gauss=6.5, limb_noise=0.6, noisier_fraction=0.0,
        noise_sigma_pixels=1.2, step_gauss=0.1, margin_pixels=0, bitmap=(1, 2, 33, 34),
    ),
    "smarp": Camera(
        instrument="smarp", pixels_a_coarse_pixel=1, blur_pixels=0.7, blur_scatter=0.35,
        scale=1.22, scale_scatter=0.1, saturation_gauss=2600.0, noise_gauss=11.0, limb_noise=0.6, noisier_fraction=0.4,
        noise_sigma_pixels=0.45, step_gauss=0.01, margin_pixels=1, bitmap=(5, 10, 37, 42),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class PatchView:
    """A batch of records of a patch, arrays (record, ...).

    `steps` (record, y, x) are the magnetograms in whole multiples of the camera's `step_gauss`, `off_disk` where they
    show no Sun; `bitmap` as JSOC marks pixels, 0 off the disk; `edges_deg` (record, 4) are LON_MIN, LON_MAX, LAT_MIN,
    LAT_MAX of the patch in it. `field` and `mu` are those of the coarse pixels, the field without structure, noise and
    blur; `structure` is that of the fine pixels.
    """

    positions: NDArray[np.int64]
    steps: NDArray[np.int32]
    off_disk: NDArray[np.bool_]
    bitmap: NDArray[np.uint8]
    edges_deg: NDArray[np.float64]
    field: PatchField
    structure: NDArray[np.float32]
    mu: NDArray[np.float32]


class SimulatedPatch:
    """The patch of one region as one instrument sees it, at `times` (TAI)."""

    def __init__(self, region: SolarRegion, camera: Camera, times: NDArray[np.datetime64], seed: int) -> None:
        self.region, self.camera, self.times = region, camera, times
        margin = camera.margin_pixels * COARSE_PIXEL_DEG
        self.x_deg, self.y_deg = patch_grid(
            region.half_width_deg + margin, region.half_height_deg + margin, COARSE_PIXEL_DEG
        )
        self.centre: DiskCentre = disk_centre(times)
        self.longitude_deg = region.longitude_deg(times)
        self._structure = _structure(region, seed, len(self.y_deg), len(self.x_deg))
        self._random = random_of("patch", seed, region.k, sorted(CAMERAS).index(camera.instrument))
        self._noise = self._noise_sheet()

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of its images, pixels."""
        n = self.camera.pixels_a_coarse_pixel
        return len(self.y_deg) * n, len(self.x_deg) * n

    def views(self) -> Iterator[PatchView]:
        """All records, in batches of at most `RECORDS_AT_ONCE`."""
        for first in range(0, len(self.times), RECORDS_AT_ONCE):
            yield self._view(np.arange(first, min(first + RECORDS_AT_ONCE, len(self.times))))

    def _view(self, positions: NDArray[np.int64]) -> PatchView:
        camera, region = self.camera, self.region
        n = camera.pixels_a_coarse_pixel
        days = region.days(self.times[positions])
        field = patch_field(region.bipoles, region.age_days + days, self.x_deg, self.y_deg)
        latitude = region.latitude_deg + self.y_deg[None, :, None]
        longitude = self.longitude_deg[positions][:, None, None] + (self.x_deg / np.cos(np.radians(latitude)))
        mu, west, north = line_of_sight(
            longitude, latitude, disk_centre_latitude_deg=self.centre.latitude_deg[positions][:, None, None]
        )
        smooth = (field.radial * mu + field.west * west + field.north * north).astype(np.float32, copy=False)
        structure = self._mixed_structure(days)
        coarser = FINE_PIXELS_A_COARSE_PIXEL // n
        seen = refined(smooth, n) * (1 + STRUCTURE_CONTRAST * cell_means(structure, coarser))
        network = cell_means(structure * np.abs(structure), coarser)
        seen += NETWORK_GAUSS * network * np.repeat(np.repeat(mu, n, 1), n, 2)
        if camera.blur_pixels:
            for image in seen:
                sigma = camera.blur_pixels * (1 + camera.blur_scatter * self._random.normal())
                ndimage.gaussian_filter(image, max(sigma, 0.0), output=image)
        scale = camera.scale * (1 + camera.scale_scatter * self._random.standard_normal(len(positions)))
        seen *= scale.astype(np.float32)[:, None, None]
        seen /= np.sqrt(1 + np.square(seen / camera.saturation_gauss))
        seen += self._noise_of(mu.mean((1, 2)))
        off_disk = refined(mu, n) <= 0
        steps = np.rint(seen / camera.step_gauss).astype(np.int32)
        in_patch = self._in_patch(smooth, days) & (mu > 0)
        return PatchView(
            positions=positions,
            steps=steps,
            off_disk=off_disk,
            bitmap=self._bitmap(
                np.repeat(np.repeat(in_patch, n, 1), n, 2), np.abs(steps) > ACTIVE_GAUSS / camera.step_gauss, off_disk
            ),
            edges_deg=_edges(in_patch, longitude, np.broadcast_to(latitude, in_patch.shape)),
            field=field,
            structure=structure,
            mu=mu,
        )

    def _in_patch(self, smooth: NDArray[np.float32], days: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Coarse pixels of the patch: near field that stands out, and the middle of the patch in any case."""
        near = ndimage.uniform_filter(np.abs(smooth), (0, PATCH_BLUR_PIXELS, PATCH_BLUR_PIXELS)) > PATCH_GAUSS
        middle = (self.x_deg[None, :] / self.x_deg[-1]) ** 2 + (self.y_deg[:, None] / self.y_deg[-1]) ** 2
        # Slow wobble of the box from record to record, as masks of noisy images have it.
        wobble = 0.16 * (1 + 0.15 * np.sin(2 * np.pi * days))
        return near | (middle[None] < wobble[:, None, None])

    def _bitmap(
        self, in_patch: NDArray[np.bool_], active: NDArray[np.bool_], off_disk: NDArray[np.bool_]
    ) -> NDArray[np.uint8]:
        bitmap = np.array(self.camera.bitmap, dtype=np.uint8)[2 * in_patch.astype(np.uint8) + active]
        bitmap[off_disk] = 0
        return bitmap

    def _mixed_structure(self, days: NDArray[np.float64]) -> NDArray[np.float32]:
        """Fine structure at some days, (record, y, x) in fine pixels: unit variance, changing over `STRUCTURE_DAYS`."""
        place = days / STRUCTURE_DAYS
        first = np.floor(place).astype(int)
        angle = (0.5 * np.pi * (place - first)).astype(np.float32)[:, None, None]
        return np.cos(angle) * self._structure[first] + np.sin(angle) * self._structure[first + 1]

    def _noise_sheet(self) -> NDArray[np.float32]:
        height, width = self.shape
        sheet = self._random.standard_normal((2 * height + 64, 2 * width + 64), dtype=np.float32)
        sheet = ndimage.gaussian_filter(sheet, self.camera.noise_sigma_pixels)
        return sheet / sheet.std()

    def _noise_of(self, mu: NDArray[np.float32]) -> NDArray[np.float32]:
        """Noise of some records, gauss: each cuts its own piece out of a larger sheet."""
        height, width = self.shape
        sigma = self.camera.noise_gauss * (1 + self.camera.limb_noise * (1 - np.clip(mu, 0, 1)) ** 2)
        sigma *= 1 + (self._random.random(len(mu)) < self.camera.noisier_fraction)
        noise = np.empty((len(mu), height, width), dtype=np.float32)
        for image, scale in zip(noise, sigma, strict=True):
            y, x = (int(self._random.integers(0, n + 64)) for n in (height, width))
            image[:] = self._noise[y : y + height, x : x + width] * np.float32(scale)
        return noise


def _structure(region: SolarRegion, seed: int, n_y: int, n_x: int) -> NDArray[np.float32]:
    """Fine structure of a region, (state, y, x), of unit variance, cut to patches of `n_y` x `n_x` coarse pixels."""
    x_deg, y_deg = patch_grid(region.half_width_deg, region.half_height_deg, COARSE_PIXEL_DEG)
    n = FINE_PIXELS_A_COARSE_PIXEL
    shape = n * (len(y_deg) + 2 * MARGIN_PIXELS), n * (len(x_deg) + 2 * MARGIN_PIXELS)
    days = region.days(region.times[-1])
    random = random_of("structure", seed, region.k)
    states = random.standard_normal((int(days / STRUCTURE_DAYS) + 2, *shape), dtype=np.float32)
    sigma = (0, STRUCTURE_SIGMA_PIXELS, STRUCTURE_SIGMA_PIXELS)
    states = ndimage.gaussian_filter(states, sigma, mode="wrap")
    states /= states.std((1, 2), keepdims=True)
    y, x = ((whole - n * own) // 2 for whole, own in zip(shape, (n_y, n_x), strict=True))
    return states[:, y : y + n * n_y, x : x + n * n_x]


def refined(images: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Images (record, y, x) on pixels `n` times as fine, by cubic splines: centres of cells stay where they are."""
    if n == 1:
        return images
    n_records, height, width = images.shape
    rows, columns = (_spline_matrix(size, n) for size in (height, width))
    wide = images.reshape(-1, width) @ np.ascontiguousarray(columns.T)
    return np.matmul(rows, wide.reshape(n_records, height, -1))


def _spline_matrix(size: int, n: int) -> NDArray[np.float32]:
    fine = (np.arange(size * n) + 0.5) / n - 0.5
    return np.ascontiguousarray(CubicSpline(np.arange(size), np.eye(size))(fine), dtype=np.float32)


def cell_means(images: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Means of cells of `n` x `n` pixels of images (record, y, x)."""
    if n == 1:
        return images
    n_records, height, width = images.shape
    return images.reshape(n_records, height // n, n, width // n, n).mean((2, 4))


def _edges(in_patch: NDArray[np.bool_], longitude: NDArray, latitude: NDArray) -> NDArray[np.float64]:
    """LON_MIN, LON_MAX, LAT_MIN, LAT_MAX of the pixels of the patch, (record, 4); NaN where it has none."""
    ends = []
    for angle in (longitude, latitude):
        for reduce, fill in ((np.min, np.inf), (np.max, -np.inf)):
            ends.append(reduce(np.where(in_patch, angle, fill), axis=(1, 2)))
    edges = np.stack(ends, axis=1).astype(np.float64)
    return np.where(np.isfinite(edges), edges, np.nan)
