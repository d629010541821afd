"""Flares close in time and on the Sun: pairs by hand, angles, what chance gives, and where flares are placed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.sympathetic_flares import (
    RegionFlares,
    close_pairs,
    flares_with_positions,
    pairs_across_splits,
    pairs_by_chance,
    sympathetic_flares,
)

START = np.datetime64("2012-01-01T00:00:00", "s")
CARRINGTON_DEGREES_PER_HOUR = 360 / 27.2753 / 24


def flares_of(*rows) -> RegionFlares:
    """Flares (hour, region, longitude, latitude), each an event of its own."""
    hour, region, longitude, latitude = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return RegionFlares(
        seconds=(hour * 3600).astype(np.int64),
        region=region.astype(np.int64),
        event=np.arange(len(hour)),
        longitude=longitude,
        latitude=latitude,
    )


def pairs_of(flares, **limits):
    return sorted(tuple(sorted(pair)) for pair in zip(*close_pairs(flares, flares.seconds, **limits), strict=True))


class TestPairs:
    flares = flares_of(
        (0, 0, 0, 10), (3, 1, 30, 10), (3.5, 0, 0, 10), (8, 2, 5, 10), (9, 1, 80, 10), (9, 3, np.nan, np.nan)
    )

    def test_by_hand(self):
        # 0-1: 3 h, 30 degrees; 1-2: half an hour; 0-2 one region; 3-4: 75 degrees apart; the last has no place.
        assert pairs_of(self.flares) == [(0, 1), (1, 2), (3, 5), (4, 5)]

    def test_angles_are_of_great_circles(self):
        # Near the pole 180 degrees of longitude are 20 degrees; the frame goes round.
        flares = flares_of((0, 0, 10, 80), (0, 1, 190, 80), (9, 0, -1, 0), (9, 1, 721, 0))
        assert pairs_of(flares, max_degrees=20.01) == [(0, 1), (2, 3)]
        assert pairs_of(flares, max_degrees=19.99) == [(2, 3)]
        assert pairs_of(flares, max_degrees=1.99) == []

    def test_limits_are_settings(self):
        assert pairs_of(self.flares, max_hours=2) == [(1, 2), (3, 5), (4, 5)]
        assert pairs_of(self.flares, max_degrees=100) == [(0, 1), (1, 2), (3, 4), (3, 5), (4, 5)]

    def test_a_flare_of_two_patches_is_no_pair(self):
        flares = flares_of((0, 0, 0, 0), (0, 1, 0, 0))
        same = RegionFlares(**{**vars(flares), "event": np.zeros(2, dtype=np.int64)})
        assert pairs_of(flares) == [(0, 1)]
        assert pairs_of(same) == []

    @given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4)), min_size=1, max_size=20))
    def test_against_all_pairs(self, rows):
        flares = flares_of(*((hour, region, 3.0 * region, 0.0) for hour, region in rows))
        wanted = sorted(
            (i, j)
            for i in range(len(rows))
            for j in range(i + 1, len(rows))
            if abs(rows[i][0] - rows[j][0]) <= 4 and rows[i][1] != rows[j][1] and 3 * abs(rows[i][1] - rows[j][1]) <= 6
        )
        assert pairs_of(flares, max_degrees=6.0001) == wanted

    def test_no_flares(self):
        nothing, whole = np.empty(0), np.empty(0, dtype=np.int64)
        none = RegionFlares(whole, whole, whole, nothing, nothing)
        assert pairs_of(none) == []
        (found,) = sympathetic_flares(none, ["X"], [np.zeros((1, 2), dtype=np.int8)], seed=0)
        assert (found.outcome, found.n) == ("reported", 0)

    def test_across_splits_by_hand(self):
        pairs = close_pairs(self.flares, self.flares.seconds)
        splits = np.array([[0, 2, 0, 0], [0, 0, 0, 0], [0, 2, 2, -1]], dtype=np.int8)
        assert pairs_across_splits(self.flares, pairs, splits).tolist() == [3, 0, 2]


class TestChance:
    def made(self, seed, *, together):
        """Flares of 30 pairs of regions, each flaring once in its fortnight: with its partner, or at any time."""
        rng = np.random.default_rng(seed)
        rows = []
        for pair in range(30):
            first = pair * 14 * 24 + rng.uniform(100, 200)
            second = first + rng.uniform(0, 3) if together else pair * 14 * 24 + rng.uniform(100, 200)
            rows += [(first, 2 * pair, 0, 10), (second, 2 * pair + 1, 20, 10)]
        return flares_of(*rows), (np.arange(60) % 2 * 2).astype(np.int8)[None]

    @pytest.mark.parametrize("seed", range(3))
    def test_what_flares_together_is_more_than_chance(self, seed):
        flares, splits = self.made(seed, together=True)
        got = pairs_across_splits(flares, close_pairs(flares, flares.seconds), splits)
        assert got.tolist() == [30]
        assert np.percentile(pairs_by_chance(flares, splits, seed=1), 97.5) < 10

    @pytest.mark.parametrize("seed", range(3))
    def test_what_does_not_is_not(self, seed):
        # Twenty regions flare ten times each at any hours of three months, all at one place.
        rng = np.random.default_rng(seed)
        flares = flares_of(*((hour, region, 0, 0) for region in range(20) for hour in rng.uniform(0, 2000, 10)))
        splits = (np.arange(20) % 2 * 2).astype(np.int8)[None]
        got = pairs_across_splits(flares, close_pairs(flares, flares.seconds), splits)
        chance = pairs_by_chance(flares, splits, seed=1)
        assert chance.shape == (200, 1)
        low, high = np.percentile(chance, [0.5, 99.5])
        assert low <= got[0] <= high

    def test_a_report_says_both(self):
        flares, splits = self.made(0, together=True)
        (found,) = sympathetic_flares(flares, ["SHARP"], [splits], seed=4)
        assert (found.subject, found.outcome, found.n) == ("SHARP", "reported", 30)
        assert "30.0 pairs a draw of strong flares within 4 h and 45 degrees" in found.text
        assert sympathetic_flares(flares, ["SHARP"], [splits], seed=4) == [found]

    def test_without_any_place_by_time_alone(self):
        flares, splits = self.made(0, together=True)
        placeless = RegionFlares(**{**vars(flares), "longitude": np.full(60, np.nan), "latitude": np.full(60, np.nan)})
        (found,) = sympathetic_flares(placeless, ["SHARP"], [splits], seed=4)
        assert "within 4 h (60 of 60 flares, of no known place, by time alone)" in found.text


class TestPlaces:
    def records(self):
        return pd.DataFrame(
            {
                "region_code": [5, 5, 9, 9],
                "time": START + np.array([0, 10, 0, 10]) * np.timedelta64(1, "h"),
                "longitude_min": [-10.0, -4.0, 50.0, np.nan],
                "longitude_max": [0.0, 6.0, 60.0, np.nan],
                "latitude_min": [10.0, 10.0, -20.0, np.nan],
                "latitude_max": [20.0, 22.0, -10.0, np.nan],
            }
        )

    def flares(self, *rows):
        hour, code, flux = zip(*rows, strict=True)
        return pd.DataFrame(
            {"region_code": code, "start_time": START + np.array(hour) * np.timedelta64(1, "h"), "peak_flux": flux}
        )

    def placed(self, *rows):
        codes = np.array([5, 7, 9])
        return flares_with_positions(self.flares(*rows), self.records(), codes, strong_flux_w_m2=1e-5)

    def test_the_nearest_record_places_a_flare(self):
        got = self.placed((4, 5, 1e-5), (6, 5, 2e-5), (-30, 9, 1e-4), (9, 9, 1e-5))
        assert (got.seconds - START.astype(np.int64)).tolist() == [-30 * 3600, 4 * 3600, 6 * 3600, 9 * 3600]
        assert got.region.tolist() == [2, 0, 0, 2]
        np.testing.assert_array_equal(got.latitude, [-15, 15, 16, np.nan])
        # Longitude turns with the Sun: -5 degrees at the first record, 1 degree ten hours later.
        assert got.longitude[2] - got.longitude[1] == pytest.approx(6 - 10 * CARRINGTON_DEGREES_PER_HOUR)
        assert np.isnan(got.longitude[3])

    def test_weak_flares_and_regions_without_windows_are_left_out(self):
        got = self.placed((4, 5, 9e-6), (4, 5, 1e-5), (4, 11, 1e-4))
        assert got.region.tolist() == [0]

    def test_a_region_without_records_has_no_place(self):
        got = self.placed((4, 7, 1e-5))
        assert got.region.tolist() == [1]
        assert np.isnan(got.latitude).all()

    def test_one_flare_of_two_patches_is_one_event(self):
        got = self.placed((4, 5, 1e-5), (4, 9, 1e-5), (4, 5, 2e-5))
        assert len(np.unique(got.event)) == 2
        assert got.event[got.region == 2][0] in got.event[got.region == 0]
