"""Explanations of made-up regions, bipoles that emerge, and of bipoles of a sweep."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import ndimage

from flaredag.explanations import METHODS, ExplainedBipoles, Explanation

CADENCE = np.timedelta64(96 * 60, "s")
FIRST_ISSUE = np.datetime64("2011-02-13T17:34:24", "s")


def bipole(amplitude_gauss: float, separation: float, tilt_deg: float, shape: tuple[int, int]) -> np.ndarray:
    """Field of eq. 18 of Sun et al. 2022 on `shape` (y, x), gauss; `separation` in heights of the image."""
    y, x = np.indices(shape, dtype=float)
    y, x = (y - (shape[0] - 1) / 2) / shape[0], (x - (shape[1] - 1) / 2) / shape[0]
    tilt = np.radians(tilt_deg)
    along, across = x * np.cos(tilt) + y * np.sin(tilt), y * np.cos(tilt) - x * np.sin(tilt)
    exponent = -(along**2 + 2 * across**2) / (0.56 * separation) ** 2
    return -amplitude_gauss * along / separation * np.exp(exponent)


def attributions(gauss: np.ndarray) -> dict[str, np.ndarray]:
    """Maps (frame, y, x) that look like those of each method; those with the first frame as baseline are 0 in it."""
    gradient = np.sqrt(sum(np.square(ndimage.sobel(gauss, axis)) for axis in (1, 2)))
    change, unsigned = np.abs(gauss) - np.abs(gauss[0]), np.abs(gauss)
    blurred = ndimage.gaussian_filter(unsigned, (0, gauss.shape[1] / 8, gauss.shape[1] / 8))
    return {
        "deconvolution": gauss + 0.5 * gradient,
        "guided_backpropagation": np.sign(gauss) * gradient,
        "integrated_gradients.zero": unsigned * 1e-5 * np.where(gauss < 0, 1.5, -1.3),
        "integrated_gradients.first": change * 1e-5 * np.where(gauss < 0, 1.5, -1.3),
        "deep_lift.zero": unsigned * 1.1e-5,
        "deep_lift.first": change * 1.1e-5,
        "grad_cam_4": np.maximum(blurred - 20.0, 0.0),
        "grad_cam_5": np.zeros_like(gauss),
        "occlusion": blurred * 1e-3,
    }


def explanation(
    region: int = 377,
    *,
    instrument: str = "sharp",
    n_frames: int = 6,
    shape: tuple[int, int] = (48, 96),
    flares: tuple[tuple[float, float], ...] = ((2.0, 3e-6), (9.0, 6.6e-5), (27.0, 2.2e-4)),
    labels: tuple[int, ...] | None = None,
    simulated: bool = True,
    noaa_ars: str = "11158",
    methods: tuple[str, ...] = METHODS,
    cnn_pixels: int = 32,
) -> Explanation:
    """Explanation of a bipole that emerges; `flares`: hours after the first frame, and peak flux in W m-2.

    A frame's label is 1 in the later half of the sequence where `labels` does not say otherwise.
    """
    rng = np.random.default_rng(region)
    grown = np.linspace(0.15, 1.0, n_frames)
    fields = [bipole(4000.0 * g, 0.25 + 0.2 * g, 25.0, shape) for g in grown]
    gauss = np.stack(fields) + ndimage.gaussian_filter(rng.normal(0.0, 25.0, (n_frames, *shape)), (0, 1, 1))
    gauss_cnn = ndimage.zoom(gauss, (1, cnn_pixels / shape[0], cnn_pixels / shape[1]), order=1)
    of_method, of_method_cnn = attributions(gauss), attributions(gauss_cnn)
    if labels is None:
        labels = tuple(int(2 * frame >= n_frames) for frame in range(n_frames))
    return Explanation(
        instrument=instrument,
        region=region,
        noaa_ars=noaa_ars,
        archive_title="a made-up Sun",
        simulated=simulated,
        model="cnn",
        fold=2,
        methods=methods,
        issue_time=FIRST_ISSUE + CADENCE * np.arange(n_frames),
        label=np.array(labels, dtype=np.int8),
        probability=1 / (1 + np.exp(-6.0 * (grown - 0.55))),
        magnetogram=gauss.astype(np.float32),
        magnetogram_cnn=gauss_cnn.astype(np.float32),
        attribution=np.stack([of_method[name] for name in methods]).astype(np.float32),
        attribution_cnn=np.stack([of_method_cnn[name] for name in methods]).astype(np.float32),
        flare_start=FIRST_ISSUE + np.array([round(3600 * hours) for hours, _ in flares], dtype="timedelta64[s]"),
        flare_peak_flux=np.array([flux for _, flux in flares], dtype=np.float64),
    )


def bipoles(*, n: int = 4, methods: tuple[str, ...] = METHODS, any_flaring: bool = True) -> ExplainedBipoles:
    """The first `n` of four explained bipoles."""
    swept = np.array([(500.0, 2.0, 0.0), (1500.0, 4.0, 10.0), (3000.0, 4.0, 30.0), (3000.0, 8.0, -45.0)])[:n]
    amplitude, separation, tilt = swept.T
    fields = [bipole(b0, rho / 12.0, gamma, (32, 32)) for b0, rho, gamma in swept]
    gauss = np.stack([np.zeros((32, 32)), *fields])
    of_method = attributions(gauss)
    probability = np.array([0.02, 0.41, 0.97, 0.88])[:n]
    return ExplainedBipoles(
        methods=methods,
        model="cnn",
        seed=1,
        patch_width_deg=12.0,
        any_flaring=any_flaring,
        amplitude_gauss=amplitude,
        separation_deg=separation,
        tilt_deg=tilt,
        mean_probability=probability - 0.01,
        probability=probability,
        magnetogram=gauss[1:].astype(np.float32),
        attribution=np.stack([of_method[name][1:] for name in methods]).astype(np.float32),
    )


def checks(subject: str = "sharp-377") -> pd.DataFrame:
    """Checks of one subject, as of the files `*.checks.csv`: figures that nobody would take for another's."""
    rows = [
        (subject, "integrated_gradients.zero", "completeness_largest_error", 0.0021, 6),
        (subject, "integrated_gradients.first", "completeness_largest_error", 0.0345, 5),
        (subject, "integrated_gradients.zero", "largest_number_of_steps", 1600, 6),
        (subject, "integrated_gradients.first", "randomisation_rank_correlation", -0.12, 6),
        (subject, "guided_backpropagation", "randomisation_rank_correlation", 0.93, 6),
        (subject, "guided_backpropagation", "randomisation_rank_correlation_of_sizes", 0.97, 6),
        (subject, "integrated_gradients.first", "stability_rank_correlation", 0.61, 18),
        (subject, "field", "inversion_line_concentration", 0.9, 6),
        (subject, "integrated_gradients.first", "inversion_line_concentration", 3.4, 6),
        (subject, "occlusion", "inversion_line_concentration", 0.8, 6),
        (subject, "grad_cam_5", "inversion_line_concentration", np.nan, 0),
    ]
    return pd.DataFrame(rows, columns=["subject", "method", "check", "value", "n"])
