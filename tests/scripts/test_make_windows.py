"""The rule that makes windows: selection, clocks, labels, and that nothing looks into the future."""

import copy
import json

import numpy as np
import pandas as pd
import pytest
import yaml

from flaredag.errors import InputError
from flaredag.samples import read_windows
from flaredag.tables import write_flares, write_records
from flaredag.windows import EVOLUTION
from make_windows import main, make_windows, summary

CADENCE = np.timedelta64(96 * 60, "s")
START = np.datetime64("2012-01-01T00:00:00", "s")
# TAI - UTC at the start of 2012.
TAI_MINUS_UTC = np.timedelta64(34, "s")

SETTINGS = {
    "instruments": ["sharp", "smarp"],
    "features": ["area", "usfluxl"],
    "selection": {
        "max_longitude_deg": 70,
        "quality_below": {"sharp": 65536, "smarp": 262144},
        "period": {"sharp": ["2010-05-01", "2020-12-02"], "smarp": ["1996-04-23", "2020-12-02"]},
    },
    "windows": {"cadence_minutes": 96, "n_steps": 16, "max_bad_records": 2},
    "labels": {
        "horizon_hours": 24,
        "strong_class": "M1.0",
        "clock": "tai_as_utc",
        "closed": "both",
        "positive": ["QUIET->STRONG", "WEAK->STRONG", "STRONG->STRONG"],
        "negative": ["QUIET->QUIET"],
    },
}


def settings_with(**changes):
    """SETTINGS with, a section, some keys changed."""
    settings = copy.deepcopy(SETTINGS)
    for section, values in changes.items():
        settings[section] = settings[section] | values if isinstance(values, dict) else values
    return settings


def records_of(region=377, n_records=20, *, instrument="sharp", first=START, **columns) -> pd.DataFrame:
    t_rec = first + np.arange(n_records) * CADENCE
    table = {
        "instrument": instrument,
        "region": np.full(n_records, region),
        "t_rec": t_rec,
        "time": t_rec - TAI_MINUS_UTC,
        "noaa_ars": "11158,11159",
        "quality": np.zeros(n_records, dtype=np.int64),
        "longitude_min": -10.0,
        "longitude_max": 20.0,
        "latitude_min": -15.0,
        "latitude_max": -10.0,
        "area": 1000.0 + np.arange(n_records),
        "usfluxl": 1e21 * (1 + np.arange(n_records)),
        "meangbl": 40.0,
        "r_value": 3.0,
    }
    return pd.DataFrame(table | columns)


def flares_of(*flares) -> pd.DataFrame:
    """Flares (start, class flux, NOAA region)."""
    start, flux, noaa_ar = zip(*flares, strict=True) if flares else ((), (), ())
    return pd.DataFrame(
        {
            "start_time": np.array(start, dtype="datetime64[s]"),
            "start_uncertainty": np.zeros(len(start)),
            "peak_time": np.datetime64("NaT", "s"),
            "end_time": np.datetime64("NaT", "s"),
            "lists": "",
            "goes_class": "",
            "peak_flux": np.array(flux, dtype=np.float64),
            "noaa_ar": np.array(noaa_ar, dtype=np.int64),
            "instrument": "",
            "region": -1,
        }
    )


def evolution_of(study):
    return [EVOLUTION[code] for code in study.evolution]


def sequences_of(study):
    """Keywords of each window by (instrument, region, issue time)."""
    return {
        (int(i), int(region), str(time)): study.features[steps].tobytes()
        for i, region, time, steps in zip(
            study.instrument, study.region, study.issue_time, study.step_record, strict=True
        )
    }


