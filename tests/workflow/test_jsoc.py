"""The archive `jsoc` from end to end: servers of this machine serve the simulated Sun as JSOC, HEK and NOAA do."""

import shutil
import tarfile
from contextlib import ExitStack

import numpy as np
import pytest
import xarray as xr

from flaredag.artifacts import sha256_of_file
from flaredag.keyword_ranges import LORENTZ_FORCE as FORCES
from flaredag.samples import read_windows
from jsoc_server import JsocServer
from local_server import running
from noaa_server import NoaaServer
from tiny_project import Project, make_tiny

NOTIFY = "somebody@example.org"
SHARD = "sharp-1"
LORENTZ_FORCE = set(FORCES)


def files_of_noaa(raw) -> dict[str, bytes]:
    """Contents of NOAA's files by path, from the raw files of an archive."""
    files = {"/map.txt": (raw / "harp_noaa/all_harps_with_noaa_ars.txt").read_bytes()}
    files |= {f"/ncei/{path.name}": path.read_bytes() for path in (raw / "ncei").iterdir()}
    for archive in (raw / "srs").glob("*_SRS.tar.gz"):
        with tarfile.open(archive) as members:
            for member in members:
                name = member.name.rpartition("/")[2]
                files[f"/srs/{name[:4]}/{name[4:6]}/{name}"] = members.extractfile(member).read()
    return files


def serve(project, raw, jsoc: JsocServer, noaa: NoaaServer) -> None:
    """Configure `project` to retrieve the regions and years of the raw files `raw` from the two servers."""
    shards = [path.stem for path in (raw / "keywords").glob("*.csv")]
    years = sorted(int(path.stem) for path in (raw / "hek").glob("*.json"))

    def change(config):
        archive = config["archives"]["jsoc"]
        archive["flare_lists"] = ["hek", "ncei"]
        archive["retrieval"] |= {
            "as_of": f"{years[-1] + 1}-12-31",
            "years": [years[0], years[-1]],
            "notify": NOTIFY,
            "records_per_export": 500,
            # The simulated records of bad QUALITY are to come too, so that all can be compared.
            "quality_below": {"sharp": 2**32, "smarp": 2**32},
            # The one of the simulated Sun.
            "vector_keywords": {"cadence_minutes": 96},
            "regions": {},
        }
        for instrument in ("sharp", "smarp"):
            numbers = [int(name.partition("-")[2]) for name in shards if name.startswith(instrument)]
            archive["retrieval"]["regions"][instrument] = [min(numbers) * 100, max(numbers) * 100 + 99]
        archive["retrieval"]["addresses"] = {
            "jsoc": jsoc.address,
            "hek": f"{jsoc.address}hek/her",
            "ncei": [f"{noaa.address}ncei/goes-xrs-report_{{year}}.txt"],
            "swpc": f"{noaa.address}events/{{date}}.txt",
            "srs": f"{noaa.address}srs/{{year}}/{{month}}/{{date}}SRS.txt",
            "harp_noaa": f"{noaa.address}map.txt",
        }

    project.configure(change)


@pytest.fixture
def served(finished, project):
    """A fresh project whose archive `jsoc` is served from the raw files of the finished run, and the two servers."""
    raw = finished.path("results/embedded/raw")
    with ExitStack() as stack:
        jsoc = stack.enter_context(running(JsocServer.from_raw(raw, registered=(NOTIFY,))))
        noaa = stack.enter_context(running(NoaaServer(files_of_noaa(raw))))
        serve(project, raw, jsoc, noaa)
        yield project, jsoc, noaa


