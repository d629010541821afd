"""Active regions of the simulated Sun: when each emerges, where it is, what bipoles it consists of.

Each region is a pure function of (seed, k), so that it is the same whatever else is simulated. k counts regions in
order of time: those from 0 on are seen by HMI (HARPs), those before the last of the overlap by MDI (TARPs), the
earliest with negative k. Needs numpy alone, as the Snakefile asks this module which shards and years there are.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError
from flaredag.shards import shard_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

CADENCE_MINUTES = 96
RECORDS_A_DAY = 24 * 60 // CADENCE_MINUTES
CADENCE = np.timedelta64(CADENCE_MINUTES, "m")

# HMI's first SHARPs and MDI's last SMARPs: 2010-05-01 to 2010-10-28, TAI.
FIRST_TRACK = np.datetime64("2010-05-01T01:36", "s")
MOST_REGIONS_OF_BOTH = 16
SPACING_DAYS = 10.4
JITTER_DAYS = 9.0

FIRST_NUMBER = {"sharp": 3, "smarp": 13420}
INSTRUMENTS = " and ".join(FIRST_NUMBER)
NUMBERS_A_REGION = 5
FIRST_NOAA_AR = 11064
NOAA_ARS_A_REGION = 3

SHORTEST_TRACK_DAYS, LONGEST_TRACK_DAYS = 3.0, 12.0
# A patch is followed until its centre is this far from the central meridian, so that part of it lies beyond the limb.
LARGEST_LONGITUDE_DEG = 88.0
RANK_SCALE = 0.25
# Of so many neighbours in time each has its own part of the distribution of activity. Few would be a leak: who knows
# most of a block knows the rest.
STRATA = 20
_EARLIEST_REGION = -10_000  # random streams are numbered from here


@dataclass(frozen=True)
class Bipole:
    """A bipolar magnetic region in the form of Yeates 2020 (Sol. Phys. 295, 119), and how it changes.

    `emergence_days` after the region's first; centre `x_deg`, `y_deg` (west, north) from that of the patch at its
    emergence, moving at `drift_x_deg_day`, `drift_y_deg_day`; `amplitude_gauss` is B0 and `separation_deg` rho when
    full grown, `rise_days` the time of growth and `decay_days` that of decay; `tilt_deg` from west to north of the
    line from its positive to its negative lobe; `twist_per_deg` is the force-free alpha that builds up.
    """

    emergence_days: float
    x_deg: float
    y_deg: float
    drift_x_deg_day: float
    drift_y_deg_day: float
    amplitude_gauss: float
    separation_deg: float
    rise_days: float
    decay_days: float
    tilt_deg: float
    twist_per_deg: float


@dataclass(frozen=True)
class SolarRegion:
    """An active region: its track across the disk on the 96-minute grid (TAI), its place and its bipoles.

    `first_longitude_deg` is that of its centre at the first record, west positive; `age_days` its age then;
    `unseen_dex` is a factor of its flare rate that no magnetogram shows.
    """

    k: int
    numbers: dict[str, int]
    noaa_ars: tuple[int, ...]
    first_record: np.datetime64
    n_records: int
    first_longitude_deg: float
    latitude_deg: float
    age_days: float
    half_width_deg: float
    half_height_deg: float
    bipoles: tuple[Bipole, ...]
    unseen_dex: float

    @property
    def times(self) -> NDArray[np.datetime64]:
        """Times of its records, TAI, (record,)."""
        return self.first_record + np.arange(self.n_records) * CADENCE

    @property
    def rotation_deg_a_day(self) -> float:
        """Its motion from the central meridian, degrees a day."""
        return float(synodic_rotation_deg_a_day(self.latitude_deg))

    def days(self, times: ArrayLike) -> NDArray[np.float64]:
        """Days from the first record to each of `times` (TAI)."""
        return (np.asarray(times, dtype="datetime64[s]") - self.first_record) / np.timedelta64(1, "D")

    def longitude_deg(self, times: ArrayLike) -> NDArray[np.float64]:
        """Longitude of its centre from the central meridian, west positive, at each of `times` (TAI)."""
        return self.first_longitude_deg + self.rotation_deg_a_day * self.days(times)


def synodic_rotation_deg_a_day(latitude_deg: ArrayLike) -> NDArray[np.float64]:
    """Rotation of magnetic features seen from Earth, degrees a day (Snodgrass 1983, ApJ 270, 288)."""
    sine_squared = np.sin(np.radians(latitude_deg)) ** 2
    return 14.366 - 2.297 * sine_squared - 1.624 * sine_squared**2 - 0.9856


def regions_of_instrument(instrument: str, n_regions: Mapping[str, int]) -> range:
    """The k of the regions that an instrument sees, `n_regions` of each; one more adds one at its end.

    Both see the same regions from 0 on: half of those of the one that sees fewer, but no more than
    `MOST_REGIONS_OF_BOTH`.
    """
    if sorted(n_regions) != sorted(FIRST_NUMBER) or instrument not in FIRST_NUMBER:
        raise InputError(f"instrument {instrument!r} of {n_regions}: a number of regions of {INSTRUMENTS} is wanted.")
    fewest = min(n_regions.values())
    if fewest < 1:
        raise InputError(f"regions: {dict(n_regions)}; at least 1 of each is wanted. Change it in config.yaml.")
    n_of_both = min((fewest + 1) // 2, MOST_REGIONS_OF_BOTH)
    first = {"sharp": 0, "smarp": n_of_both - n_regions["smarp"]}[instrument]
    if first < _EARLIEST_REGION or FIRST_NUMBER["smarp"] + NUMBERS_A_REGION * first < 0:
        raise InputError(f"regions: {dict(n_regions)}; no more than 2,600 are possible. Change it in config.yaml.")
    return range(first, first + n_regions[instrument])


def number_of(instrument: str, k: int, seed: int) -> int:
    """HARPNUM or TARPNUM of region k: growing with time, with irregular gaps."""
    own = FIRST_NUMBER[instrument] + NUMBERS_A_REGION * k
    return own + int(random_of("number", seed, k, list(FIRST_NUMBER).index(instrument)).integers(NUMBERS_A_REGION))


def region_of_number(instrument: str, number: int, seed: int) -> SolarRegion:
    """The region of a HARPNUM or TARPNUM; InputError where none has it."""
    k = (number - FIRST_NUMBER[instrument]) // NUMBERS_A_REGION
    if k < _EARLIEST_REGION or number_of(instrument, k, seed) != number:
        raise InputError(f"{instrument} {number}: no simulated region of seed {seed} has this number. Mend the rule.")
    return solar_region(k, seed)


def numbers_by_shard(n_regions: Mapping[str, int], seed: int) -> dict[str, list[int]]:
    """Numbers of all simulated patches by shard: {"sharp-3": [377, 382, ...], ...}, shards and numbers ascending."""
    shards: dict[str, list[int]] = {}
    for instrument in FIRST_NUMBER:
        for k in regions_of_instrument(instrument, n_regions):
            number = number_of(instrument, k, seed)
            shards.setdefault(f"{instrument}-{shard_of(number)}", []).append(number)
    return shards


def years(n_regions: Mapping[str, int], seed: int) -> list[int]:
    """Years in which a region is seen; lists of flares and region summaries cover each as a whole."""
    del seed  # by design: the spacing alone decides
    ends = []
    for instrument in FIRST_NUMBER:
        of_instrument = regions_of_instrument(instrument, n_regions)
        # Flares and summaries go on from limb to limb, 14 days at most, of which a track is a part.
        ends += [_earliest_start(of_instrument[0]) - _days(12), _earliest_start(of_instrument[-1] + 1) + _days(26)]
    first, last = (int(time.astype("datetime64[Y]").astype(int)) + 1970 for time in (min(ends), max(ends)))
    return list(range(first, last + 1))


def seen_regions(n_regions: Mapping[str, int]) -> list[int]:
    """The k of all regions that either instrument sees."""
    return sorted({k for name in FIRST_NUMBER for k in regions_of_instrument(name, n_regions)})


@functools.lru_cache(maxsize=256)
def solar_region(k: int, seed: int) -> SolarRegion:
    """Region k of the Sun of `seed`."""
    random = random_of("region", seed, k)
    activity = _activity(k, seed)
    latitude = float(random.choice([-1.0, 1.0]) * np.clip(random.normal(16.0, 5.0), 5.0, 30.0))
    track_days = SHORTEST_TRACK_DAYS + (LONGEST_TRACK_DAYS - SHORTEST_TRACK_DAYS) * random.beta(1.4, 2.5)
    path = synodic_rotation_deg_a_day(latitude) * track_days
    edge = random.random()
    if edge < 0.25:  # noqa: PLR2004 (comes over the east limb)
        first_longitude, age = -LARGEST_LONGITUDE_DEG, random.uniform(1.0, 6.0)
    elif edge < 0.4:  # noqa: PLR2004 (goes over the west limb)
        first_longitude, age = LARGEST_LONGITUDE_DEG - path, 0.2
    else:
        first_longitude, age = random.uniform(-65.0, max(70.0 - path, -60.0)), 0.2
    start = _earliest_start(k) + _days(JITTER_DAYS * random.random())
    slot = (start - np.datetime64(0, "s")) // CADENCE
    ends_on_disk = bool(first_longitude + path < LARGEST_LONGITUDE_DEG - 1.0)
    bipoles = _bipoles(activity, latitude, age, track_days, random, ends_on_disk=ends_on_disk)
    half_width, half_height = _half_sizes(bipoles)
    n_noaa = int(random.choice([1, 2, 3], p=[0.8, 0.15, 0.05]))
    first_noaa = FIRST_NOAA_AR + NOAA_ARS_A_REGION * k
    return SolarRegion(
        k=k,
        numbers={name: number_of(name, k, seed) for name in FIRST_NUMBER},
        noaa_ars=tuple(range(first_noaa, first_noaa + n_noaa)),
        first_record=np.datetime64(0, "s") + slot * CADENCE,
        n_records=round(track_days * RECORDS_A_DAY),
        first_longitude_deg=float(first_longitude),
        latitude_deg=latitude,
        age_days=float(age),
        half_width_deg=half_width,
        half_height_deg=half_height,
        bipoles=bipoles,
        unseen_dex=float(random.normal(0.0, 0.42)),
    )


def _activity(k: int, seed: int) -> float:
    """How active a region is, 0 to 1: how much flux, how complex. Half of them are simple, half complex, few between.

    Neighbours in time share out the distribution, so that even a short while has its share of great regions.
    """
    block, place = divmod(k, STRATA)
    order = random_of("strata", seed, block).permutation(STRATA)
    rank = (int(order[place]) + random_of("rank", seed, k).random()) / STRATA
    return float(0.5 + 0.5 * np.tanh((rank - 0.5) / RANK_SCALE))


def _bipoles(
    activity: float,
    latitude_deg: float,
    age_days: float,
    track_days: float,
    random: np.random.Generator,
    *,
    ends_on_disk: bool,
) -> tuple[Bipole, ...]:
    """A first bipole, and others that emerge into it: the more active, the more and the closer.

    A region whose track ends on the disk has decayed by then: it is followed no longer as there is little left of it.
    """
    longest_decay_days = 0.45 * track_days if ends_on_disk else np.inf
    last_emergence = 0.35 if ends_on_disk else 0.6
    south = latitude_deg < 0
    # Hale's law: the leading (western) polarity of cycle 24 is negative in the north, and so of eq. 18 as it stands.
    hale_deg = 180.0 if south else 0.0
    joy_deg = -0.5 * latitude_deg  # the leading polarity lies nearer to the equator
    separation = float(np.clip(1.9 + 1.05 * activity + random.normal(0.0, 0.2), 1.5, 3.4))
    bipoles = [
        Bipole(
            emergence_days=0.0,
            x_deg=0.0,
            y_deg=0.0,
            drift_x_deg_day=0.0,
            drift_y_deg_day=0.0,
            amplitude_gauss=float(2100.0 + 4100.0 * activity + random.normal(0.0, 450.0)),
            separation_deg=separation,
            rise_days=float(min(random.uniform(0.8, 2.0), 0.2 * track_days)),
            decay_days=float(min(random.uniform(6.0, 25.0), longest_decay_days)),
            tilt_deg=hale_deg + joy_deg + float(random.normal(0.0, 8.0)),
            twist_per_deg=float(random.normal(0.0, 0.08)),
        )
    ]
    n_more = int(random.poisson(0.3 + 3.5 * max(activity - 0.35, 0.0)))
    if activity > 0.5:  # noqa: PLR2004
        n_more = max(n_more, 1)
    for _ in range(min(n_more, 4)):
        own_separation = separation * random.uniform(0.45, 0.8)
        angle = random.uniform(0.0, 2 * np.pi)
        distance = separation * random.uniform(0.35, 0.75)
        # Towards the middle of the first bipole: opposite polarities are pressed together.
        approach = random.uniform(-0.02, 0.18) * activity
        bipoles.append(
            Bipole(
                emergence_days=float(age_days + random.uniform(-0.4, last_emergence) * track_days),
                x_deg=float(distance * np.cos(angle)),
                y_deg=float(0.5 * distance * np.sin(angle)),
                drift_x_deg_day=float(-approach * np.cos(angle)),
                drift_y_deg_day=float(-0.5 * approach * np.sin(angle)),
                amplitude_gauss=float(1500.0 + random.uniform(2200.0, 6200.0) * activity),
                separation_deg=float(own_separation),
                rise_days=float(min(random.uniform(0.5, 1.5), 0.2 * track_days)),
                decay_days=float(min(random.uniform(3.0, 12.0), longest_decay_days)),
                tilt_deg=hale_deg + float(random.normal(0.0, 70.0)),
                twist_per_deg=float(random.normal(0.0, 0.25)),
            )
        )
    return tuple(bipoles)


def _half_sizes(bipoles: tuple[Bipole, ...]) -> tuple[float, float]:
    """Half width and height of a patch that holds the bipoles, degrees."""
    reach_x = max(abs(b.x_deg) + 1.15 * b.separation_deg for b in bipoles)
    reach_y = max(abs(b.y_deg) + 0.76 * b.separation_deg for b in bipoles)
    return reach_x, reach_y


def _earliest_start(k: int) -> np.datetime64:
    return FIRST_TRACK + _days(SPACING_DAYS * k)


def _days(days: float) -> np.timedelta64:
    return np.timedelta64(round(days * 86400), "s")


_PURPOSES = (
    "region", "number", "strata", "rank", "patch", "flares", "structure", "records", "lists", "summaries", "cores",
)  # fmt: skip


def random_of(purpose: str, seed: int, *items: int) -> np.random.Generator:
    """Random numbers for one purpose that hang on the seed and `items` (region, instrument) alone."""
    return np.random.default_rng([seed, _PURPOSES.index(purpose), *(item - _EARLIEST_REGION for item in items)])
