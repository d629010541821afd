"""Regions of the simulated Sun: pure functions of seed and k; shards that grow at one place; nothing in a number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.simulated_regions import (
    FIRST_NUMBER,
    MOST_REGIONS_OF_BOTH,
    number_of,
    numbers_by_shard,
    region_of_number,
    regions_of_instrument,
    seen_regions,
    solar_region,
    synodic_rotation_deg_a_day,
    years,
)


def of_each(n_regions: int) -> dict[str, int]:
    return {"sharp": n_regions, "smarp": n_regions}


def test_rotation_is_that_of_spots_seen_from_earth() -> None:
    # 14.366 - 0.9856 at the equator; at 30 degrees sin^2 = 1/4: less 2.297 / 4 and 1.624 / 16.
    at_equator, at_30 = synodic_rotation_deg_a_day(np.array([0.0, 30.0]))
    assert at_equator == pytest.approx(13.3804)
    assert at_30 == pytest.approx(13.3804 - 0.57425 - 0.1015)


def test_both_instruments_see_the_regions_of_the_overlap() -> None:
    both = set(regions_of_instrument("sharp", of_each(60))) & set(regions_of_instrument("smarp", of_each(60)))
    assert both == set(range(MOST_REGIONS_OF_BOTH))
    first, last = (solar_region(k, 1) for k in (0, MOST_REGIONS_OF_BOTH - 1))
    assert first.times[0] >= np.datetime64("2010-05-01")
    assert last.times[-1] < np.datetime64("2010-10-29")


@given(st.integers(1, 80), st.integers(0, 1000), st.sampled_from(["sharp", "smarp"]))
@settings(max_examples=40)
def test_one_region_more_changes_one_shard(n_regions: int, seed: int, instrument: str) -> None:
    n_more = of_each(n_regions) | {instrument: n_regions + 1}
    fewer, more = numbers_by_shard(of_each(n_regions), seed), numbers_by_shard(n_more, seed)
    assert set(fewer) <= set(more)
    (changed,) = [shard for shard, numbers in more.items() if fewer.get(shard) != numbers]
    assert changed.startswith(instrument)
    assert len(set(more[changed]) - set(fewer.get(changed, []))) == 1


def test_numbers_lie_in_their_shards_and_grow_with_irregular_gaps() -> None:
    shards = numbers_by_shard(of_each(60), 5)
    assert all(number // 100 == int(name.split("-")[1]) for name, numbers in shards.items() for number in numbers)
    for instrument in FIRST_NUMBER:
        numbers = [n for name, own in shards.items() if name.startswith(instrument) for n in own]
        gaps = np.diff(numbers)
        assert len(numbers) == 60
        assert gaps.min() >= 1
        assert len(set(gaps.tolist())) > 4


def test_a_number_leads_back_to_its_region_and_another_is_refused() -> None:
    assert region_of_number("sharp", number_of("sharp", 7, 3), 3) == solar_region(7, 3)
    assert region_of_number("smarp", number_of("smarp", -7, 3), 3) == solar_region(-7, 3)
    numbers = {number_of("sharp", k, 3) for k in range(10)}
    unknown = next(number for number in range(3, 50) if number not in numbers)
    with pytest.raises(InputError, match="no simulated region of seed 3"):
        region_of_number("sharp", unknown, 3)


def test_a_region_is_the_same_whatever_was_made_before() -> None:
    solar_region.cache_clear()
    one = solar_region(4, 9)
    solar_region.cache_clear()
    solar_region(3, 9)
    solar_region(4, 8)
    assert solar_region(4, 9) == one
    assert solar_region(4, 8) != one


def test_tracks_are_on_the_grid_in_order_and_of_3_to_12_days() -> None:
    regions = [solar_region(k, 2) for k in seen_regions(of_each(60))]
    starts = np.array([region.times[0] for region in regions])
    assert (np.diff(starts) > -np.timedelta64(9, "D")).all()
    since_midnight = starts - starts.astype("datetime64[D]")
    assert (since_midnight % np.timedelta64(96, "m") == np.timedelta64(0)).all()
    lengths = np.array([region.n_records for region in regions])
    assert lengths.min() >= 45
    assert lengths.max() <= 180
    assert 80 < lengths.mean() < 105
    for region in regions:
        assert (np.abs(region.longitude_deg(region.times)) <= 89).all()
    noaa = [ar for region in regions for ar in region.noaa_ars]
    assert len(noaa) == len(set(noaa))
    assert {len(region.noaa_ars) for region in regions} == {1, 2, 3}


def test_nothing_of_a_region_can_be_read_from_its_place_in_the_catalogue() -> None:
    # Flux of the first bipole against k, and k within its stratum: 400 regions give |r| < 0.15 at three sigma.
    k = np.arange(-200, 200)
    amplitude = np.array([solar_region(int(one), 11).bipoles[0].amplitude_gauss for one in k])
    number = np.array([number_of("sharp", int(one), 11) for one in k])
    for readable in (k, k % 20, number % 10, number - 5 * k):
        assert abs(np.corrcoef(readable, amplitude)[0, 1]) < 0.15


def test_of_twenty_neighbours_about_half_are_active_and_none_is_told_by_the_next() -> None:
    amplitude = np.array([solar_region(k, 6).bipoles[0].amplitude_gauss for k in range(400)])
    strong = amplitude.reshape(-1, 20) > 4000
    assert ((strong.sum(axis=1) >= 7) & (strong.sum(axis=1) <= 13)).all()
    # Each of a block's 20 is anticorrelated with the other 19 by 1/19 = 0.05; 400 pairs give 0.05 by chance.
    assert abs(np.corrcoef(amplitude[1:], amplitude[:-1])[0, 1]) < 0.2


def test_years_hold_all_tracks() -> None:
    for n_regions in (1, 8, 24, 60, 61):
        covered = years(of_each(n_regions), 4)
        times = [solar_region(k, 4).times[[0, -1]] for k in seen_regions(of_each(n_regions))]
        found = np.concatenate(times).astype("datetime64[Y]").astype(int) + 1970
        assert covered == list(range(covered[0], covered[-1] + 1))
        assert covered[0] <= found.min()
        assert found.max() <= covered[-1]
    assert years(of_each(60), 4) == [2009, 2010, 2011, 2012]


def test_no_region_and_no_instrument_are_told() -> None:
    with pytest.raises(InputError, match="at least 1"):
        numbers_by_shard(of_each(0), 1)
    with pytest.raises(InputError, match="no more than"):
        regions_of_instrument("smarp", of_each(5000))
    with pytest.raises(InputError, match="of sharp and smarp is wanted"):
        regions_of_instrument("aia", of_each(5))
    with pytest.raises(InputError, match="of sharp and smarp is wanted"):
        regions_of_instrument("sharp", {"sharp": 5})
