"""Patches that hold the same NOAA region are one group."""

import numpy as np
import pandas as pd

from flaredag.harp_noaa import read_harp_noaa
from flaredag.shared_regions import groups_of_patches


def groups(regions, pairs):
    return groups_of_patches(np.array(regions), pd.DataFrame(pairs, columns=["region", "noaa_ar"])).tolist()


def test_patches_that_share_a_noaa_region_are_one_group_directly_or_through_others():
    pairs = [(7, 11001), (5, 11001), (5, 11002), (9, 11002), (3, 11003), (4, 11003), (8, 11009)]
    # 7, 5 and 9 hang together by 11001 and 11002; 3 and 4 by 11003; 8 has a region of its own, 6 has none.
    assert groups([7, 5, 9, 3, 4, 8, 6, 7], pairs) == [5, 5, 5, 3, 3, 8, 6, 5]


def test_a_patch_that_is_not_among_the_records_links_nothing():
    assert groups([5, 9], [(5, 11001), (7, 11001), (7, 11002), (9, 11002)]) == [5, 9]


def test_without_pairs_each_patch_is_a_group():
    assert groups([3, 1, 3], []) == [3, 1, 3]


def test_harps_of_one_noaa_region_in_the_real_map(mirror):
    pairs, _ = read_harp_noaa(mirror / "harp_noaa" / "all_harps_with_noaa_ars.txt")
    regions = np.unique(pairs["region"])
    group = dict(zip(regions.tolist(), groups_of_patches(regions, pairs).tolist(), strict=True))
    shared = pairs.groupby("noaa_ar")["region"].agg(list)
    assert (shared.map(len) > 1).sum() > 10
    assert all(len({group[region] for region in of_one}) == 1 for of_one in shared)
