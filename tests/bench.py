"""Speed and memory: `make bench`. Ratios of one run where the machine's speed matters; nothing is asserted.

The tables are those of the last run on the archive `published`, the real files those of FLAREDAG_MIRROR (or shared/data
beside the repository); where they are absent, that part is left out. Nothing else should run beside it.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]
N_ROUNDS = 9

from bench_audit import bench_audit  # noqa: E402 (found by the paths above)
from bench_combinations import bench_combinations  # noqa: E402
from bench_ensembles import bench_ensembles  # noqa: E402
from bench_explanations import bench_explanations  # noqa: E402
from bench_history import bench_history, peak_kibibytes  # noqa: E402
from bench_hourly import bench_hourly  # noqa: E402
from bench_networks import bench_networks  # noqa: E402
from bench_ranking import bench_ranking  # noqa: E402
from bench_small_networks import bench_small_networks  # noqa: E402
from bench_verification import bench_verification  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    results = ROOT / "results"
    rows = [bench_fit(), *bench_networks(), *bench_small_networks(), *bench_ranking(), *bench_ensembles()]
    rows += [
        *bench_combinations(),
        *bench_explanations(),
        *bench_verification(),
        *bench_audit(),
        *bench_history(),
        *bench_hourly(),
        *bench_keywords(),
        *bench_simulated_sun(),
    ]
    mirror = Path(os.environ.get("FLAREDAG_MIRROR", ROOT.parent / "shared" / "data"))
    if (mirror / "goes_xrs_ngdc").is_dir():
        rows += [*bench_parsers(mirror), *bench_cubes(mirror / "fits_sharp_377_series")]
    else:
        print(f"{mirror}: no real files; FLAREDAG_MIRROR may name a folder for parsers and cubes")
    tables = sorted((results / "published" / "tables").glob("*.nc"))
    if tables:
        rows += bench_windows(tables, sorted((results / "published" / "flares").glob("s*arp-*.nc")))
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
    make_windows(records, flare_list, None, settings=settings)
    seconds = time.process_time() - begun
    return len(records), seconds, peak_kibibytes() / 1024


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


def bench_keywords() -> list[tuple[str, str, str]]:
    """Keywords of one vector map of the size of HARP 377, errors included, and of small line-of-sight maps."""
    from flaredag.keywords import line_of_sight_keywords
    from flaredag.vector_keywords import vector_keywords

    rng = np.random.default_rng(0)
    shape = (377, 744)
    segments = {name: rng.normal(0, 300, shape) for name in ("Br", "Bp", "Bt")}
    segments |= {f"{name}_err": np.full(shape, 30.0) for name in ("Br", "Bp", "Bt")}
    segments |= {"bitmap": np.full(shape, 34), "conf_disambig": np.full(shape, 90)}
    vector = statistics.median(
        _cpu_seconds(lambda: vector_keywords(segments, pixel_degrees=0.03)) for _ in range(N_ROUNDS)
    )
    small = segments["Br"][:100, :200], segments["bitmap"][:100, :200]
    line_of_sight = _cpu_seconds(
        lambda: [line_of_sight_keywords(*small, instrument="sharp", pixel_degrees=0.03) for _ in range(200)]
    )
    return [
        ("keywords of a 377 x 744 vector map: time", f"{vector:.2f} s", "<= 1 s"),
        ("line-of-sight keywords of a 200 x 100 map: time", f"{line_of_sight / 200 * 1e3:.1f} ms", "a few ms"),
    ]


def bench_simulated_sun() -> list[tuple[str, str, str]]:
    """The raw files of the embedded archive as they stand in config.yaml, on two cores."""
    from flaredag.accounting import read_accounts

    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", folder]
        # The last of the raw files to be made: it needs all shards.
        command += ["--cores", "2", "--", "results/embedded/raw/harp_noaa/all_harps_with_noaa_ars.txt"]
        seconds = _seconds(lambda: subprocess.run(command, check=True, capture_output=True))
        results = Path(folder, "results")
        mebibytes = sum(path.stat().st_size for path in results.rglob("*") if path.is_file()) / 2**20
        accounts, _ = read_accounts(results, since=0.0)
        peaks = sorted(account.peak_memory_mib for account in accounts)
    return [
        ("the simulated Sun: time on two cores", f"{seconds:.0f} s", "<= 90 s"),
        ("the simulated Sun: peak of the two largest jobs", f"{sum(peaks[-2:]):.0f} MiB", "< 3072 MiB"),
        ("the simulated Sun: on disk", f"{mebibytes:.0f} MiB", "< 400 MB"),
    ]


def bench_parsers(mirror: Path) -> list[tuple[str, str, str]]:
    """Flare lists, in lines of CPU time a second: the real ones, and HEK's and SWPC's forms made from them."""
    from flaredag.compiled_lists import read_compiled_list
    from flaredag.hek_events import read_hek_events
    from flaredag.ncei_reports import read_ncei_report
    from flaredag.noaa_files import pack
    from flaredag.swpc_events import read_swpc_events
    from made_up_lists import hek_events, swpc_texts

    ncei = sorted((mirror / "goes_xrs_ngdc").glob("*.txt.gz"))
    compiled = mirror / "swpc_flares_2010_2025" / "ftp_20100101_20251115.csv.gz"
    flares, _ = read_compiled_list(compiled)
    with tempfile.TemporaryDirectory() as folder:
        hek, swpc = Path(folder, "hek.json"), Path(folder, "2010_events.tar.gz")
        hek.write_text(json.dumps({"result": hek_events(flares)}))
        pack(swpc, swpc_texts(flares))
        rates = {
            "NCEI": _lines_a_second(lambda: [read_ncei_report(path)[0] for path in ncei]),
            "SWPC's flares as CSV": _lines_a_second(lambda: [read_compiled_list(compiled)[0]]),
            "HEK": _lines_a_second(lambda: [read_hek_events(hek)[0]]),
            "SWPC's daily texts": _lines_a_second(lambda: [read_swpc_events(swpc)[0]]),
        }
    return [(f"flare lines a second: {name}", f"{rate:,.0f}", ">= 100,000") for name, rate in rates.items()]


def _lines_a_second(read: Callable[[], list]) -> float:
    n_lines = sum(map(len, read()))
    return n_lines / statistics.median(_cpu_seconds(read) for _ in range(3))


def bench_cubes(series: Path) -> list[tuple[str, str, str]]:
    """FITS -> cube against a loop that only opens and decompresses the same files; memory; two shards at once."""
    from patch_files import write_index

    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        paths = sorted(series.glob("*.fits"))
        indices = [write_index(Path(folder, f"{name}.json"), {path.name: path for path in paths}) for name in "ab"]
        few = write_index(Path(folder, "few.json"), {path.name: path for path in paths[::10]})
        with context.Pool(1) as pool:
            ratio = pool.apply(_cube_rate, (indices[0],))
        peaks = []
        for index in (few, indices[0]):
            with context.Pool(1) as pool:
                peaks.append(pool.apply(_cube_peak, (index,)))
        with context.Pool(2) as pool:
            pool.map(_curate_cube, [few, few], chunksize=1)  # imports
            one = _seconds(lambda: pool.apply(_curate_cube, (indices[0],)))
            two = _seconds(lambda: pool.map(_curate_cube, indices, chunksize=1))
    return [
        ("FITS -> cube: rate against opening and decompressing alone", f"{ratio:.3f}", ">= 0.8"),
        ("FITS -> cube: peak memory with ten times as many files", f"{peaks[1] / peaks[0]:.2f} x", "about 1"),
        ("FITS -> cube: two shards on two cores against one", f"{2 * one / two:.2f} x", "about 2"),
    ]


def _curate_cube(index: Path) -> None:
    from curate_cubes import main

    out = tempfile.mkdtemp(dir=index.parent)
    settings = {"pixels": 128, "sharp_to_smarp": "subsample"}
    paths = [f"{out}/{name}" for name in ("cube.zarr.zip", "counts.json", "rejected.csv")]
    main(str(index), *paths, instrument="sharp", shard=3, settings=settings)


def _cube_rate(index: Path) -> float:
    from astropy.io import fits

    def bare() -> None:
        for path in sorted(index.with_suffix("").iterdir()):
            with fits.open(path) as hdus:
                _ = hdus[1].data

    bare(), _curate_cube(index)
    return statistics.median(_cpu_seconds(bare) / _cpu_seconds(lambda: _curate_cube(index)) for _ in range(5))


def _cube_peak(index: Path) -> float:
    """Peak memory, KiB."""
    _curate_cube(index)
    return peak_kibibytes()


def bench_nothing_to_do() -> tuple[str, str, str]:
    """Snakemake again on a finished run."""
    archive = json.loads((ROOT / "results" / "manifest.json").read_text())["archive"]
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all", "--config", f"archive={archive}"]
    seconds = _seconds(lambda: subprocess.run(command, cwd=ROOT, check=True, capture_output=True))
    return "snakemake with nothing changed: time", f"{seconds:.1f} s", "<= 6 s"


def _cpu_seconds(function: Callable[[], object]) -> float:
    begun = time.process_time()
    function()
    return time.process_time() - begun


def _seconds(function: Callable[[], object]) -> float:
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
