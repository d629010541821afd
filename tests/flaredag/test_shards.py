"""Blocks of region numbers."""

from hypothesis import given
from hypothesis import strategies as st

from flaredag.shards import regions_of, shard_of, shards_between


def test_blocks_by_hand():
    assert [shard_of(region) for region in (1, 99, 100, 377, 13520)] == [0, 0, 1, 3, 135]
    assert shards_between(377, 501) == [3, 4, 5]
    assert (regions_of(3)[0], regions_of(3)[-1]) == (300, 399)


@given(st.integers(0, 10**6))
def test_every_region_lies_in_its_shard_alone(region):
    assert region in regions_of(shard_of(region))
    assert region not in regions_of(shard_of(region) + 1)
    assert shards_between(region, region) == [shard_of(region)]
