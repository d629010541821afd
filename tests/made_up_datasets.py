"""Data sets drawn from made-up windows as the rule draws them, and where a fit on them is written."""

import json
from pathlib import Path

from draw_datasets import main as draw
from flaredag.samples import StudyWindows, write_windows

DATASET = "SHARP_ONLY"


def drawn_datasets(folder: Path, windows: StudyWindows, **changes) -> dict[str, str]:
    """Paths of windows, of the data set `SHARP_ONLY` drawn from them with seeds 0 and 1, and of its index.

    `changes`: of how it is drawn.
    """
    files = {"windows": "windows.nc", "datasets": "datasets.nc", "index": "index.json"}
    paths = {name: str(folder / file) for name, file in files.items()}
    write_windows(paths["windows"], {"flare": windows})
    settings = {
        "evaluated": "sharp",
        "added_to_training": [],
        "test_fraction": 0.2,
        "validation_fraction": 0.25,
        "undersampled": [],
        "standardisation": "train",
    } | changes
    draw(*paths.values(), settings={DATASET: {"seeds": [0, 1], "task": "", "draw": settings}}, explanation=None)
    return paths


def entries_of_seeds(paths: dict[str, str]) -> dict[str, dict[str, str]]:
    """By seed what the index tells of the data set: digests of it and of its magnetograms."""
    return json.loads(Path(paths["index"]).read_text())["datasets"][DATASET]["seeds"]


def outputs_of_fit(folder: Path) -> dict[str, str]:
    """Paths of what a fit leaves in the store."""
    files = {"predictions": "predictions.nc", "checkpoint": "checkpoint.safetensors", "provenance": "provenance.json"}
    return {name: str(folder / file) for name, file in files.items()}
