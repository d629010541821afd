"""The rule that makes windows: what it reads and writes, and its summary."""

import json

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.samples import read_magnetograms, read_windows
from flaredag.study_windows import make_windows
from flaredag.tables import write_flares, write_records
from made_up_archive import write_made_up_cube
from made_up_records import SETTINGS, flares_of, records_of, settings_with
from make_windows import main, summary


def test_summary_by_hand():
    records = pd.concat([records_of(377), records_of(12, instrument="smarp", noaa_ars="")])
    told = summary(*make_windows(records, flares_of(("2012-01-02T02:00:00", 2e-5, 11158)), None, settings=SETTINGS))
    assert told["samples"] == {
        "sharp": {"positive": 2, "negative": 0, "event_rate": 1.0},
        "smarp": {"positive": 0, "negative": 5, "event_rate": 0.0},
    }
    assert {name: n for name, n in told["evolution"]["sharp"].items() if n} == {"QUIET->STRONG": 2, "STRONG->QUIET": 3}
    assert told["evolution"]["smarp"]["QUIET->QUIET"] == 5
    assert told["records"]["sharp"]["records"] == 20


def test_the_summary_tells_each_task():
    tasks = {
        "m_24h": {"strong_class": "M1.0", "horizon_hours": 24},
        "c_6h": {"strong_class": "C1.0", "horizon_hours": 6},
    }
    flares = flares_of(("2012-01-02T02:00:00", 5e-6, 11158))
    told = summary(*make_windows(records_of(), flares, None, settings=settings_with(labels={"tasks": tasks})))
    assert list(told["samples"]) == [
        f"{instrument} {task}" for task in ("m_24h", "c_6h") for instrument in ("sharp", "smarp")
    ]
    assert told["samples"]["sharp c_6h"] == {"positive": 2, "negative": 0, "event_rate": 1.0}
    assert told["evolution"]["sharp m_24h"]["QUIET->WEAK"] == 2


class TestMain:
    @pytest.fixture
    def files(self, tmp_path):
        """Tables of two shards, flares, and paths of what is made."""
        for shard, region in enumerate((377, 401)):
            table = records_of(region).drop(columns=["instrument", "split_group"])
            write_records(tmp_path / f"sharp-{shard}.nc", table, instrument="sharp")
        write_flares(tmp_path / "goes.nc", flares_of(("2012-01-02T02:00:00", 2e-5, 11158)))
        return {
            "tables": [str(tmp_path / "sharp-1.nc"), str(tmp_path / "sharp-0.nc")],
            "flares": [str(tmp_path / "goes.nc")],
            "windows": str(tmp_path / "windows.nc"),
            "samples": str(tmp_path / "samples.json"),
        }

    def test_reads_shards_and_writes_windows_and_summary(self, files, tmp_path):
        main(**files, cubes=[], settings=SETTINGS)
        study = read_windows(files["windows"])
        assert study.region.tolist() == [377] * 5 + [401] * 5
        # Without a group of its own a region is its own group.
        assert study.split_group.tolist() == study.region.tolist()
        assert study.images is None
        told = json.loads((tmp_path / "samples.json").read_text())
        assert told["records"]["sharp"]["records"] == 40
        assert told["samples"]["sharp"]["positive"] == 4

    def test_reads_the_columns_of_cubes(self, files, tmp_path):
        rng = np.random.default_rng(0)
        frames = {}
        for shard, region in enumerate((377, 401)):
            frames[region] = rng.integers(-4000, 4000, (20, 5, 5)).astype(np.int16)
            write_made_up_cube(
                tmp_path / f"sharp-{shard}.zarr.zip", records_of(region), frames[region], instrument="sharp"
            )
        cubes = [str(tmp_path / f"sharp-{shard}.zarr.zip") for shard in (1, 0)]
        main(**files, cubes=cubes, settings=SETTINGS)
        study = read_windows(files["windows"])
        assert study.images.cubes == ("sharp-0", "sharp-1")
        assert study.images.cube.tolist() == [0] * 5 + [1] * 5
        got = read_magnetograms(study.images, np.arange(10), {f"sharp-{i}": cubes[1 - i] for i in (0, 1)})
        np.testing.assert_array_equal(got, np.concatenate([frames[377][15:], frames[401][15:]]))

    def test_cubes_of_another_archive_leave_nothing_behind(self, files, tmp_path):
        steps = np.zeros((20, 5, 5), dtype=np.int16)
        write_made_up_cube(tmp_path / "sharp-0.zarr.zip", records_of(9), steps, instrument="sharp")
        with pytest.raises(InputError, match="Make tables and cubes from one archive"):
            main(**files, cubes=[str(tmp_path / "sharp-0.zarr.zip")], settings=SETTINGS)
        assert not (tmp_path / "windows.nc").exists()
        assert not (tmp_path / "samples.json").exists()