class TestWindows:
    def test_by_hand(self):
        # Twenty records have five windows, that end with records 15 to 19: 2012-01-02 00:00 to 06:24 TAI.
        # An M flare of the patch's second NOAA region at 02:00: after the first two windows, in the rest.
        study, counts = make_windows(records_of(), flares_of(("2012-01-02T02:00:00", 2e-5, 11159)), settings=SETTINGS)
        assert study.step_record.tolist() == [list(range(first, first + 16)) for first in range(5)]
        assert evolution_of(study) == ["QUIET->STRONG"] * 2 + ["STRONG->QUIET"] * 3
        assert study.label.tolist() == [1, 1, -1, -1, -1]
        assert study.issue_time[0] == np.datetime64("2012-01-01T23:59:26")
        assert study.region.tolist() == [377] * 5
        assert study.instrument.tolist() == [0] * 5
        assert study.feature_names == ("area", "usfluxl")
        assert study.features[3].tolist() == [1003.0, 4e21]
        assert counts["all"]["windows_kept"] == counts["sharp"]["windows_kept"] == 5
        assert counts["smarp"]["windows_kept"] == 0

    def test_flares_of_a_noaa_region_elsewhere_do_not_count(self):
        study, _ = make_windows(records_of(), flares_of(("2012-01-02T02:00:00", 2e-5, 11160)), settings=SETTINGS)
        assert set(evolution_of(study)) == {"QUIET->QUIET"}
        assert set(study.label) == {0}

    def test_no_flares_at_all(self):
        study, _ = make_windows(records_of(), flares_of(), settings=SETTINGS)
        assert set(evolution_of(study)) == {"QUIET->QUIET"}

    @pytest.mark.parametrize(
        ("start", "tai_as_utc", "utc"),
        [
            # First window: issued at 00:00:00 TAI, which is 23:59:26 UTC.
            ("2012-01-01T23:59:25", "STRONG->QUIET", "STRONG->QUIET"),
            ("2012-01-01T23:59:26", "STRONG->QUIET", "STRONG->STRONG"),
            ("2012-01-01T23:59:50", "STRONG->QUIET", "QUIET->STRONG"),
            ("2012-01-02T00:00:00", "STRONG->STRONG", "QUIET->STRONG"),
            ("2012-01-02T00:00:01", "QUIET->STRONG", "QUIET->STRONG"),
            ("2012-01-02T23:59:50", "QUIET->STRONG", "QUIET->QUIET"),
            # It begins at 00:00:00 TAI, 23:59:26 UTC the day before.
            ("2011-12-31T23:59:30", "QUIET->QUIET", "STRONG->QUIET"),
        ],
    )
    def test_the_clock_that_flares_are_compared_with(self, start, tai_as_utc, utc):
        for clock, wanted in (("tai_as_utc", tai_as_utc), ("utc", utc)):
            study, _ = make_windows(
                records_of(), flares_of((start, 2e-5, 11158)), settings=settings_with(labels={"clock": clock})
            )
            assert evolution_of(study)[0] == wanted
            # Whatever flares are compared with, a forecast is issued at a time in UTC.
            assert study.issue_time[0] == np.datetime64("2012-01-01T23:59:26")

    def test_right_closed_periods_count_a_flare_once(self):
        flares = flares_of(("2012-01-02T00:00:00", 2e-5, 11158))
        study, _ = make_windows(records_of(), flares, settings=settings_with(labels={"closed": "right"}))
        assert evolution_of(study)[0] == "STRONG->QUIET"

    def test_equal_numbers_of_two_instruments_are_two_regions(self):
        records = pd.concat([records_of(377), records_of(377, instrument="smarp", noaa_ars="", area=5.0)])
        flares = flares_of(("2012-01-02T02:00:00", 2e-5, 11158))
        study, counts = make_windows(records, flares, settings=SETTINGS)
        assert study.instrument.tolist() == [0] * 5 + [1] * 5
        assert study.region.tolist() == [377] * 10
        assert evolution_of(study)[5:] == ["QUIET->QUIET"] * 5
        assert (counts["sharp"]["windows_kept"], counts["smarp"]["windows_kept"]) == (5, 5)

    def test_one_instrument_alone(self):
        records = pd.concat([records_of(377), records_of(12, instrument="smarp")])
        study, _ = make_windows(records, flares_of(), settings=settings_with(instruments=["smarp"]))
        assert study.instruments == ("smarp",)
        assert set(study.region) == {12}
        assert set(study.instrument) == {0}


