"""Labels by another list of flares, and scores against them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.relabelling import (
    METRICS,
    SCORED_COLUMNS,
    Relabelled,
    instruments_with_noaa_numbers,
    positions_in_windows,
    reaches_down_to,
    relabelled_windows,
    scores_by_labels,
)
from flaredag.samples import StudyWindows
from flaredag.study_windows import make_windows
from flaredag.verification import categorical_scores, contingency_table, probabilistic_scores

HOUR = np.timedelta64(3600, "s")
START = np.datetime64("2012-03-01T00:00:00", "s")
EVERYTHING_COVERED = [("2000-01-01", "2030-01-01")]
LABELS = {
    "strong_class": "M1.0",
    "clock": "utc",
    "closed": "right",
    "horizon_hours": 24,
    "positive": ["QUIET->STRONG", "WEAK->STRONG", "STRONG->STRONG"],
    "negative": ["QUIET->QUIET", "QUIET->WEAK", "WEAK->QUIET", "WEAK->WEAK", "STRONG->QUIET", "STRONG->WEAK"],
}
WINDOWS = {"cadence_minutes": 60, "n_steps": 3, "max_bad_records": 0}


def records_of(*regions, hours: int = 72) -> pd.DataFrame:
    """Hourly records (instrument, region, noaa_ars); TAI is 34 s ahead, on whole hours."""
    tables = [
        pd.DataFrame(
            {
                "instrument": instrument,
                "region": region,
                "t_rec": START + np.arange(hours) * HOUR,
                "time": START + np.arange(hours) * HOUR - np.timedelta64(34, "s"),
                "noaa_ars": noaa_ars,
            }
        )
        for instrument, region, noaa_ars in regions
    ]
    return pd.concat(tables, ignore_index=True)


def flares_of(*flares) -> pd.DataFrame:
    """Flares (hours from START, UTC, and NOAA region, peak flux)."""
    return pd.DataFrame(
        {
            "start_time": [START + np.timedelta64(round(3600 * hour), "s") for hour, _, _ in flares],
            "noaa_ar": np.array([noaa_ar for _, noaa_ar, _ in flares], dtype=np.int64),
            "peak_flux": [flux for _, _, flux in flares],
            "instrument": "",
            "region": -1,
        }
    )


def periods(*spans) -> pd.DataFrame:
    return pd.DataFrame(spans, columns=["begin", "end"]).astype("datetime64[s]")


def windows_of(records, flares, *, labels=LABELS):
    """Windows as a study makes them, of records without gaps."""
    full = records.assign(
        quality=-1, longitude_min=np.nan, longitude_max=np.nan, split_group=records["region"], area=1.0
    )
    settings = {
        "instruments": ["sharp", "smarp"],
        "features": ["area"],
        "selection": {"max_longitude_deg": 70, "quality_below": {"sharp": 1, "smarp": 1}, "period": {}},
        "windows": WINDOWS,
        "labels": labels,
    }
    tasks, _ = make_windows(full, flares, None, settings=settings)
    return next(iter(tasks.values()))


RECORDS = records_of(("sharp", 1, "11111"), ("sharp", 2, "11112,11113"), ("smarp", 1, "10101"))
OWN = flares_of((30.0, 11111, 2e-5), (50.0, 11113, 2e-6), (20.0, 10101, 1e-4))


def relabelled(windows, flares, *, covered=EVERYTHING_COVERED, labels=LABELS, records=RECORDS):
    return relabelled_windows(
        windows, records, flares, periods(*covered), label_settings=labels, window_settings=WINDOWS
    )


class TestLabels:
    @pytest.mark.parametrize("clock", ["utc", "tai_as_utc"])
    @pytest.mark.parametrize("strong_class", ["M1.0", "C1.0"])
    @pytest.mark.parametrize("negative", [LABELS["negative"], ["QUIET->QUIET"]])
    def test_the_studys_own_list_gives_its_own_labels(self, clock, strong_class, negative):
        labels = LABELS | {"clock": clock, "strong_class": strong_class, "negative": negative}
        windows = windows_of(RECORDS, OWN, labels=labels)
        of_list = relabelled(windows, OWN, labels=labels)
        assert (windows.label == 1).any()
        np.testing.assert_array_equal(of_list.label, windows.label)
        assert of_list.covered.all()

    def test_another_list_changes_what_it_says_otherwise_by_hand(self):
        windows = windows_of(RECORDS, OWN)
        # The flare of 11111 is an hour later, that of 11113 strong, that of SMARP attributed to no region.
        other = flares_of((31.0, 11111, 2e-5), (50.0, 11113, 2e-5), (20.0, 0, 1e-4))
        label = relabelled(windows, other).label
        changed = np.flatnonzero(label != windows.label)
        hour = (windows.issue_time - START + np.timedelta64(34, "s")) // HOUR
        told = {
            (int(windows.instrument[i]), int(windows.region[i]), int(hour[i])): (int(windows.label[i]), int(label[i]))
            for i in changed
        }
        # Issued 34 s before the whole hour, so that a flare on the hour h is in (t, t + 24 h] for h - 23 ... h.
        assert told == {
            (0, 1, 7): (1, 0),
            (0, 1, 31): (0, 1),
            **{(0, 2, h): (0, 1) for h in range(27, 51)},
            **{(1, 1, h): (1, 0) for h in range(2, 21)},
        }

    def test_the_clock_of_the_records_moves_a_flare_within_half_a_minute(self):
        # 20 s before the whole hour 30: after the issue in UTC (34 s before), before it on the TAI clock as UTC.
        flares = flares_of((30.0 - 20 / 3600, 11111, 2e-5))
        windows = windows_of(RECORDS, flares)
        at_30 = windows.issue_time == START + 30 * HOUR - np.timedelta64(34, "s")
        at = int(np.flatnonzero(at_30 & (windows.region == 1) & (windows.instrument == 0))[0])
        assert relabelled(windows, flares).label[at] == 1
        assert relabelled(windows, flares, labels=LABELS | {"clock": "tai_as_utc"}).label[at] == 0

    def test_a_window_is_covered_where_all_that_it_asks_is(self):
        windows = windows_of(RECORDS, OWN)
        # Observation from 2 h before the issue, forecast to 24 h after it.
        first = START + 10 * HOUR
        covered = relabelled(windows, OWN, covered=[(first, first + 30 * HOUR), ("2013-01-01", "2014-01-01")]).covered
        issued = windows.issue_time[covered]
        assert issued.min() >= first + 2 * HOUR
        assert issued.max() + 24 * HOUR <= first + 30 * HOUR
        # Whole hours less 34 s: from 13 to 16 h, in each of three regions.
        assert covered.sum() == 3 * 4
        assert not relabelled(windows, OWN, covered=[]).covered.any()

    def test_tables_of_another_run_are_refused(self):
        windows = windows_of(RECORDS, OWN)
        with pytest.raises(InputError, match=r"window of sharp region 1 at .*: no such record \(\d+ such windows\)"):
            relabelled(windows, OWN, labels=LABELS | {"clock": "tai_as_utc"}, records=RECORDS[RECORDS["region"] == 2])

    def test_a_list_reaches_down_to_a_class_or_not(self):
        cut_at_c = flares_of((1.0, 1, 1e-6), (1.0, 1, 1e-5))
        assert reaches_down_to(cut_at_c, "C1.0")
        assert reaches_down_to(cut_at_c, "M1.0")
        unscaled = cut_at_c.assign(peak_flux=cut_at_c["peak_flux"] / 0.7)
        assert not reaches_down_to(unscaled, "C1.0")
        assert reaches_down_to(unscaled, "M1.0")
        assert not reaches_down_to(cut_at_c.iloc[:0], "M1.0")


class TestNoaaNumbers:
    def test_instruments_whose_records_name_a_region_can_be_matched(self):
        records = records_of(("sharp", 1, ""), ("sharp", 2, "11999"), ("smarp", 1, ""), hours=1)
        assert instruments_with_noaa_numbers(records) == {"sharp"}
        assert instruments_with_noaa_numbers(records.assign(noaa_ars="")) == set()


class TestPositions:
    def test_each_forecast_finds_its_window(self, study_windows):
        windows: StudyWindows = study_windows()
        order = np.random.default_rng(1).permutation(len(windows.label))[:50]
        predictions = pd.DataFrame(
            {
                "instrument": np.array(windows.instruments)[windows.instrument[order]],
                "region": windows.region[order],
                "issue_time": windows.issue_time[order],
            }
        )
        assert positions_in_windows(predictions, windows).tolist() == order.tolist()

    @pytest.mark.parametrize(
        "change", [{"instrument": "disk"}, {"region": 999}, {"issue_time": np.datetime64("2020-01-01")}]
    )
    def test_a_forecast_of_no_window_is_told(self, study_windows, change):
        windows = study_windows()
        one = pd.DataFrame({"instrument": ["sharp"], "region": [1], "issue_time": [windows.issue_time[0]]})
        with pytest.raises(InputError, match=r"no such window \(1 such forecasts"):
            positions_in_windows(one.assign(**change), windows)


def predictions_of(rng, *, n: int = 60, seeds=(0, 1)) -> pd.DataFrame:
    tables = []
    for seed in seeds:
        label = np.arange(n) % 3 == 0
        tables.append(
            pd.DataFrame(
                {
                    "instrument": "sharp",
                    "region": np.arange(n) // 6,
                    "label": label.astype(np.int8),
                    "probability": np.clip(rng.normal(0.3 + 0.3 * label, 0.2), 0, 1),
                    "seed": seed,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


BOUNDS = {"resamples": 200, "seed": 3, "level": 0.9}
THRESHOLDS = {0: 0.4, 1: 0.35}


class TestScores:
    def scored(self, predictions, label, covered=None, **changes) -> pd.DataFrame:
        covered = np.ones(len(label), dtype=bool) if covered is None else covered
        settings = {"validation_thresholds": THRESHOLDS} | BOUNDS | changes
        return scores_by_labels(predictions, Relabelled(np.asarray(label, dtype=np.int8), covered), **settings)

    def test_values_are_the_means_over_seeds_of_the_scores(self):
        rng = np.random.default_rng(5)
        predictions = predictions_of(rng)
        label = np.where(rng.random(len(predictions)) < 0.1, 1 - predictions["label"], predictions["label"])
        label[::20] = -1
        covered = rng.random(len(predictions)) < 0.8
        table = self.scored(predictions, label, covered)
        assert list(table.columns) == list(SCORED_COLUMNS)
        assert list(dict.fromkeys(table["metric"])) == list(METRICS)
        wanted, counts = [], []
        for seed, threshold in THRESHOLDS.items():
            own = (predictions["seed"] == seed).to_numpy()
            kept = own & covered & (label >= 0)
            for_labels = []
            for truth in (label[kept].astype(np.int8), predictions["label"].to_numpy()[kept]):
                probability = predictions["probability"].to_numpy()[kept]
                at = categorical_scores(contingency_table(truth, probability, thresholds=[0.5, threshold]))
                for_labels.append(probabilistic_scores(truth, probability) | at)
            wanted.append(for_labels)
            changed = (label != predictions["label"])[own & covered].sum()
            counts.append([kept.sum(), (label[kept] == 1).sum(), changed, (own & ~covered).sum()])
        for row in table.itertuples():
            place = {"fixed_0.5": 0, "validation": 1}.get(row.threshold, ())
            figures = np.array([[np.asarray(one[row.metric])[place] for one in of_seed] for of_seed in wanted])
            assert (row.value, row.value_of_study) == pytest.approx(tuple(figures.mean(axis=0)))
        (of_counts,) = table[["n_samples", "n_events", "n_changed", "n_not_covered"]].drop_duplicates().to_numpy()
        assert of_counts.tolist() == np.mean(counts, axis=0).tolist()

    def test_bounds_hold_the_value_and_widen_with_the_level(self):
        predictions = predictions_of(np.random.default_rng(6))
        narrow, wide = (
            self.scored(predictions, predictions["label"], level=level).set_index(["threshold", "metric"])
            for level in (0.5, 0.95)
        )
        assert (wide["low"] <= narrow["low"]).all()
        assert (narrow["low"] < narrow["high"]).all()
        assert (narrow["high"] <= wide["high"]).all()
        assert wide["value"].between(wide["low"], wide["high"]).all()
        # Own labels: no change, and twice the same score.
        assert (wide["n_changed"] == 0).all()
        assert (wide["value"] == wide["value_of_study"]).all()

    def test_the_same_bytes_again(self):
        predictions = predictions_of(np.random.default_rng(6))
        one, other = (self.scored(predictions, predictions["label"]) for _ in range(2))
        pd.testing.assert_frame_equal(one, other, check_exact=True)

    def test_where_nothing_is_covered_every_score_is_undefined(self):
        predictions = predictions_of(np.random.default_rng(6))
        table = self.scored(predictions, predictions["label"], np.zeros(len(predictions), dtype=bool))
        assert table[["value", "low", "high", "value_of_study"]].isna().all().all()
        assert (table["n_samples"] == 0).all()
        assert (table["n_not_covered"] == 60).all()

    def test_a_list_without_events_leaves_no_skill_to_be_told(self):
        predictions = predictions_of(np.random.default_rng(6))
        table = self.scored(predictions, np.zeros(len(predictions))).set_index("metric")
        assert np.isnan(table.loc["area_under_roc_curve", "value"])
        assert table.loc["brier_score", "value"] > 0
        assert (table["n_changed"] == 20).all()


def test_windows_of_the_fixture_do_not_matter_to_the_order(study_windows):
    # A window belongs to its region by number and instrument, not by its place.
    windows = study_windows(n_steps=3)
    records = pd.DataFrame(
        {
            "instrument": np.array(windows.instruments)[windows.instrument],
            "region": windows.region.astype(np.int64),
            "t_rec": windows.issue_time,
            "time": windows.issue_time,
            "noaa_ars": [f"1{i}{r:03}" for i, r in zip(windows.instrument, windows.region, strict=True)],
        }
    )
    flares = flares_of((24 * 7.0, 11003, 2e-5), (24 * 7.0, 10007, 2e-5))
    order = np.random.default_rng(2).permutation(len(windows.label))
    columns = ("step_record", "instrument", "region", "split_group", "issue_time", "evolution", "label")
    shuffled = dataclasses.replace(windows, **{name: getattr(windows, name)[order] for name in columns})
    one, other = (relabelled(of, flares, records=records) for of in (windows, shuffled))
    np.testing.assert_array_equal(other.label, one.label[order])
