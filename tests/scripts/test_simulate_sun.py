"""The rule simulate_sun: one shard; same seed, same bytes; what is listed is there."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from curate_jsoc_keywords import curate_jsoc_keywords, wanted_columns
from flaredag.artifacts import read_json
from flaredag.errors import InputError
from flaredag.fits_files import PatchImage, read_index, read_listed_image
from flaredag.raw_records import read_raw_records
from flaredag.shards import shard_of
from flaredag.simulated_flares import FLARE_COLUMNS
from flaredag.simulated_regions import number_of
from flaredag.tables import read_raw_csv
from simulate_sun import main

SETTINGS: dict[str, Any] = {"bad_record_fraction": 0.05, "gaps_per_region": 1.0}


def simulate(folder: Path, numbers: list[int], *, seed: int = 7, instrument: str = "smarp") -> dict[str, Path]:
    paths = {
        "keywords": folder / "keywords/a-1.csv", "index": folder / "segments/a-1.json", "flares": folder / "flares.csv"
    }  # fmt: skip
    main(*(str(path) for path in paths.values()), instrument=instrument, numbers=numbers, seed=seed, **SETTINGS)
    return paths


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    made = []
    for run, seed in enumerate((7, 7, 8)):
        simulate(tmp_path / str(run), [number_of("smarp", 2, seed)], seed=seed)
        made.append(digests(tmp_path / str(run)))
    assert made[0] == made[1]
    assert not set(made[0].values()) & set(made[2].values())


@pytest.mark.parametrize("instrument", ["sharp", "smarp"])
def test_a_shard_is_read_as_that_of_jsoc_is(tmp_path: Path, instrument: str) -> None:
    number = number_of(instrument, 2, 7)
    paths = simulate(tmp_path, [number], instrument=instrument)
    texts, wrong = read_raw_records(paths["keywords"], wanted_columns(instrument))
    records, counts, rejected = curate_jsoc_keywords(
        texts, instrument=instrument, shard=shard_of(number), path=str(paths["keywords"])
    )
    assert not wrong
    assert not rejected
    assert counts["regions"] == 1
    listed = read_index(paths["index"])
    assert len(listed) > 0.9 * len(records)
    folder = paths["index"].with_suffix("")
    assert sorted(path.name for path in folder.iterdir()) == [file.name for file in listed]
    for file in listed[::7]:
        found = read_listed_image(folder, file, source="index")
        assert isinstance(found, PatchImage), found
        assert found.header.region == number
        assert found.remarks == ()
        row = records[records["t_rec"] == found.header.t_rec].iloc[0]
        assert found.header.quality == row["quality"]
        assert found.header.longitude_min == pytest.approx(row["longitude_min"], abs=1e-4)


def test_a_shard_is_that_of_its_regions_alone_and_what_lay_there_is_cleared(tmp_path: Path) -> None:
    numbers = [number_of("smarp", k, 7) for k in (2, 3)]
    together = pd.read_csv(simulate(tmp_path / "a", numbers)["keywords"], dtype=str)
    stray = tmp_path / "b/segments/a-1/stray.fits"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"left by a killed job")
    alone = pd.read_csv(simulate(tmp_path / "b", numbers[:1])["keywords"], dtype=str)
    assert not stray.exists()
    pd.testing.assert_frame_equal(together[together["TARPNUM"] == str(numbers[0])], alone)


def test_flares_of_a_region_are_the_same_for_both_instruments(tmp_path: Path) -> None:
    flares = []
    for instrument in ("sharp", "smarp"):
        paths = simulate(tmp_path / instrument, [number_of(instrument, k, 7) for k in (1, 2)], instrument=instrument)
        flares.append(paths["flares"].read_bytes())
    assert flares[0] == flares[1]


def test_no_regions_make_empty_files(tmp_path: Path) -> None:
    paths = simulate(tmp_path, [])
    assert list(read_raw_csv(paths["flares"], FLARE_COLUMNS)) == list(FLARE_COLUMNS)
    assert len(read_raw_csv(paths["keywords"], wanted_columns("smarp"))) == 0
    assert read_json(paths["index"]) == {"files": []}


def test_a_number_that_no_region_has_is_told(tmp_path: Path) -> None:
    known = {number_of("smarp", k, 7) for k in range(5)}
    unknown = next(n for n in range(min(known), max(known)) if n not in known)
    with pytest.raises(InputError, match=f"smarp {unknown}: no simulated region"):
        simulate(tmp_path, [unknown])
    assert not (tmp_path / "segments/a-1.json").exists()
