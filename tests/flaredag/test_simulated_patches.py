"""What the cameras see of a simulated region."""

from __future__ import annotations

import numpy as np
import pytest

from flaredag.simulated_patches import CAMERAS, PatchView, SimulatedPatch, cell_means, refined
from flaredag.simulated_regions import solar_region

SEED = 5


def first_view(instrument: str, k: int = 3, n_records: int = 6) -> PatchView:
    region = solar_region(k, SEED)
    middle = region.n_records // 2
    return next(SimulatedPatch(region, CAMERAS[instrument], region.times[middle : middle + n_records], SEED).views())


def gauss(instrument: str, view: PatchView) -> np.ndarray:
    return view.steps * CAMERAS[instrument].step_gauss


def test_refined_keeps_cell_centres_and_means() -> None:
    y, x = np.mgrid[:12, :16]
    image = np.stack([2.0 * x - 3.0 * y, np.sin(x / 3.0) * np.cos(y / 3.0)]).astype(np.float32)
    fine = refined(image, 4)
    assert fine.shape == (2, 48, 64)
    # Linear maps exactly; their cells' means are the values again.
    assert cell_means(fine, 4)[0] == pytest.approx(image[0], abs=1e-4)
    assert cell_means(fine, 4)[1] == pytest.approx(image[1], abs=0.02)
    assert refined(image, 1) is image


def test_both_instruments_look_at_the_same_region() -> None:
    hmi, mdi = (gauss(name, first_view(name)) for name in ("sharp", "smarp"))
    margin = CAMERAS["smarp"].margin_pixels
    coarse = cell_means(hmi.astype(np.float32), 4)
    inner = mdi[:, margin:-margin, margin:-margin]
    assert inner.shape == coarse.shape
    for one, other in zip(coarse, inner, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.95
    slopes = [np.polyfit(one.ravel(), other.ravel(), 1)[0] for one, other in zip(coarse, inner, strict=True)]
    assert np.mean(slopes) == pytest.approx(CAMERAS["smarp"].scale, rel=0.15)


def test_two_runs_see_the_same_and_records_are_independent_pieces_of_noise() -> None:
    one, other = first_view("sharp"), first_view("sharp")
    assert np.array_equal(one.steps, other.steps)
    differences = np.diff(gauss("sharp", one), axis=0)
    assert 3 < np.median(np.abs(differences)) < 40


def test_bitmap_marks_the_patch_and_its_strong_field() -> None:
    for instrument, inside in (("sharp", {33, 34}), ("smarp", {37, 42})):
        view = first_view(instrument)
        assert inside <= set(np.unique(view.bitmap).tolist())
        strong = np.isin(view.bitmap, [2, 34] if instrument == "sharp" else [10, 42])
        assert np.array_equal(strong, np.abs(gauss(instrument, view)) > 100)
        in_patch = view.bitmap >= 30
        assert np.abs(gauss(instrument, view))[in_patch].mean() > np.abs(gauss(instrument, view))[~in_patch].mean()


def test_edges_hold_the_patch_and_move_west() -> None:
    view = first_view("sharp")
    longitude_min, longitude_max, latitude_min, latitude_max = view.edges_deg.T
    assert (longitude_min < longitude_max).all()
    assert (latitude_min < latitude_max).all()
    centre = (longitude_min + longitude_max) / 2
    # 13.3 degrees a day are 0.89 in 96 minutes; the box wobbles by some pixels of 0.12.
    assert np.diff(centre) == pytest.approx(0.89, abs=0.6)


def test_beyond_the_limb_there_is_no_sun() -> None:
    k = next(k for k in range(100) if solar_region(k, SEED).first_longitude_deg == -88.0)
    region = solar_region(k, SEED)
    view = next(SimulatedPatch(region, CAMERAS["sharp"], region.times[:1], SEED).views())
    assert 0.1 < view.off_disk.mean() < 0.7
    assert not view.bitmap[view.off_disk].any()
    # East of the limb only: every row is off the disk up to a pixel, and on it from there.
    assert (np.diff(view.off_disk[0].astype(int), axis=1) <= 0).all()


def test_noise_grows_to_the_limb() -> None:
    region = solar_region(3, SEED)
    patch = SimulatedPatch(region, CAMERAS["sharp"], region.times[:2], SEED)
    noise = patch._noise_of(np.array([1.0, 0.2], dtype=np.float32))
    assert noise[0].std() == pytest.approx(6.5, rel=0.25)
    assert noise[1].std() / noise[0].std() == pytest.approx(1 + 0.6 * 0.64, rel=0.25)
