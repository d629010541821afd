"""The rule simulate_catalogues: lists that other readers take, flares once, years of the rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flaredag.artifacts import sha256_of_file, write_csv
from flaredag.errors import InputError
from flaredag.hek_events import read_hek_events
from flaredag.ncei_reports import read_ncei_report
from flaredag.region_summaries import read_region_summaries
from flaredag.simulated_flares import region_flares
from flaredag.simulated_lists import told_apart
from flaredag.simulated_regions import regions_of_instrument, seen_regions, solar_region, years
from simulate_catalogues import harp_noaa_map, main, read_flares

SEED, N_REGIONS = 105, {"sharp": 8, "smarp": 8}
YEARS = years(N_REGIONS, SEED)
SETTINGS: dict[str, Any] = {
    "n_regions": N_REGIONS, "seed": SEED, "unattributed_flare_fraction": 0.1,
    "misattributed_flare_fraction": 0.02, "list_difference_fraction": 0.05,
}  # fmt: skip


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Flares of all regions, a file an instrument: those of the overlap stand in both."""
    folder = tmp_path_factory.mktemp("shards")
    for instrument in ("sharp", "smarp"):
        flares = [region_flares(solar_region(k, SEED), SEED) for k in regions_of_instrument(instrument, N_REGIONS)]
        write_csv(folder / f"{instrument}.csv", pd.concat(flares, ignore_index=True))
    return [str(path) for path in sorted(folder.iterdir())]


def simulate(folder: Path, shards: list[str], **settings: Any) -> dict[str, list[Path]]:
    paths = {
        "ncei": [folder / f"ncei/goes-xrs-report_{year}.txt" for year in YEARS],
        "hek": [folder / f"hek/{year}.json" for year in YEARS],
        "srs": [folder / f"srs/{year}_SRS.tar.gz" for year in YEARS],
        "harp_noaa": [folder / "all_harps_with_noaa_ars.txt"],
    }
    lists = ([str(path) for path in paths[name]] for name in ("ncei", "hek", "srs"))
    main(shards, *lists, str(paths["harp_noaa"][0]), **({"years": YEARS} | SETTINGS | settings))
    return paths


def test_lists_hold_every_flare_once_and_differ_a_little(tmp_path: Path, shards: list[str]) -> None:
    paths = simulate(tmp_path, shards)
    seen = told_apart(
        pd.concat([region_flares(solar_region(k, SEED), SEED) for k in seen_regions(N_REGIONS)], ignore_index=True)
    )
    assert len(seen) > 30
    lists = []
    for read, name in ((read_ncei_report, "ncei"), (read_hek_events, "hek")):
        tables = [read(path) for path in paths[name] if path.read_text().strip() not in ("", '{\n "result": []\n}')]
        assert not any(rejected for _, rejected in tables)
        lists.append(pd.concat([table for table, _ in tables]))
        assert 0.9 * len(seen) < len(lists[-1]) <= len(seen)
    keys = [set(zip(one["peak_time"], one["goes_class"], one["noaa_ar"], strict=True)) for one in lists]
    assert keys[0] != keys[1]
    assert len(keys[0] & keys[1]) > 0.8 * len(seen)


def test_summaries_and_map_tell_of_the_same_regions(tmp_path: Path, shards: list[str]) -> None:
    paths = simulate(tmp_path, shards)
    rows = [read_region_summaries(path) for path in paths["srs"]]
    assert not any(rejected for _, rejected in rows)
    told = set(pd.concat([table for table, _ in rows])["noaa_ar"])
    numbers = {ar for k in seen_regions(N_REGIONS) for ar in solar_region(k, SEED).noaa_ars}
    assert len(told & numbers) > 0.8 * len(numbers)
    lines = paths["harp_noaa"][0].read_text().splitlines()
    assert lines[0] == "HARPNUM NOAA_ARS"
    assert len(lines) == 1 + N_REGIONS["sharp"]
    region = solar_region(0, SEED)
    assert lines[1] == f"{region.numbers['sharp']} {','.join(map(str, region.noaa_ars))}"
    assert harp_noaa_map(N_REGIONS, SEED).splitlines() == lines


def test_same_input_same_bytes(tmp_path: Path, shards: list[str]) -> None:
    made = []
    for run in ("a", "b"):
        paths = simulate(tmp_path / run, shards)
        made.append([sha256_of_file(path) for of_kind in paths.values() for path in of_kind])
    assert made[0] == made[1]


def test_a_flare_of_the_overlap_is_read_once(shards: list[str]) -> None:
    flares = read_flares(shards)
    assert not flares.duplicated().any()
    assert len(flares) < sum(len(pd.read_csv(path)) for path in shards)


def test_flares_outside_the_years_are_told(tmp_path: Path, shards: list[str]) -> None:
    with pytest.raises(InputError, match=r"outside the years \[1999"):
        simulate(tmp_path, shards, years=range(1999, 1999 + len(YEARS)))
    assert not list(tmp_path.rglob("*.json"))