class TestSelection:
    def test_what_is_left_out_is_counted_once_and_by_its_first_reason(self):
        columns = {
            "longitude_min": np.full(20, -10.0),
            "longitude_max": np.full(20, 20.0),
            "quality": np.zeros(20, dtype=np.int64),
            "area": np.full(20, 1000.0),
        }
        columns["longitude_max"][17:] = [70.0, 70.1, 80.0]
        columns["longitude_min"][0] = -70.5
        columns["quality"][[1, 19]] = [65536, 0x00010000]
        columns["quality"][2] = 65535
        columns["area"][5] = np.nan
        study, counts = make_windows(records_of(**columns), flares_of(), settings=SETTINGS)
        assert counts["sharp"] == {
            "records": 20,
            "records_beyond_longitude": 3,
            "records_of_bad_quality": 1,
            "records_outside_period": 0,
            "records_kept": 16,
            "records_without_quality": 0,
            "records_without_longitude": 0,
            "records_with_missing_keywords": 1,
            "windows_kept": 1,
            "windows_with_filled_records": 1,
        }
        # Records 2 to 17 are left; 5 is bad and filled with 6, which is the fifth of those left.
        assert study.step_record.tolist() == [[0, 1, 2, 4, 4, *range(5, 16)]]

    def test_a_record_left_out_within_a_window_counts_as_bad(self):
        quality = np.zeros(20, dtype=np.int64)
        quality[[3, 5, 7]] = 65536
        study, counts = make_windows(records_of(quality=quality), flares_of(), settings=SETTINGS)
        # Windows that begin with records 0 to 3 hold three bad ones (3 ends the run), the one from 4 holds two.
        assert counts["all"]["windows_with_too_many_bad_records"] == 4
        assert len(study.label) == 1

    def test_what_a_source_does_not_give_leaves_no_record_out(self):
        records = records_of(longitude_min=np.nan, longitude_max=np.nan, quality=-1)
        study, counts = make_windows(records, flares_of(), settings=SETTINGS)
        assert len(study.label) == 5
        assert counts["sharp"]["records_without_quality"] == counts["sharp"]["records_without_longitude"] == 20

    def test_the_period_holds_its_begin_and_not_its_end(self):
        period = {"period": {"sharp": ["2012-01-01", "2012-01-02"], "smarp": ["2012-01-01", "2012-01-01"]}}
        _, counts = make_windows(records_of(), flares_of(), settings=settings_with(selection=period))
        # The 15 records of the first of January, from 00:00.
        assert counts["sharp"]["records_kept"] == 15
        assert counts["sharp"]["records_outside_period"] == 5

    def test_limits_of_quality_are_those_of_the_instrument(self):
        quality = np.full(20, 65536)
        records = pd.concat([records_of(quality=quality), records_of(instrument="smarp", quality=quality)])
        _, counts = make_windows(records, flares_of(), settings=SETTINGS)
        assert counts["sharp"]["records_kept"] == 0
        assert counts["smarp"]["records_kept"] == 20

    def test_a_keyword_that_is_no_feature_may_be_missing(self):
        _, counts = make_windows(records_of(r_value=np.nan), flares_of(), settings=SETTINGS)
        assert counts["sharp"]["records_with_missing_keywords"] == 0

    def test_noaa_regions_of_records_left_out_still_name_the_patch(self):
        noaa_ars = ["11158"] * 19 + ["11200"]
        longitude_max = [20.0] * 19 + [80.0]
        study, _ = make_windows(
            records_of(noaa_ars=noaa_ars, longitude_max=longitude_max),
            flares_of(("2012-01-02T02:00:00", 2e-5, 11200)),
            settings=SETTINGS,
        )
        assert "QUIET->STRONG" in evolution_of(study)

    def test_nothing_left_is_told(self):
        with pytest.raises(InputError, match="no record of sharp, smarp is left by the selection"):
            make_windows(records_of(longitude_max=75.0), flares_of(), settings=SETTINGS)

    def test_records_off_the_grid_are_told(self):
        records = records_of(first=START + np.timedelta64(12 * 60, "s"))
        with pytest.raises(InputError, match="off the grid"):
            make_windows(records, flares_of(), settings=SETTINGS)


