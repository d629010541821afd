"""Speed of the CNN, for `make bench`: steps and predictions on the CPU, and fits of the papers' size on a GPU."""

import multiprocessing
import statistics
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts")]
BATCH = 64
SETTINGS = {
    "learning_rate": 1e-3,
    "batch_size": BATCH,
    "max_epochs": 20,
    "patience_epochs": 20,
    "kept_epoch": "true_skill_statistic",
    "head_inputs": [],
}
PAPER_IMAGES, PAPER_VALIDATION_IMAGES, PAPER_PIXELS, PAPER_FITS = 12_750, 4_250, 128, 40
Row = tuple[str, str, str]


def bench_networks() -> list[Row]:
    """All rows: of the CPU, and of a GPU where there is one."""
    import torch

    rows = [row for pixels in (32, 64, 128) for row in bench_steps(pixels)]
    rows += bench_two_processes()
    if torch.cuda.is_available():
        rows += bench_gpu()
    else:
        print("no GPU: fits of the papers' size are left out")
    return rows


def bench_steps(pixels: int) -> list[Row]:
    """A step of 64 images on one thread, beside the same step of plain modules; its load; prediction."""
    import torch
    from torch import nn

    from flaredag.devices import CPU, keep_freed_memory
    from flaredag.models.cnn import MagnetogramCNN, MagnetogramInputs
    from flaredag.training import deterministic, logits

    n_rounds = 5 if pixels <= 64 else 2
    keep_freed_memory()
    samples = made_up(1000 if pixels <= 64 else 256, pixels)
    inputs = MagnetogramInputs(samples.magnetograms, None, CPU)
    classes = torch.from_numpy(samples.label).long()
    batches = torch.randperm(len(classes)).split(BATCH)

    def step(network: nn.Module) -> float:
        network.train()
        optimiser = torch.optim.Adam(network.parameters())

        def once(batch: torch.Tensor) -> float:
            begun = time.process_time()
            optimiser.zero_grad()
            images = inputs[batch][0]
            nn.functional.cross_entropy(network(images), classes[batch]).backward()
            optimiser.step()
            return time.process_time() - begun

        return statistics.median([once(batches[i]) for i in range(-1, n_rounds)][1:])

    with deterministic():
        network = MagnetogramCNN(pixels, 0)
        ours, plain = step(network), step(plain_network(pixels))
        loads = []
        for batch in batches[:n_rounds]:
            begun = time.process_time()
            _ = inputs[batch]
            loads.append(time.process_time() - begun)
        begun = time.process_time()
        logits(network, inputs, len(samples), BATCH)
        predicted = (time.process_time() - begun) / len(samples)
    what = f"CNN, {pixels} x {pixels} pixels, CPU, one thread"
    return [
        (f"{what}: a step of {BATCH}", f"{ours:.3f} s", "-"),
        (f"{what}: the same of plain modules, times as long", f"{plain / ours:.1f} x", "> 1"),
        (f"{what}: loading, share of a step", f"{100 * statistics.median(loads) / ours:.2f} %", "< 5 %"),
        (f"{what}: prediction of 1000 images", f"{1000 * predicted:.2f} s", "-"),
    ]


