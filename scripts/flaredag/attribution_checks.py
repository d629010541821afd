"""Numbers that tell whether attribution maps can be trusted: they go beside every map.

- Completeness: maps of Integrated Gradients and DeepLIFT add up to the difference of logits of image and baseline.
- Randomisation (Adebayo et al. 2018, NeurIPS): maps must change when the network's parameters are drawn anew.
- Inversion lines: how much more of a map lies near polarity inversion lines than of the area.
- Stability: maps of networks that differ in seed and training regions must be alike.
"""

from __future__ import annotations

import copy
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, stats

from flaredag.attributions import attribute, completeness_error, explain, standardised
from flaredag.keywords import near_inversion_lines, pixel_size_m, r_rebin
from flaredag.training import seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import nn

    from flaredag.attributions import AttributionMaps
    from flaredag.models.cnn import FittedCNN

# Half of the full width of the Gaussian by which R weighs the field about the lines: 15 Mm (Schrijver 2007).
LINE_DISTANCE_M = 7.5e6
RANDOMISATION_SEED = 1


def checks_of_network(
    subject: str,
    fitted: FittedCNN,
    gauss: NDArray[np.floating],
    explained: AttributionMaps,
    others: Sequence[FittedCNN],
) -> list[dict[str, object]]:
    """Rows of checks of the maps `explained` of magnetograms (frame, y, x), gauss, in the network's size.

    Method by method: `completeness_largest_error` (a part of the difference of logits, over frames where there is a
    difference) and `largest_number_of_steps` of methods with a baseline; `randomisation_rank_correlation` of maps with
    those of a network drawn anew, and `randomisation_rank_correlation_of_sizes` of their absolute values;
    `stability_rank_correlation` (and `_of_sizes`) of Integrated Gradients over pairs of `fitted` and `others`, none of
    which may have seen the magnetograms. Maps that hold the field as a factor, as Integrated Gradients and DeepLIFT do,
    keep their sizes under randomisation where the field is concentrated; their signs then tell what the network does.
    """
    images, zero = standardised(fitted, gauss), standardised(fitted, np.zeros_like(gauss[:1]))
    unlearnt = randomised(fitted.network)
    rows: list[dict[str, object]] = []
    for method in explained.methods:
        maps, baselines = explained.of(method), images[:1] if method.endswith(".first") else zero
        if "." in method:
            error = completeness_error(fitted.network, images, baselines, maps)
            error[(images == baselines).flatten(1).all(dim=1).numpy()] = np.nan
            rows.append(check_row(subject, method, "completeness_largest_error", error, np.max))
        if method in explained.n_steps:
            steps = explained.n_steps[method].astype(np.float64)
            rows.append(check_row(subject, method, "largest_number_of_steps", steps, np.max))
        other = attribute(unlearnt, images, baselines, method)
        rows += _with_and_without_sign(subject, method, "randomisation", [maps, other])
        if others and method.startswith("integrated_gradients"):
            of_others = [explain(other, gauss, [method]).of(method) for other in others]
            rows += _with_and_without_sign(subject, method, "stability", [maps, *of_others])
    return rows


def checks_of_lines(
    subject: str,
    methods: Sequence[str],
    maps: NDArray[np.floating],
    magnetograms: NDArray[np.floating],
    *,
    pixel_degrees: float,
) -> list[dict[str, object]]:
    """Rows `inversion_line_concentration` of each method's maps (method, frame, y, x) on magnetograms (frame, y, x).

    See `concentration`; the row of the method "field" is that of the absolute field itself, as a network that looked
    at strong field and not at lines would have it.
    """
    masks = np.stack([near_lines(one, pixel_degrees=pixel_degrees) for one in magnetograms])
    named = zip(("field", *methods), (magnetograms, *maps), strict=True)
    return [check_row(subject, name, "inversion_line_concentration", concentration(of, masks)) for name, of in named]


def randomised(network: nn.Module, *, seed: int = RANDOMISATION_SEED) -> nn.Module:
    """A copy of `network` with all parameters and running statistics as they are before training."""
    own = copy.deepcopy(network).cpu()
    with seeded(seed):
        for module in own.modules():
            reset = getattr(module, "reset_parameters", None)
            if reset is not None:
                reset()
    return own


def rank_correlations(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.float64]:
    """Spearman's rank correlation of each pair of maps (map, y, x), (map,); NaN where one of a pair is constant."""
    return np.array([_rank_correlation(a.ravel(), b.ravel()) for a, b in zip(one, other, strict=True)])


def near_lines(magnetogram: NDArray[np.floating], *, pixel_degrees: float) -> NDArray[np.bool_]:
    """Pixels (y, x) within 7.5 Mm of a strong polarity inversion line of a magnetogram (y, x), gauss.

    Lines are those of R_VALUE, on every fourth pixel of SHARP (`flaredag.keywords.near_inversion_lines`).
    """
    rebin = r_rebin(pixel_degrees)
    lines = np.zeros(magnetogram.shape, dtype=bool)
    lines[::rebin, ::rebin] = near_inversion_lines(magnetogram[::rebin, ::rebin])
    if not lines.any():
        return lines
    distance_m = ndimage.distance_transform_edt(~lines) * pixel_size_m(pixel_degrees)
    return distance_m <= LINE_DISTANCE_M


def concentration(maps: NDArray[np.floating], masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of the absolute values of each map (map, y, x) inside its mask, over the mask's share of the area (map,).

    1 where a map does not care for the mask. NaN where a mask is empty or a map zero.
    """
    weight = np.abs(np.nan_to_num(maps)).astype(np.float64)
    inside, total, area = (weight * masks).sum((1, 2)), weight.sum((1, 2)), masks.mean((1, 2))
    known = (total > 0) & (area > 0)
    return np.where(known, inside / np.where(known, total * area, 1.0), np.nan)


def pairwise_correlations(maps: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """Spearman's rank correlation of the maps (map, y, x) of each pair of networks, (pair, map)."""
    pairs = [rank_correlations(one, other) for one, other in combinations(maps, 2)]
    return np.array(pairs).reshape(len(pairs), len(maps[0]) if maps else 0)


def check_row(
    subject: str,
    method: str,
    check: str,
    values: NDArray[np.floating],
    statistic: Callable[[NDArray[np.float64]], np.floating] = np.mean,
) -> dict[str, object]:
    """Row of a file of checks: a statistic of the `values` that are known (NaN where none is), and their number."""
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    value = float(statistic(known)) if len(known) else float("nan")
    return {"subject": subject, "method": method, "check": check, "value": value, "n": len(known)}


def _with_and_without_sign(
    subject: str, method: str, check: str, maps: Sequence[NDArray[np.floating]]
) -> list[dict[str, object]]:
    sizes = [np.abs(of_network) for of_network in maps]
    return [
        check_row(subject, method, f"{check}_rank_correlation", pairwise_correlations(maps)),
        check_row(subject, method, f"{check}_rank_correlation_of_sizes", pairwise_correlations(sizes)),
    ]


def _rank_correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(stats.spearmanr(one, other).statistic)
