"""Speed of attribution maps, method by method, for `make bench`.

Networks are as before training: what they have learnt changes the time of no method but Integrated Gradients, which
take more steps where 50 do not add up.
"""

import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]
N_FRAMES = 9  # of a region
ORIGINAL_SHAPE = (377, 744)  # of HARP 377


def bench_explanations() -> list[tuple[str, str, str]]:
    """Time of a map of each method at two sizes."""
    return [
        (f"{what}, {pixels} x {pixels} pixels, a map", f"{seconds * 1e3:.1f} ms", "-")
        for pixels in (32, 64)
        for what, seconds in bench_maps(pixels, N_FRAMES)
    ]


def bench_maps(pixels: int, n_frames: int) -> list[tuple[str, float]]:
    """What was timed, and seconds a map, in batches of `n_frames` on one thread."""
    import torch

    from flaredag.attributions import METHODS, attribute, to_original_resolution
    from made_up_networks import made_up_cnn

    network = made_up_cnn(0, pixels=pixels).network
    images = torch.randn(n_frames, 1, pixels, pixels, generator=torch.Generator().manual_seed(0))
    attribute(network, images[:1], images[:1], "deconvolution")  # captum and torch wake up
    rows, maps = [], np.zeros(())
    for method in METHODS:
        start = time.perf_counter()
        maps = attribute(network, images, images[:1], method)
        rows.append((method, (time.perf_counter() - start) / n_frames))
    start = time.perf_counter()
    to_original_resolution(maps, ORIGINAL_SHAPE)
    rows.append((f"to {ORIGINAL_SHAPE[0]} x {ORIGINAL_SHAPE[1]} pixels", (time.perf_counter() - start) / n_frames))
    return rows