def bench_two_processes() -> list[Row]:
    """Fits on two cores at once against one on one core."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_fit_seconds, [(64, 64, 32, 1)] * 2, chunksize=1)
        job = (640, 64, 32, 2)
        one = _seconds_of(lambda: pool.apply(_fit_seconds, (job,)))
        two = _seconds_of(lambda: pool.map(_fit_seconds, [job] * 2, chunksize=1))
    return [("CNN, 32 x 32 pixels: two fits on two cores against one on one", f"{2 * one / two:.2f} x", "about 2")]


def bench_gpu() -> list[Row]:
    """A fit of the papers' size, its rate beside that of bare matrix products, and several fits at once."""
    matmul = _matmul_flops()
    alone = _fit_seconds((PAPER_IMAGES, PAPER_VALIDATION_IMAGES, PAPER_PIXELS, SETTINGS["max_epochs"]))
    rate = PAPER_IMAGES * SETTINGS["max_epochs"] / alone
    share = rate * training_flops(PAPER_PIXELS) / matmul
    rows = [
        (f"CNN, {PAPER_IMAGES} images of {PAPER_PIXELS} x {PAPER_PIXELS}, 20 epochs, GPU", f"{alone:.1f} s", "-"),
        ("the same: images/s", f"{rate:,.0f}", "-"),
        ("the card's bfloat16 matrix products", f"{matmul / 1e12:.0f} TFLOP/s", "-"),
        ("the fit's operations (x 3 for training) beside it", f"{100 * share:.0f} %", ">= 50 %"),
    ]
    for n_at_once in (2, 4):
        with multiprocessing.get_context("spawn").Pool(n_at_once) as pool:
            pool.map(_fit_seconds, [(256, 64, PAPER_PIXELS, 1)] * n_at_once, chunksize=1)
            job = (PAPER_IMAGES, PAPER_VALIDATION_IMAGES, PAPER_PIXELS, SETTINGS["max_epochs"])
            seconds = _seconds_of(
                lambda pool=pool, job=job, n=n_at_once: pool.map(_fit_seconds, [job] * n, chunksize=1)
            )
        minutes = seconds / n_at_once * PAPER_FITS / 60
        rows.append((f"all {PAPER_FITS} fits, {n_at_once} at once, GPU", f"{minutes:.1f} min", "< 10 min"))
    return rows


def made_up(n_samples: int, pixels: int):
    """Samples of noise: a step costs the same whatever the images show."""
    from flaredag.samples import Magnetograms, Samples

    rng = np.random.default_rng(0)
    zeros = np.zeros(n_samples, dtype=np.int8)
    steps = rng.integers(-400, 400, (n_samples, pixels, pixels), dtype=np.int16)
    magnetograms = Magnetograms(steps, np.zeros((n_samples, 2), dtype=np.float32), 0.0, 100.0)
    label = (np.arange(n_samples) % 2).astype(np.int8)
    sequence, region = np.zeros((n_samples, 1, 1), dtype=np.float32), np.arange(n_samples, dtype=np.int32)
    issue_time = np.zeros(n_samples, dtype="datetime64[s]")
    return Samples(sequence, label, zeros.astype(bool), zeros, region, issue_time, magnetograms)


def plain_network(pixels: int):
    """The same layers as torch has them."""
    from torch import nn

    layers, n_in = [], 1
    for kernel in (11, 11, 3, 3, 3):
        layers += [nn.Conv2d(n_in, 64, kernel, padding="same"), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)]
        n_in = 64
    head = [nn.Linear(64 * (pixels // 32) ** 2, 128), nn.BatchNorm1d(128), nn.Dropout(0.5)]
    head += [nn.Linear(128, 64), nn.BatchNorm1d(64), nn.Dropout(0.5), nn.Linear(64, 2)]
    return nn.Sequential(*layers, nn.Flatten(), *head)


def training_flops(pixels: int) -> float:
    """Operations of one image in training: of the convolutions, forward, and twice that backward (images, weights)."""
    n_in, forward, first = 1, 0.0, 0.0
    for kernel in (11, 11, 3, 3, 3):
        operations = 2 * n_in * 64 * kernel**2 * pixels**2
        forward, first = forward + operations, first or operations
        n_in, pixels = 64, pixels // 2
    return 3 * forward - first  # the images themselves need no gradient


def _fit_seconds(job: tuple[int, int, int, int]) -> float:
    from flaredag.models import cnn

    n_train, n_validation, pixels, max_epochs = job
    train, validation = made_up(n_train, pixels), made_up(n_validation, pixels)
    settings = SETTINGS | {"max_epochs": max_epochs}
    return _seconds_of(lambda: cnn.fit(train, validation, seed=0, settings=settings))


def _matmul_flops(size: int = 8192, n_products: int = 50) -> float:
    import torch

    left, right = (torch.randn(size, size, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    for _ in range(3):
        _ = left @ right
    torch.cuda.synchronize()

    def products() -> None:
        for _ in range(n_products):
            _ = left @ right
        torch.cuda.synchronize()

    return n_products * 2 * size**3 / _seconds_of(products)


def _seconds_of(function) -> float:
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


if __name__ == "__main__":
    for what, value, limit in bench_networks():
        print(f"{what:<90} {value:>12}  (wanted: {limit})")