def test_summary_by_hand():
    records = pd.concat([records_of(377), records_of(12, instrument="smarp", noaa_ars="")])
    study, counts = make_windows(records, flares_of(("2012-01-02T02:00:00", 2e-5, 11158)), settings=SETTINGS)
    told = summary(study, counts)
    assert told["samples"] == {
        "sharp": {"positive": 2, "negative": 0, "event_rate": 1.0},
        "smarp": {"positive": 0, "negative": 5, "event_rate": 0.0},
    }
    assert {name: n for name, n in told["evolution"]["sharp"].items() if n} == {"QUIET->STRONG": 2, "STRONG->QUIET": 3}
    assert told["evolution"]["smarp"]["QUIET->QUIET"] == 5
    assert told["records"]["sharp"]["records"] == 20


def test_main_reads_shards_and_writes_windows_and_summary(tmp_path):
    write_records(tmp_path / "sharp-0.nc", records_of(377).drop(columns="instrument"), instrument="sharp")
    write_records(tmp_path / "sharp-1.nc", records_of(401).drop(columns="instrument"), instrument="sharp")
    write_flares(tmp_path / "goes.nc", flares_of(("2012-01-02T02:00:00", 2e-5, 11158)))
    paths = [str(tmp_path / name) for name in ("windows.nc", "samples.json")]
    main(
        [str(tmp_path / "sharp-1.nc"), str(tmp_path / "sharp-0.nc")],
        [str(tmp_path / "goes.nc")],
        *paths,
        settings=SETTINGS,
    )
    study = read_windows(paths[0])
    assert study.region.tolist() == [377] * 5 + [401] * 5
    told = json.loads((tmp_path / "samples.json").read_text())
    assert told["records"]["sharp"]["records"] == 40
    assert told["samples"]["sharp"]["positive"] == 4


