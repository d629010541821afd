"""Flare history: by hand, against a double loop and published rows; nothing is known before its time."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.flare_history import HISTORY_FEATURES, flare_history
from made_up_history import with_course
from made_up_records import START

HOUR = np.timedelta64(3600, "s")
KNOWN_FROM = ("start", "peak", "end")


def flares_of(*flares) -> pd.DataFrame:
    """Flares (region, start in hours, peak flux, hours to the peak, hours to the end); hours None: not given."""
    region, start, flux, to_peak, to_end = np.array(flares, dtype=np.float64).reshape(-1, 5).T
    table = pd.DataFrame(
        {
            "region_code": region.astype(np.int64),
            "start_time": START + np.round(3600 * start).astype("timedelta64[s]"),
            "peak_flux": flux,
        }
    )
    return with_course(table, to_peak, to_end)


def history_at(hours, flares, *, region=1, known_from="start", decay_hours=12.0):
    """Features of records of a region at `hours` since START."""
    hours = np.atleast_1d(hours)
    time = START + np.round(3600 * hours).astype("timedelta64[s]")
    code = np.broadcast_to(np.asarray(region, dtype=np.int64), hours.shape)
    return flare_history(code, time, flares, decay_hours=decay_hours, known_from=known_from)


def at_one(hours, flares, **arguments):
    return {name: float(values[0]) for name, values in history_at(hours, flares, **arguments).items()}


def known_seconds(flare, known_from):
    """When a flare is known, seconds since START, as a number."""
    start = float((flare.start_time - START) / np.timedelta64(1, "s"))
    if known_from == "start":
        return start
    time = flare.peak_time if known_from == "peak" else flare.end_time
    given = start + 12 * 3600 if pd.isna(time) else float((time - START) / np.timedelta64(1, "s"))
    return min(max(given, start), start + 12 * 3600)


def by_loop(region, time, flares, *, decay_hours, known_from):
    """The same features, one record and one flare after the other."""
    rows = []
    for own, t in zip(region, (time - START) / np.timedelta64(1, "s"), strict=True):
        row = dict.fromkeys(HISTORY_FEATURES, 0.0)
        for flare in flares.itertuples():
            known = known_seconds(flare, known_from)
            if flare.region_code != own or not flare.peak_flux >= 0.9999999e-7 or known >= t:
                continue
            letter = "bcmx"[min(math.floor(math.log10(flare.peak_flux) + 7 + 1e-9), 3)]
            weight = math.exp(-(t - known) / 3600 / decay_hours)
            row[f"{letter}dec"] += weight
            row["edec"] += flare.peak_flux / 1e-4 * weight
            row["logedec"] += math.log10(flare.peak_flux / 1e-4) * weight
            row[f"{letter}his"] += 1
            if (flare.start_time - START) / np.timedelta64(1, "s") >= t - 86400:
                row[f"{letter}his1d"] += 1
                row["xmax1d"] = max(row["xmax1d"], flare.peak_flux)
        rows.append(row)
    return {name: np.array([row[name] for row in rows]) for name in HISTORY_FEATURES}


class TestByHand:
    # An M2 and a C5 of region 1, twelve hours apart, and an X1 of region 2.
    flares = flares_of((1, 0, 2e-5, 0.1, 0.5), (1, 12, 5e-6, 0.2, 1), (2, 3, 1e-4, 0.1, 0.2))

    def test_twelve_and_twenty_four_hours_after(self):
        found = at_one(24, self.flares)
        once, twice = math.exp(-1), math.exp(-2)
        wanted = dict.fromkeys(HISTORY_FEATURES, 0.0) | {
            "cdec": once,
            "mdec": twice,
            "edec": 0.05 * once + 0.2 * twice,
            # log10 of 0.05 and of 0.2.
            "logedec": -1.3010299956639813 * once - 0.6989700043360187 * twice,
            "chis": 1,
            "mhis": 1,
            "chis1d": 1,
            "mhis1d": 1,
            "xmax1d": 2e-5,
        }
        assert found == pytest.approx(wanted, rel=1e-14)
        assert list(found) == list(HISTORY_FEATURES)

    def test_an_x1_adds_nothing_to_the_logarithms(self):
        found = at_one(15, self.flares, region=2)
        assert (found["xdec"], found["edec"], found["logedec"]) == pytest.approx((math.exp(-1),) * 2 + (0,), rel=1e-14)
        assert (found["xhis"], found["xhis1d"], found["xmax1d"]) == (1, 1, 1e-4)

    def test_the_decay_is_a_setting(self):
        assert at_one(24, self.flares, decay_hours=6)["cdec"] == pytest.approx(math.exp(-2), rel=1e-14)

    def test_a_flare_at_the_time_of_the_record_is_not_known(self):
        second = 1 / 3600
        assert history_at([0, second, 12, 12 + second], self.flares)["mhis"].tolist() == [0, 1, 1, 1]
        assert history_at([0, second, 12, 12 + second], self.flares)["chis"].tolist() == [0, 0, 0, 1]

    def test_the_last_day_begins_with_its_first_second(self):
        second = 1 / 3600
        found = history_at([24, 24 + second, 36, 36 + second], self.flares)
        assert found["mhis1d"].tolist() == [1, 0, 0, 0]
        assert found["chis1d"].tolist() == [1, 1, 1, 0]
        assert found["xmax1d"].tolist() == [2e-5, 5e-6, 5e-6, 0]
        assert found["mhis"].tolist() == [1] * 4

    def test_known_from(self):
        # The M2 begins at 0, peaks at 6 and ends at 30 minutes; the record an hour and a half after its start.
        minute = 1 / 60
        times = [5 * minute, 6 * minute, 7 * minute, 30 * minute, 31 * minute]
        known = {name: history_at(times, self.flares, known_from=name)["mhis"].tolist() for name in KNOWN_FROM}
        assert known == {"start": [1] * 5, "peak": [0, 0, 1, 1, 1], "end": [0, 0, 0, 0, 1]}
        decayed = {name: at_one(1.5, self.flares, known_from=name)["mdec"] for name in KNOWN_FROM}
        since = {"start": 1.5, "peak": 1.4, "end": 1.0}
        assert decayed == pytest.approx({name: math.exp(-hours / 12) for name, hours in since.items()})

    def test_a_flare_that_outlasts_another_still_leaves_the_day_by_its_start(self):
        # An M1 from 0 to 3 h, a C1 from 1 h to 1.2 h: the first is known last, and is the first to be gone.
        flares = flares_of((1, 0, 1e-5, 2, 3), (1, 1, 1e-6, 0.1, 0.2))
        found = history_at([2, 3.5, 24, 24.5, 25.5], flares, known_from="end")
        assert found["mhis1d"].tolist() == [0, 1, 1, 0, 0]
        assert found["chis1d"].tolist() == [1, 1, 1, 1, 0]
        assert found["xmax1d"].tolist() == [1e-6, 1e-5, 1e-5, 1e-6, 0]

    @pytest.mark.parametrize("known_from", ["peak", "end"])
    def test_a_flare_without_that_time_is_known_twelve_hours_after_its_start(self, known_from):
        flares = flares_of((1, 0, 1e-5, None, None), (1, 40, 1e-5, 0.1, 0.2))
        found = history_at([11.9, 12, 12.1], flares, known_from=known_from)
        assert found["mhis"].tolist() == [0, 0, 1]
        assert found["mdec"][2] == pytest.approx(math.exp(-0.1 / 12))

    def test_times_out_of_order_move_no_flare_before_its_start_or_beyond_twelve_hours(self):
        flares = flares_of((1, 0, 1e-5, 0.1, -1), (2, 0, 1e-5, 0.1, 20))
        assert history_at([0, 0.1], flares, known_from="end")["mhis"].tolist() == [0, 1]
        assert history_at([12, 12.1], flares, known_from="end", region=2)["mhis"].tolist() == [0, 1]

    @pytest.mark.parametrize("known_from", ["peak", "end"])
    def test_a_list_without_that_time_is_refused(self, known_from):
        flares = flares_of((1, 0, 1e-5, None, None), (2, 3, 1e-6, None, None))
        with pytest.raises(
            InputError, match=rf"of the 2 flares of the regions none has the time of its {known_from}; .*start`"
        ):
            history_at(5, flares, known_from=known_from)
        assert at_one(5, flares)["mhis"] == 1

    def test_classes_are_those_of_the_flux(self):
        # B1.0 and C1.0 as products of decimals may lie a rounding below; A9.9 and a flare without flux are of no class.
        fluxes = [1e-7 * (1 - 1e-12), 9.9e-7, 1e-6 * (1 - 1e-12), 9.99e-6, 1e-5, 9.9e-5, 1e-4, 2.8e-3, 9.9e-8, np.nan]
        found = at_one(5, flares_of(*((1, 0, flux, 0.1, 0.2) for flux in fluxes)))
        assert [found[name] for name in ("bhis", "chis", "mhis", "xhis")] == [2, 2, 2, 2]
        assert [found[name] for name in ("bhis1d", "chis1d", "mhis1d", "xhis1d")] == [2, 2, 2, 2]
        assert found["edec"] * math.exp(5 / 12) == pytest.approx(sum(fluxes[:8]) / 1e-4)
        assert found["xmax1d"] == 2.8e-3

    def test_a_region_with_faint_flares_alone_has_none(self):
        assert set(at_one(5, flares_of((1, 0, 9e-8, 0.1, 0.2), (1, 1, np.nan, 0.1, 0.2))).values()) == {0}

    def test_regions_without_flares_and_flares_of_regions_without_records(self):
        found = history_at([5, 5, 5, 5], self.flares, region=[0, 1, 2, 9])
        assert found["mhis"].tolist() == [0, 1, 0, 0]
        assert found["xhis"].tolist() == [0, 0, 1, 0]
        assert set(at_one(5, self.flares, region=7).values()) == {0}

    @pytest.mark.parametrize("known_from", KNOWN_FROM)
    def test_no_flares_and_no_records(self, known_from):
        assert set(at_one(5, flares_of(), known_from=known_from).values()) == {0}
        assert {len(values) for values in history_at([], self.flares, known_from=known_from).values()} == {0}

    def test_flares_before_the_first_record_and_after_the_last_one(self):
        assert at_one(-1e6, self.flares)["mhis"] == 0
        long_after = at_one(1e6, self.flares)
        assert (long_after["mhis"], long_after["mhis1d"], long_after["xmax1d"]) == (1, 0, 0)
        assert long_after["mdec"] == 0

    def test_dates_that_span_too_long_are_refused(self):
        flares = flares_of((1, 0, 1e-5, 0.1, 0.2), (2, 0, 1e-5, 0.1, 0.2))
        flares["start_time"] = np.array([-(2**62), 0]).astype("datetime64[s]")
        with pytest.raises(InputError, match="span too long"):
            history_at(5, flares)


# NOAA 12673 in SWPC's list: start and end in minutes of 2017-09-04, and peak flux.
NOAA_12673 = [
    (-195, -185, 1.1e-6), (213, 222, 1.2e-6), (245, 257, 1.8e-6), (336, 365, 1.2e-5), (488, 504, 2.9e-6),
    (693, 702, 2.4e-6), (732, 753, 8.3e-6), (911, 933, 1.5e-5), (989, 1010, 4.1e-6), (1040, 1068, 6.0e-6),
    (1085, 1111, 1.0e-5), (1126, 1192, 1.7e-5), (1199, 1206, 1.5e-5), (1228, 1237, 5.5e-5),
]  # fmt: skip


def test_published_rows():
    """Rows of the authors' table of NOAA 12673, divided by the greatest values in their script (LSTMflare.py).

    Published by Dewald928/DeepFlarePred (Data/Case_Study/AR12673.csv), of 00:58:42, 08:34:42 and 20:58:42.
    """
    midnight = (np.datetime64("2017-09-04T00:00:00", "s") - START) / HOUR
    flares = flares_of(
        *((12673, midnight + start / 60, flux, None, (end - start) / 60) for start, end, flux in NOAA_12673)
    )
    hours = midnight + np.array([58.7, 514.7, 1258.7]) / 60
    found = history_at(hours, flares, region=12673, known_from="end")
    published = {
        ("cdec", 9.61858226): (0.074112645837, 0.283694397539, 0.353807335101),
        ("edec", 10.5571716): (0.000742759964, 0.014282560267, 0.112324251208),
        ("chis", 87): (0.011494252874, 0.045977011494, 0.091954022989),
        ("mhis", 26): (0.0, 0.038461538462, 0.230769230769),
        ("chis1d", 18): (0.055555555556, 0.222222222222, 0.388888888889),
        ("xmax1d", 9.3e-4): (0.001182795699, 0.012903225806, 0.059139784946),
    }
    for (name, greatest), values in published.items():
        assert found[name] / greatest == pytest.approx(values, rel=1e-8, abs=1e-12), name
    # Their scale of these two is not known, and that of logEdec has an offset: nothing but a unit changes its shape.
    assert found["mdec"][2] / found["mdec"][1] == pytest.approx(0.798432991652 / 0.142508511210, rel=1e-10)
    first, second, third = 0.932414487218, 0.764198075807, 0.652967497510
    shape = (found["logedec"] - found["logedec"][0])[1:]
    assert shape[1] / shape[0] == pytest.approx((third - first) / (second - first), rel=1e-10)
    # As section 2 of the paper has it, decays are others.
    assert history_at(hours, flares, region=12673)["edec"][2] / 10.5571716 == pytest.approx(0.1092, abs=1e-3)


hours_or_not = st.none() | st.sampled_from([0, 0.25, 1, 3, 11])
FLUXES = (5e-8, 1e-7, 3e-7, 1e-6, 8e-6, 1e-5, 4e-5, 1e-4, 9e-4, np.nan)
some_flares = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 40), st.sampled_from(FLUXES), hours_or_not, hours_or_not), max_size=12
)
# A list of which no flare has the time that is wanted is refused.
COMPLETE = (1, 20, 2e-6, 0.5, 1.0)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(-5, 70)), max_size=12),
    some_flares,
    st.sampled_from(KNOWN_FROM),
    st.sampled_from([2.0, 12.0]),
)
@settings(max_examples=60, deadline=None)
def test_history_is_that_of_a_double_loop(records, flares, known_from, decay_hours):
    table = flares_of(*flares, COMPLETE)
    region, hours = np.array(records, dtype=np.int64).reshape(-1, 2).T
    found = history_at(hours, table, region=region, known_from=known_from, decay_hours=decay_hours)
    time = START + hours * HOUR
    wanted = by_loop(region, time, table, decay_hours=decay_hours, known_from=known_from)
    for name in HISTORY_FEATURES:
        if name.endswith(("his", "1d")):
            assert found[name].tolist() == wanted[name].tolist(), name
        else:
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-12, atol=1e-15, err_msg=name)


def columns_of(history):
    return {name: values.tobytes() for name, values in history.items()}


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(-5, 70)), min_size=1, max_size=10),
    some_flares,
    st.sampled_from(KNOWN_FROM),
    st.randoms(use_true_random=False),
)
@settings(max_examples=30, deadline=None)
def test_order_of_records_and_flares_does_not_matter(records, flares, known_from, random):
    flares = [*flares, COMPLETE]
    region, hours = np.array(records, dtype=np.int64).T
    wanted = history_at(hours, flares_of(*flares), region=region, known_from=known_from)
    order = random.sample(range(len(records)), len(records))
    shuffled = random.sample(flares, len(flares))
    found = history_at(hours[order], flares_of(*shuffled), region=region[order], known_from=known_from)
    assert columns_of(found) == columns_of({name: values[order] for name, values in wanted.items()})


def test_flares_at_one_time_add_up_the_same_in_any_order():
    flares = [(1, 0, flux, 0.1, 0.2) for flux in (3.3e-7, 8.1e-6, 9.7e-4, 4.9e-5)]
    wanted = columns_of(history_at(5, flares_of(*flares)))
    for shuffled in itertools.permutations(flares):
        assert columns_of(history_at(5, flares_of(*shuffled))) == wanted


def another_future(flares, later, now, random):
    """Flares (tuples as `flares_of` takes) of which the `later` ones are gone or become others; two more begin."""
    others = []
    for flare, is_later in zip(flares, later, strict=True):
        # Whatever they become, they do so no sooner.
        to_peak, to_end = (None if hours is None else hours + random.randint(0, 5) for hours in flare[3:])
        other = (random.randint(1, 3), flare[1], random.choice(FLUXES), to_peak, to_end)
        others += [flare] if not is_later else random.choice([[], [other], [other]])
    return [*others, *((random.randint(1, 3), now + hours, random.choice(FLUXES[1:-1]), 0.5, 1) for hours in (0, 2))]


@given(some_flares, st.integers(0, 50), st.sampled_from(["peak", "end"]), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_what_is_known_later_changes_no_bit(flares, now, known_from, random):
    """Of flares that are known at `now` or after it, records up to `now` know nothing; nor of other regions' flares."""
    flares = [*flares, COMPLETE]
    table = flares_of(*flares)
    later = [known_seconds(flare, known_from) >= now * 3600 for flare in table.itertuples()]
    altered = flares_of(*another_future(flares, later, now, random))
    hours = np.arange(-2, now + 1)
    region, of_all = np.repeat([1, 2, 3], len(hours)), np.tile(hours, 3)
    before = history_at(of_all, table, region=region, known_from=known_from)
    after = history_at(of_all, altered, region=region, known_from=known_from)
    assert columns_of(after) == columns_of(before)
    own = table[table["region_code"] == COMPLETE[0]]
    alone = history_at(hours, own, known_from=known_from)
    assert columns_of(alone) == columns_of({name: values[: len(hours)] for name, values in before.items()})


