"""Speed and memory: `make bench`. Ratios of one run where the machine's speed matters; nothing is asserted.

The tables are those of the last run on the archive `published`; where there was none, that part is left out.
"""

import argparse
import json
import multiprocessing
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
N_ROUNDS = 9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    results = ROOT / "results"
    rows = [bench_fit()]
    tables = sorted((results / "published" / "tables").glob("*.nc"))
    if tables:
        rows += bench_windows(tables, sorted((results / "published" / "flares").glob("*.nc")))
    else:
        print(f"{results}/published/tables: none; run `make report ARCHIVE=published` for the benchmark of windows")
    if (results / "report.pdf").exists():
        rows.append(bench_nothing_to_do())
    for what, value, limit in rows:
        print(f"{what:<72} {value:>10}  (wanted: {limit})")


def bench_windows(tables: list[Path], flares: list[Path]) -> list[tuple[str, str, str]]:
    """Windows, evolution types and labels of all real records, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        n_records, seconds, mebibytes = pool.apply(_windows, (tables, flares))
    what = f"windows, evolution types and labels of {n_records} records"
    return [(f"{what}: time", f"{seconds:.2f} s", "<= 3 s"), (f"{what}: peak", f"{mebibytes:.0f} MiB", "< 1024 MiB")]


def _windows(tables: list[Path], flares: list[Path]) -> tuple[int, float, float]:
    import yaml

    from flaredag.tables import read_flares, read_records
    from make_windows import make_windows

    settings = yaml.safe_load((ROOT / "config.yaml").read_text())["study"]["sun2022"]
    records, flare_list = read_records(tables), read_flares(flares)
    begun = time.process_time()
    make_windows(records, flare_list, settings=settings)
    seconds = time.process_time() - begun
    return len(records), seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bench_fit() -> tuple[str, str, str]:
    """Our fit against the same PyTorch loop written bare: median over rounds of the ratio within a round."""
    import torch

    from flaredag.models import lstm
    from flaredag.samples import Samples

    rng = np.random.default_rng(0)
    settings = {
        "hidden_size": 64,
        "n_layers": 2,
        "learning_rate": 1e-3,
        "batch_size": 64,
        "max_epochs": 4,
        "patience_epochs": 4,
    }

    def samples(n: int) -> Samples:
        label = (np.arange(n) % 2).astype(np.int8)
        sequence = rng.normal(size=(n, 16, 4)).astype(np.float32) + label[:, None, None]
        zeros = np.zeros(n, dtype=np.int8)
        return Samples(
            sequence, label, zeros.astype(bool), zeros, zeros.astype(np.int32), zeros.astype("datetime64[s]")
        )

    train, validation = samples(2048), samples(640)

    def ours() -> None:
        lstm.fit(train, validation, seed=0, settings=settings)

    def bare() -> None:
        torch.manual_seed(0)
        recurrent = torch.nn.LSTM(4, 64, 2, batch_first=True)
        linear = torch.nn.Linear(64, 2)
        optimiser = torch.optim.Adam([*recurrent.parameters(), *linear.parameters()], lr=1e-3)
        inputs, classes = torch.from_numpy(train.sequence), torch.from_numpy(train.label).long()
        for _ in range(settings["max_epochs"]):
            for batch in torch.randperm(len(classes)).split(64):
                optimiser.zero_grad()
                logits = linear(recurrent(inputs[batch])[0][:, -1])
                torch.nn.functional.cross_entropy(logits, classes[batch]).backward()
                optimiser.step()
            with torch.no_grad():
                forecast = linear(recurrent(torch.from_numpy(validation.sequence))[0][:, -1]).argmax(1).numpy()
            _ = forecast[validation.label == 1].mean() - forecast[validation.label == 0].mean()

    torch.set_num_threads(1)
    ours(), bare()
    ratio = statistics.median(_seconds(ours) / _seconds(bare) for _ in range(N_ROUNDS))
    return "a fit of the LSTM against the same loop written bare: ratio", f"{ratio:.3f}", "<= 1.15"


def bench_nothing_to_do() -> tuple[str, str, str]:
    """Snakemake again on a finished run."""
    archive = json.loads((ROOT / "results" / "manifest.json").read_text())["archive"]
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all", "--config", f"archive={archive}"]
    seconds = _seconds(lambda: subprocess.run(command, cwd=ROOT, check=True, capture_output=True))
    return "snakemake with nothing changed: time", f"{seconds:.1f} s", "<= 6 s"


def _seconds(function: Callable[[], object]) -> float:
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