def made_sun(seed):
    """Records of four patches with gaps and bad values, and thirty flares of their NOAA regions."""
    rng = np.random.default_rng(seed)
    records = pd.concat(
        [
            records_of(region, 70, instrument=instrument, noaa_ars=f"{region}", area=rng.uniform(10, 5000, 70))
            for region, instrument in [(11, "sharp"), (12, "sharp"), (13, "smarp"), (14, "smarp")]
        ],
        ignore_index=True,
    )
    records.loc[rng.random(len(records)) < 0.04, "area"] = np.nan
    records = records[rng.random(len(records)) > 0.04].reset_index(drop=True)
    starts = START + rng.integers(0, 70 * 96 * 60, 30).astype("timedelta64[s]")
    # Some on the very times of records, where the edges of periods are.
    starts[:8] = START + rng.integers(15, 60, 8) * CADENCE
    return records, flares_of(
        *(
            (start, flux, ar)
            for start, flux, ar in zip(starts, rng.choice([1e-6, 5e-5], 30), rng.integers(11, 15, 30), strict=True)
        )
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("closed", ["both", "right"])
@pytest.mark.parametrize("clock", ["tai_as_utc", "utc"])
class TestNoLookIntoTheFuture:
    def test_flares_after_the_issue_time_change_no_observation(self, seed, closed, clock):
        records, flares = made_sun(seed)
        settings = settings_with(labels={"closed": closed, "clock": clock})
        study, _ = make_windows(records, flares, settings=settings)
        now = START + 35 * CADENCE
        rng = np.random.default_rng(100 + seed)
        later = now + rng.integers(1, 10**6, 40).astype("timedelta64[s]")
        other = flares_of(*((start, 1e-4, ar) for start, ar in zip(later, rng.integers(11, 15, 40), strict=True)))
        altered = pd.concat([flares[flares["start_time"] <= now], other], ignore_index=True)
        changed, _ = make_windows(records, altered, settings=settings)
        # No flare has a say in which windows there are, and what their features are.
        assert changed.step_record.tobytes() == study.step_record.tobytes()
        assert changed.features.tobytes() == study.features.tobytes()
        issued = study.issue_time <= now - (TAI_MINUS_UTC if clock == "tai_as_utc" else np.timedelta64(0, "s"))
        assert issued.any()
        assert (changed.evolution // 3)[issued].tolist() == (study.evolution // 3)[issued].tolist()
        # The alteration did something: what is predicted changed, and what is observed later.
        assert (changed.evolution % 3)[issued].tolist() != (study.evolution % 3)[issued].tolist()
        assert (changed.evolution // 3)[~issued].tolist() != (study.evolution // 3)[~issued].tolist()

    def test_records_after_the_issue_time_change_no_window(self, seed, closed, clock):
        records, flares = made_sun(seed)
        settings = settings_with(labels={"closed": closed, "clock": clock})
        study, _ = make_windows(records, flares, settings=settings)
        now = START + 35 * CADENCE
        rng = np.random.default_rng(100 + seed)
        later = records["t_rec"].to_numpy() > now
        altered = records.copy()
        altered.loc[later, "area"] *= rng.uniform(0.5, 2, later.sum())
        altered.loc[later & (rng.random(len(records)) < 0.2), "usfluxl"] = np.nan
        altered.loc[later & (rng.random(len(records)) < 0.2), "quality"] = 2**20
        issued_by = str(now - TAI_MINUS_UTC)

        def until_now(one):
            kept = one.issue_time <= np.datetime64(issued_by)
            sequences = {key: value for key, value in sequences_of(one).items() if key[2] <= issued_by}
            return sequences, one.evolution[kept].tolist(), one.label[kept].tolist()

        wanted = until_now(study)
        assert len(wanted[0]) > 10
        for rows in (altered, altered[~later | (rng.random(len(records)) < 0.5)], records[~later]):
            changed, _ = make_windows(rows, flares, settings=settings)
            assert until_now(changed) == wanted
            assert sequences_of(changed) != sequences_of(study)


@pytest.fixture(scope="module")
def sun2022(request):
    """Settings of the study in config.yaml."""
    study = yaml.safe_load((request.config.rootpath / "config.yaml").read_text())["study"]["sun2022"]
    return {name: study[name] for name in ("instruments", "features", "selection", "windows", "labels")}


@pytest.fixture(scope="module")
def real_tables(published_folds):
    """Records of all real folds, with the published label of each, and flares."""
    records = []
    for fold in published_folds:
        published = fold.raw[["label"]].assign(
            region=fold.raw["arpnum"].astype(int), t_rec=pd.to_datetime(fold.raw["t_end"]).astype("datetime64[s]")
        )
        records.append(fold.records.merge(published, on=["region", "t_rec"]).assign(instrument=fold.instrument))
    return pd.concat(records, ignore_index=True), pd.concat([fold.flares for fold in published_folds])


@pytest.fixture(scope="module")
def real_windows(real_tables, sun2022):
    """Windows of the study on the real tables."""
    return make_windows(*real_tables, settings=sun2022)[0]


class TestRealTables:
    def test_windows_of_two_regions_by_pandas(self, real_tables, real_windows, sun2022):
        records, features = real_tables[0], sun2022["features"]
        # The patch of AR 12192, largest of its cycle, and one of SMARP with 17 records missing among 131.
        for code, instrument, region in [(0, "sharp", 4698), (1, "smarp", 285)]:
            own = records[(records["instrument"] == instrument) & (records["region"] == region)].set_index("t_rec")
            grid = own[features].asfreq("96min")
            bad = grid.isna().any(axis=1)
            wanted = grid.index[(bad.rolling(16).sum() <= 2) & ~bad]
            assert len(wanted) > 40
            positions = np.flatnonzero((real_windows.instrument == code) & (real_windows.region == region))
            assert (real_windows.issue_time[positions] == own.loc[wanted, "time"].to_numpy()).all()
            filled = grid.bfill()
            for position, issued in zip(positions, wanted, strict=True):
                window = filled.loc[:issued].iloc[-16:]
                np.testing.assert_array_equal(real_windows.features[real_windows.step_record[position]], window)

    def test_strong_after_the_issue_time_is_the_published_label(self, real_tables, real_windows):
        published = real_tables[0].set_index(["instrument", "region", "time"])["label"] == "True"
        instruments = np.array(real_windows.instruments)[real_windows.instrument]
        windows = pd.MultiIndex.from_arrays([instruments, real_windows.region, real_windows.issue_time])
        np.testing.assert_array_equal(real_windows.evolution % 3 == 2, published.loc[windows].to_numpy())

    def test_numbers_of_positive_samples(self, real_windows):
        # Counted before by a loop over the published records: label True, in the 16 slots up to it at most 2 missing.
        positive = real_windows.label == 1
        assert np.bincount(real_windows.instrument[positive]).tolist() == [2040, 2860]