def test_what_a_flare_becomes_is_known_early_from_its_start():
    # Three minutes after its start, seven before its peak, a C1 that becomes an M5 is another.
    quiet, strong = (flares_of((1, 0, flux, 1 / 6, 1 / 2)) for flux in (1e-6, 5e-5))
    for known_from in KNOWN_FROM:
        was, now = (at_one(0.05, flares, known_from=known_from) for flares in (quiet, strong))
        changed = {name for name in HISTORY_FEATURES if was[name] != now[name]}
        assert changed == (
            {"cdec", "mdec", "edec", "logedec", "chis", "mhis", "chis1d", "mhis1d", "xmax1d"}
            if known_from == "start"
            else set()
        )


def test_ten_years_of_flares_lose_no_digits():
    """2,000 flares of one region: storms of one a minute, and gaps of years; against sums without rounding."""
    rng = np.random.default_rng(0)
    month, decade = 60 * 24 * 30, 60 * 24 * 3650
    start = np.sort(np.concatenate([rng.choice(month, 1500, replace=False), rng.integers(0, decade, 500)]))
    flux = 10 ** rng.uniform(-7, -3, len(start))
    flares = flares_of(*((1, minute / 60, one, 0.01, 0.02) for minute, one in zip(start, flux, strict=True)))
    records = np.sort(np.concatenate([rng.integers(0, month, 20), rng.integers(0, decade, 20)])) + 0.5
    # Weights of flares years ago may be too small for a number.
    with np.errstate(all="raise", under="ignore"):
        found = history_at(records / 60, flares)
    assert all(np.isfinite(values).all() for values in found.values())
    for i, minute in enumerate(records):
        gone = minute - start[start < minute]
        weights = np.exp(-gone / 60 / 12)
        own = flux[start < minute]
        # Anything below is no longer a normal number.
        for name, wanted in (("edec", weights * own / 1e-4), ("logedec", weights * np.log10(own / 1e-4))):
            assert found[name][i] == pytest.approx(math.fsum(wanted), rel=2e-13, abs=1e-300), (name, minute)
        assert sum(found[f"{letter}his"][i] for letter in "bcmx") == len(gone)
