"""The rule simulate_sun: same seed, same bytes; regions enough of either class; bad input told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flaredag.artifacts import sha256_of_file
from flaredag.errors import InputError
from flaredag.splits import split_regions
from simulate_sun import main, simulate_sun

SETTINGS: dict[str, Any] = {
    "regions_per_instrument": 8,
    "bad_record_fraction": 0.02,
    "gaps_per_region": 1.0,
    "unattributed_flare_fraction": 0.1,
}


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    digests = []
    for run, seed in enumerate((3, 3, 4)):
        folder = tmp_path / str(run)
        keywords = {name: str(folder / f"{name}-keywords.csv") for name in ("sharp", "smarp")}
        main(keywords, str(folder / "goes-flares.csv"), seed=seed, **SETTINGS)
        digests.append([sha256_of_file(path) for path in sorted(folder.iterdir())])
    assert len(digests[0]) == 3
    assert digests[0] == digests[1]
    assert all(one != other for one, other in zip(digests[0], digests[2], strict=True))


def test_a_table_does_not_depend_on_which_others_are_made() -> None:
    alone, _ = simulate_sun(["smarp"], seed=1, **SETTINGS)
    together, _ = simulate_sun(["sharp", "smarp"], seed=1, **SETTINGS)
    pd.testing.assert_frame_equal(alone["smarp"], together["smarp"])


def test_eras_regions_and_noaa_numbers_of_the_two_instruments_are_disjoint() -> None:
    tables, _ = simulate_sun(["sharp", "smarp"], seed=0, **SETTINGS)
    years = {name: set(table["T_REC"].str[:4].astype(int)) for name, table in tables.items()}
    assert years["sharp"] <= set(range(2011, 2016))
    assert years["smarp"] <= set(range(1999, 2004))
    noaa = {name: set(table["NOAA_ARS"].str.split(",").explode()) for name, table in tables.items()}
    assert not noaa["sharp"] & noaa["smarp"]


def test_a_third_or_more_of_the_regions_flare_strongly_and_many_never() -> None:
    settings = SETTINGS | {"regions_per_instrument": 60}
    tables, flares = simulate_sun(["sharp", "smarp"], seed=3, **settings)
    strong_ars = set(flares.loc[flares["goes_class"].str[0].isin(["M", "X"]), "noaa_ar"])
    any_ars = set(flares["noaa_ar"])
    for table in tables.values():
        patches = table.drop_duplicates("NOAA_ARS")["NOAA_ARS"]
        ars = [{int(ar) for ar in text.split(",")} for text in patches]
        assert np.mean([bool(ar & strong_ars) for ar in ars]) > 0.3
        assert np.mean([not ar & any_ars for ar in ars]) > 0.1


def test_an_unknown_instrument_is_told() -> None:
    with pytest.raises(InputError, match=r"no simulation of \['aia'\]"):
        simulate_sun(["aia"], seed=0, **SETTINGS)


def test_whatever_the_split_each_part_has_regions_that_flare_strongly() -> None:
    tables, flares = simulate_sun(["sharp", "smarp"], seed=3, **SETTINGS | {"regions_per_instrument": 60})
    strong_ars = set(flares.loc[flares["goes_class"].str[0].isin(["M", "X"]), "noaa_ar"].astype(str))
    for table, number in zip(tables.values(), ("HARPNUM", "TARPNUM"), strict=True):
        flaring = table[[bool(set(ars.split(",")) & strong_ars) for ars in table["NOAA_ARS"]]]
        for seed in range(10):
            splits = split_regions(table[number].to_numpy(), seed=seed, test_fraction=0.2, validation_fraction=0.2)
            assert all(flaring[number].isin(regions).any() for regions in splits.values())
