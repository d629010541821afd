"""Made-up forecasts of others, as the text of a CSV file, and everything that is made of them."""

from pathlib import Path

import numpy as np

import audit_forecasts
import curate_forecasts
import plot_forecasts
import verify_forecasts
import write_verification

ROOT = Path(__file__).parents[1]
SETTINGS = {"resamples": 100, "seed": 5, "level": 0.95}
TABLES = verify_forecasts.Verification._fields
FIGURES = ("skill", "curves", "diagnostics")


def daily_forecasts(n_days: int = 400, *, models: tuple[str, ...] = ("mine",), seed: int = 0) -> str:
    """Full-disk forecasts, one a day and model, with some skill; a fifth of the days have an event."""
    rng = np.random.default_rng(seed)
    days = np.datetime64("2017-01-01") + np.arange(n_days)
    label = (rng.random(n_days) < 0.2).astype(int)
    lines = ["time,label,probability,model"]
    for model in models:
        probability = np.clip(0.2 + 0.3 * (label - 0.2) + 0.2 * rng.standard_normal(n_days), 0, 1)
        lines += [f"{d},{y},{p:.4f},{model}" for d, y, p in zip(days, label, probability, strict=True)]
    return "\n".join(lines) + "\n"


def forecasts_of_regions(*, leak: bool, n_regions: int = 40) -> str:
    """Forecasts of regions, ten a region: a split a region, or, with the leak, splits by turns within each."""
    rng = np.random.default_rng(1)
    lines = ["time,label,probability,region,split"]
    for region in range(n_regions):
        for number in range(10):
            label = int(rng.random() < 0.3)
            probability = np.clip(0.3 + 0.4 * (label - 0.3) + 0.3 * rng.standard_normal(), 0, 1)
            split = ("train", "validation", "test", "test")[(number if leak else region) % 4]
            day = np.datetime64("2012-01-01") + 10 * region + number
            lines.append(f"{day},{label},{probability:.4f},{region},{split}")
    return "\n".join(lines) + "\n"


def curated(folder: Path, text: str) -> Path:
    """Take in forecasts; the path of their predictions."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.csv").write_text(text)
    curate_forecasts.main(str(folder / "mine.csv"), str(folder / "predictions.nc"), str(folder / "source.json"))
    return folder / "predictions.nc"


def verified(folder: Path, text: str) -> Path:
    """Take in forecasts, verify and audit them; the folder of the tables."""
    predictions = curated(folder, text)
    verify_forecasts.main(predictions, {name: str(folder / f"{name}.csv") for name in TABLES}, **SETTINGS)
    audit_forecasts.main(predictions, folder / "audit.csv", window_hours=24, horizon_hours=24)
    return folder


def plotted(folder: Path) -> list[str]:
    """Draw the figures of `verified` forecasts; their paths."""
    figures = {name: str(folder / f"{name}.svg") for name in FIGURES}
    names = ("scores", "intervals", "curves", "diagnostics", "decomposition")
    plot_forecasts.main({name: str(folder / f"{name}.csv") for name in names}, figures)
    return list(figures.values())


def written(folder: Path) -> Path:
    """Write the verification of `verified` forecasts; the path of the PDF."""
    names = ("intervals", "comparisons", "diagnostics", "decomposition", "audit")
    inputs = {name: str(folder / f"{name}.csv") for name in names}
    inputs |= {"predictions": str(folder / "predictions.nc"), "source": str(folder / "source.json")}
    write_verification.main(
        inputs,
        plotted(folder),
        str(folder / "verification.pdf"),
        template=str(ROOT / "scripts" / "verification.typ"),
        level=SETTINGS["level"],
        packages=["numpy", "no-such-package"],
    )
    return folder / "verification.pdf"
