"""Networks that have learnt a little from noise, and checkpoints that hold them."""

import json
from pathlib import Path

import torch
from safetensors.numpy import save

from flaredag.models.cnn import FittedCNN, MagnetogramCNN


def made_up_cnn(seed: int, *, pixels: int) -> FittedCNN:
    """A CNN whose running statistics are those of some images of noise; pixels of mean 2 G, standard deviation 50 G."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MagnetogramCNN(pixels, 0).train()
        for _ in range(2):
            network(torch.randn(8, 1, pixels, pixels))
    return FittedCNN(network.eval(), 2.0, 50.0, (), {})


def write_checkpoint(path: Path, fits: dict[str, FittedCNN]) -> Path:
    """A checkpoint as `flaredag.fitting.write_batch` writes it, of fits by "model/seed"."""
    models = {name.split("/")[0]: {"head_inputs": []} for name in fits}
    seeds = sorted({int(name.split("/")[1]) for name in fits})
    arrays = {f"{name}/{array}": values for name, fit in fits.items() for array, values in fit.arrays.items()}
    path.write_bytes(save(arrays, metadata={"made_from": json.dumps({"models": models, "seeds": seeds})}))
    return path
