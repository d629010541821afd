"""Shards: blocks of 100 region numbers. Numbers grow with time, so new data make a new shard or change the last."""

from __future__ import annotations

REGIONS_A_SHARD = 100


def shard_of(region: int) -> int:
    """Shard that holds a region (HARPNUM or TARPNUM)."""
    return region // REGIONS_A_SHARD


def shards_between(first_region: int, last_region: int) -> list[int]:
    """Shards of the regions from `first_region` to `last_region`, both included."""
    return list(range(shard_of(first_region), shard_of(last_region) + 1))


def regions_of(shard: int) -> range:
    """Region numbers that a shard can hold."""
    return range(shard * REGIONS_A_SHARD, (shard + 1) * REGIONS_A_SHARD)