def test_what_is_retrieved_gives_what_the_simulated_files_give(served, finished):
    """All of a small archive through misbehaving servers: the same tables, cubes and flares as without them."""
    project, jsoc, noaa = served
    jsoc.fail("rs_list", "500", "garbage", "cut", "slow")
    jsoc.fail("exp_request", "429", "drop")
    jsoc.fail("Lorentz", "500", "cut")
    # Files alone: a request for an export names the segment too, and five faults in a row are more than it is tried.
    jsoc.fail(r"magnetogram\.fits", "cut", "garbage", "500", "slow")
    noaa.fail("SRS", "500", "cut", "slow")
    # Fits are filed under what they are made from: of the same samples none is made anew.
    shutil.copytree(finished.path("results/store"), project.path("results/store"))
    embedded, retrieved = (one.path(f"results/{name}") for one, name in ((finished, "embedded"), (project, "jsoc")))
    cubes = [f"results/jsoc/cubes/{path.name}" for path in sorted((embedded / "cubes").glob("*.zarr.zip"))]
    targets = [*cubes, "results/jsoc/regions.nc", "results/jsoc/archive.json", "results/jsoc/sun2022/scores.csv"]
    ran = project.run("--config", "archive=jsoc", "--", *targets)
    assert {"retrieve_keywords", "retrieve_segments", "retrieve_hek_flares", "verify_predictions"} <= set(ran)
    assert not [rule for rule in ran if rule.startswith("fit_")]
    # A study of hourly records with the Lorentz forces, beside the one that takes those of every 96 minutes.
    of_hourly = ("--config", "archive=jsoc", "studies=liu2019", "--", "results/jsoc/liu2019/windows.nc")
    assert set(project.run(*of_hourly)) == {"retrieve_keywords", "curate_jsoc_keywords", "make_windows"}
    assert not jsoc.faults
    assert not noaa.faults
    for path in sorted((embedded / "tables").glob("*.nc")):
        theirs = xr.load_dataset(path, decode_times=False)
        mine = xr.load_dataset(retrieved / "tables" / path.name, decode_times=False)
        # The simulated records have the Lorentz forces too, which JSOC has in a series of their own.
        xr.testing.assert_identical(theirs[sorted(mine)], mine[sorted(mine)])
        assert set(theirs) - set(mine) == (LORENTZ_FORCE if path.name.startswith("sharp") else set())
        if path.name.startswith("sharp"):
            hourly = xr.load_dataset(retrieved / "hourly_tables" / path.name, decode_times=False)
            assert hourly.sizes["record"] > 0
            xr.testing.assert_identical(theirs.isel(record=theirs["t_rec"].to_numpy() % 3600 == 0), hourly)
    windows = read_windows(retrieved / "liu2019/windows.nc", "at_least_m")
    assert len(windows.feature_names) == 40
    assert set(windows.feature_names) >= LORENTZ_FORCE
    assert np.isfinite(windows.features[windows.step_record[windows.step_record >= 0]]).all()
    for path in sorted((embedded / "cubes").glob("*.zarr.zip")):
        assert sha256_of_file(retrieved / "cubes" / path.name) == sha256_of_file(path), path.name
    for name in ("flares/goes.nc", "region_summaries.nc", "regions.nc"):
        assert sha256_of_file(retrieved / name) == sha256_of_file(embedded / name), name
    assert project.run("--config", "archive=jsoc", "--", *targets) == []
    assert project.run(*of_hourly) == []
    said = [path for path in project.folder.rglob("*") if path.is_file() and path.name != "config.yaml"]
    assert not [path for path in said if NOTIFY.encode() in path.read_bytes()]


def test_vector_segments_retrieved_give_what_the_simulated_ones_give(finished_copy, tmp_path):
    """The same list, files and table of one shard, through a misbehaving server."""
    project = Project(tmp_path / "retrieved")
    project.configure(make_tiny)
    of_field = [f"raw/vector_segments/{SHARD}.json", f"high_energy_sharp_tables/{SHARD}.nc"]
    finished_copy.run("--", *(f"results/embedded/{name}" for name in of_field))
    embedded, retrieved = finished_copy.path("results/embedded"), project.path("results/jsoc")
    # Lists of flares are retrieved elsewhere in these tests.
    (retrieved / "flares").mkdir(parents=True)
    shutil.copy(embedded / "flares/goes.nc", retrieved / "flares/goes.nc")
    rules = [
        "retrieve_keywords", "curate_jsoc_keywords", "list_days_before_flares", "retrieve_vector_segments",
        "curate_high_energy_records",
    ]  # fmt: skip
    arguments = ("--config", "archive=jsoc", "--allowed-rules", *rules, "--", *(f"results/jsoc/{n}" for n in of_field))
    with running(JsocServer.from_raw(embedded / "raw", registered=(NOTIFY,))) as jsoc:
        serve(project, embedded / "raw", jsoc, jsoc)
        jsoc.fail("exp_request", "429", "drop")
        jsoc.fail(r"(Br|bitmap)\.fits", "cut", "garbage", "500", "slow")
        assert project.run(*arguments) == sorted(rules)
        assert not jsoc.faults
        assert project.run(*arguments) == []
    days = f"days_before_flares/{SHARD}.csv"
    assert sha256_of_file(retrieved / days) == sha256_of_file(embedded / days)
    of_retrieved, of_simulated = (
        xr.load_dataset(one / of_field[1], decode_times=False) for one in (retrieved, embedded)
    )
    # As above: JSOC has the Lorentz forces in a series of their own.
    xr.testing.assert_identical(of_simulated[sorted(of_retrieved)], of_retrieved[sorted(of_retrieved)])
    assert set(of_simulated) - set(of_retrieved) == LORENTZ_FORCE
    mine, theirs = ((folder / "raw/vector_segments" / SHARD) for folder in (retrieved, embedded))
    files = {path.name: sha256_of_file(path) for path in theirs.iterdir()}
    assert {path.name: sha256_of_file(path) for path in mine.iterdir()} == files
    assert len(files) > 100


def test_without_a_notify_address_the_export_says_what_to_do(served):
    project, _, _ = served
    project.configure(lambda config: config["archives"]["jsoc"]["retrieval"].update(notify=""))
    result = project.attempt("--config", "archive=jsoc", "--", "results/report.pdf")
    assert result.returncode != 0
    assert "FLAREDAG_NOTIFY" in result.stdout
    assert "Traceback" not in result.stdout
