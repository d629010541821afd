"""Windows of a study: selection, clocks, labels, and that nothing looks into the future."""

import numpy as np
import pandas as pd
import pytest
import yaml

from flaredag.errors import InputError
from flaredag.study_windows import make_windows, tasks_of
from flaredag.windows import EVOLUTION
from made_up_history import history_settings, with_course
from made_up_records import (
    CADENCE,
    SETTINGS,
    START,
    TAI_MINUS_UTC,
    flares_of,
    images_of,
    made_sun,
    records_of,
    settings_with,
)


def made(records, flares, images=None, *, settings=SETTINGS):
    """Windows of a study with one task, and counts."""
    tasks, counts = make_windows(records, flares, images, settings=settings)
    (study,) = tasks.values()
    return study, counts


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
        study, counts = made(records_of(), flares_of(("2012-01-02T02:00:00", 2e-5, 11159)))
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
        assert study.images is None
        assert "records_without_magnetogram" not in counts["sharp"]

    def test_flares_of_a_noaa_region_elsewhere_do_not_count(self):
        study, _ = made(records_of(), flares_of(("2012-01-02T02:00:00", 2e-5, 11160)))
        assert set(evolution_of(study)) == {"QUIET->QUIET"}
        assert set(study.label) == {0}

    def test_no_flares_at_all(self):
        study, _ = made(records_of(), flares_of())
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
            study, _ = made(
                records_of(), flares_of((start, 2e-5, 11158)), settings=settings_with(labels={"clock": clock})
            )
            assert evolution_of(study)[0] == wanted
            # Whatever flares are compared with, a forecast is issued at a time in UTC.
            assert study.issue_time[0] == np.datetime64("2012-01-01T23:59:26")

    def test_right_closed_periods_count_a_flare_once(self):
        flares = flares_of(("2012-01-02T00:00:00", 2e-5, 11158))
        study, _ = made(records_of(), flares, settings=settings_with(labels={"closed": "right"}))
        assert evolution_of(study)[0] == "STRONG->QUIET"

    def test_equal_numbers_of_two_instruments_are_two_regions(self):
        records = pd.concat([records_of(377), records_of(377, instrument="smarp", noaa_ars="", area=5.0)])
        flares = flares_of(("2012-01-02T02:00:00", 2e-5, 11158))
        study, counts = made(records, flares)
        assert study.instrument.tolist() == [0] * 5 + [1] * 5
        assert study.region.tolist() == [377] * 10
        assert evolution_of(study)[5:] == ["QUIET->QUIET"] * 5
        assert (counts["sharp"]["windows_kept"], counts["smarp"]["windows_kept"]) == (5, 5)

    def test_one_instrument_alone(self):
        records = pd.concat([records_of(377), records_of(12, instrument="smarp")])
        study, _ = made(records, flares_of(), settings=settings_with(instruments=["smarp"]))
        assert study.instruments == ("smarp",)
        assert set(study.region) == {12}
        assert set(study.instrument) == {0}

    def test_windows_know_the_group_of_their_region(self):
        # Two appearances of one region, 377 and 401, and another.
        records = pd.concat(
            [records_of(377, split_group=12), records_of(401, split_group=12), records_of(402, split_group=2**40)]
        )
        study, _ = made(records, flares_of())
        assert study.region.tolist() == [377] * 5 + [401] * 5 + [402] * 5
        assert study.split_group.tolist() == [12] * 10 + [2**40] * 5
        assert study.split_group.dtype == np.int64

    @pytest.mark.parametrize("region", [-1, 10_000_000])
    def test_a_region_beyond_all_numbers_is_told(self, region):
        # Its code would be that of another instrument's region.
        with pytest.raises(InputError, match=rf"region {region} to {region}: wanted region numbers from 0 to 9999999"):
            made(records_of(region), flares_of())


PADDED = settings_with(windows={"padding": "zeros"})


class TestPadding:
    def test_by_hand(self):
        # Twenty records of which 0, 1, 7 and 19 have no area: sixteen windows, those from 2 to 18 without 7.
        records = records_of()
        records.loc[[0, 1, 7, 19], "area"] = np.nan
        study, counts = made(records, flares_of(("2012-01-01T04:00:00", 2e-5, 11158)), settings=PADDED)
        ends = [2, 3, 4, 5, 6, *range(8, 19)]
        assert study.step_record[:, -1].tolist() == ends
        assert study.step_record.tolist() == [
            [record if record not in (0, 1, 7) and record >= 0 else -1 for record in range(end - 15, end + 1)]
            for end in ends
        ]
        assert study.issue_time.tolist() == records["time"].iloc[ends].tolist()
        # Windows 2 to 6 hold 1 to 5 records, 8 to 17 hold 6 to 15 and less one, and 18 (3 to 18) all but 7.
        n_padded = [15, 14, 13, 12, 11, *range(10, 0, -1), 1]
        assert (study.step_record < 0).sum(axis=1).tolist() == n_padded
        assert counts["sharp"]["windows_kept"] == counts["sharp"]["windows_padded"] == 16
        assert counts["sharp"]["steps_padded"] == sum(n_padded)
        assert (counts["smarp"]["windows_padded"], counts["smarp"]["steps_padded"]) == (0, 0)
        assert "windows_with_filled_records" not in counts["sharp"]
        # The flare at 04:00 follows the window that ends at 03:12; that of 04:48 and those after it have seen it, all
        # but the last, which ends and so begins its 24 h at 04:48.
        assert evolution_of(study) == ["QUIET->STRONG"] + ["STRONG->QUIET"] * 14 + ["QUIET->QUIET"]

    def test_an_unbroken_run_keeps_its_windows_and_gains_those_at_its_beginning(self):
        records, flares = records_of(), flares_of(("2012-01-02T02:00:00", 2e-5, 11158))
        whole, padded = (made(records, flares, settings=settings)[0] for settings in (SETTINGS, PADDED))
        assert len(padded.label) == 20
        for name in ("step_record", "issue_time", "label", "evolution", "region", "instrument", "split_group"):
            assert getattr(padded, name)[15:].tobytes() == getattr(whole, name).tobytes(), name
        assert (padded.step_record[:15] < 0).any(axis=1).all()

    def test_more_bad_records_than_allowed_do_not_matter(self):
        for max_bad_records in (0, 2, 16):
            settings = settings_with(windows={"padding": "zeros", "max_bad_records": max_bad_records})
            assert len(made(records_of(), flares_of(), settings=settings)[0].label) == 20
        windows = {"cadence_minutes": 96, "n_steps": 16, "padding": "zeros"}
        assert len(made(records_of(), flares_of(), settings=SETTINGS | {"windows": windows})[0].label) == 20

    def test_no_padding_is_what_is_done_where_nothing_is_said(self):
        records, flares = made_sun(0)
        one, other = (
            made(records, flares, settings=settings)
            for settings in (SETTINGS, settings_with(windows={"padding": "none"}))
        )
        assert one[0].step_record.tobytes() == other[0].step_record.tobytes()
        assert one[1] == other[1]

    def test_magnetograms_are_those_of_the_last_records(self):
        records = records_of()
        images = images_of(records, nan_fraction=np.where(np.arange(20) == 7, 0.01, 0.0))
        study, counts = made(records, flares_of(), images, settings=PADDED)
        assert study.images.frame_digest.tolist() == [1000 + record for record in range(20) if record != 7]
        assert counts["sharp"]["records_with_bad_magnetogram"] == 1

    @pytest.mark.parametrize("seed", range(3))
    def test_records_after_the_issue_time_change_no_window(self, seed):
        records, flares = made_sun(seed)
        study, _ = made(records, flares, settings=PADDED)
        now = START + 35 * CADENCE
        until_now = study.issue_time <= now - TAI_MINUS_UTC
        for rows in (records["t_rec"] <= now, (records["t_rec"] <= now) | (np.arange(len(records)) % 2 == 0)):
            changed, _ = made(records[rows].reset_index(drop=True), flares, settings=PADDED)
            kept = changed.issue_time <= now - TAI_MINUS_UTC
            assert (study.step_record[until_now] < 0).tolist() == (changed.step_record[kept] < 0).tolist()
            got, wanted = (
                np.where(one.step_record[own] < 0, 0.0, one.features[one.step_record[own], 0])
                for one, own in ((changed, kept), (study, until_now))
            )
            np.testing.assert_array_equal(got, wanted)


class TestTasks:
    tasks = settings_with(
        labels={
            "tasks": {
                "m_24h": {"strong_class": "M1.0", "horizon_hours": 24},
                "c_6h": {"strong_class": "C1.0", "horizon_hours": 6},
                "m_6h_after_2h": {"horizon_hours": 6, "observation_hours": 2},
            }
        }
    )

    def test_settings_of_a_task_go_before_the_common_ones(self):
        own = {"strong_class": "C1.0", "horizon_hours": 6}
        assert tasks_of({"clock": "utc", "horizon_hours": 24, "tasks": {"m": {}, "c": own}}) == {
            "m": {"clock": "utc", "horizon_hours": 24},
            "c": {"clock": "utc"} | own,
        }
        assert tasks_of({"clock": "utc"}) == {"flare": {"clock": "utc"}}

    def test_by_hand(self):
        # Windows end at 00:00, 01:36, 03:12, 04:48 and 06:24 of the second of January; they begin 24 h before.
        flares = flares_of(
            ("2012-01-02T02:00:00", 5e-6, 11158),
            ("2012-01-02T08:00:00", 2e-5, 11158),
            ("2012-01-02T13:00:00", 3e-7, 11158),
        )
        tasks, _ = make_windows(records_of(), flares, None, settings=self.tasks)
        assert list(tasks) == ["m_24h", "c_6h", "m_6h_after_2h"]
        # The C5 is weak to M1.0, the M2 follows within the day.
        assert evolution_of(tasks["m_24h"]) == ["QUIET->STRONG"] * 2 + ["WEAK->STRONG"] * 3
        # Within 6 h: the C5, the C5 (02:00 to 07:36), then the M2, strong all to C1.0.
        assert evolution_of(tasks["c_6h"]) == ["QUIET->STRONG"] * 2 + ["STRONG->STRONG"] * 3
        # Two hours before: the C5 for the window of 03:12 alone. Of 00:00 and 01:36 it is what comes within 6 h.
        assert evolution_of(tasks["m_6h_after_2h"]) == [
            "QUIET->WEAK",
            "QUIET->WEAK",
            "WEAK->STRONG",
            "QUIET->STRONG",
            "QUIET->STRONG",
        ]
        assert [study.label.tolist() for study in tasks.values()] == [[1] * 5, [1] * 5, [-1, -1, 1, 1, 1]]

    def test_the_windows_are_the_same_for_all(self):
        records, flares = made_sun(0)
        one, *others = make_windows(records, flares, images_of(records), settings=self.tasks)[0].values()
        for other in others:
            assert other.step_record.tobytes() == one.step_record.tobytes()
            assert other.features.tobytes() == one.features.tobytes()
            assert other.issue_time.tobytes() == one.issue_time.tobytes()
            assert other.images.frame_digest.tobytes() == one.images.frame_digest.tobytes()
            assert other.label.tobytes() != one.label.tobytes()

    def test_a_window_of_one_record_observes_what_the_task_says(self):
        settings = settings_with(windows={"n_steps": 1, "max_bad_records": 0}, labels={"observation_hours": 48})
        flares = flares_of(("2011-12-31T00:00:00", 2e-5, 11158))
        study, _ = made(records_of(), flares, settings=settings)
        assert study.step_record.tolist() == [[record] for record in range(20)]
        # The flare is 24 h before the first record; 48 h before the record of 00:00 on the second.
        assert evolution_of(study) == ["STRONG->QUIET"] * 16 + ["QUIET->QUIET"] * 4


IMAGES_WITHIN_REGION = settings_with(magnetograms={"sizes_compared_within": "region"})


class TestMagnetograms:
    def test_a_window_has_the_magnetogram_of_its_last_record(self):
        records = pd.concat([records_of(377), records_of(12, instrument="smarp")], ignore_index=True)
        study, counts = made(records, flares_of(), images_of(records))
        images = study.images
        assert images.cubes == ("sharp-0", "smarp-0")
        assert images.cube.tolist() == [0] * 5 + [1] * 5
        # Records 15 to 19 and 35 to 39 of forty, counted from the last.
        assert images.frame.tolist() == [24, 23, 22, 21, 20, 4, 3, 2, 1, 0]
        assert images.frame_digest.tolist() == [*range(1015, 1020), *range(1035, 1040)]
        assert images.mean_gauss.tolist() == [7.5, 8.0, 8.5, 9.0, 9.5, 17.5, 18.0, 18.5, 19.0, 19.5]
        assert images.mean_square_gauss2[:2].tolist() == [10015.0, 10016.0]
        assert images.longitude_deg[:2].tolist() == [-15.0, -14.0]
        assert set(images.latitude_deg.tolist()) == {-12.5}
        for name in ("sharp", "smarp"):
            assert counts[name]["records_without_magnetogram"] == counts[name]["records_with_bad_magnetogram"] == 0

    def test_records_without_magnetogram_or_with_a_bad_one_are_bad_records(self):
        records = records_of()
        images = images_of(records, nan_fraction=np.where(np.arange(20) == 7, 0.01, 0.0))
        images = images[images["longitude_deg"] != 3 - 30.0].reset_index(drop=True)
        for settings in (SETTINGS, IMAGES_WITHIN_REGION):
            own = images.assign(bad_image=images["nan_fraction"] > 0)
            study, counts = made(records, flares_of(), own, settings=settings)
            assert counts["sharp"]["records_without_magnetogram"] == 1
            assert counts["sharp"]["records_with_bad_magnetogram"] == 1
            assert counts["sharp"]["records_with_missing_keywords"] == 0
            assert counts["sharp"]["windows_with_filled_records"] == 5
            # Keywords of a bad record are those of the next: what a model on them sees is one record, image and all.
            assert study.step_record[0].tolist() == [0, 1, 2, 4, 4, 5, 6, 8, *range(8, 16)]
            assert study.step_record[4].tolist() == [4, 5, 6, 8, *range(8, 20)]
        # One bad keyword more in the same records, and one record too many is bad.
        records.loc[5, "area"] = np.nan
        study, counts = made(records, flares_of(), images)
        assert counts["all"]["windows_with_too_many_bad_records"] == 4
        assert counts["sharp"]["records_with_missing_keywords"] == 1

    @pytest.mark.parametrize("column", ["height_pixels", "width_pixels"])
    def test_a_size_off_the_median_of_the_window_is_bad_in_that_window(self, column):
        # The first ten are 4 pixels smaller: the smaller ones are fewer than half in windows from 3 on.
        size = np.where(np.arange(20) < 10, 79, 83)
        settings = settings_with(windows={"max_bad_records": 8})
        study, counts = made(records_of(), flares_of(), images_of(records_of(), **{column: size}), settings=settings)
        # Windows 0 and 1 have 10 and 9 small ones, so the last is bad; with 8 of each the median is 81: none is bad.
        assert counts["all"]["windows_with_last_record_bad"] == 2
        assert study.step_record.tolist() == [
            list(range(2, 18)),
            [*[10] * 7, *range(10, 19)],
            [*[10] * 6, *range(10, 20)],
        ]
        # Of records no count can be told, as a magnetogram is bad in one window and good in another.
        assert counts["sharp"]["records_with_bad_magnetogram"] == 0

    def test_a_size_off_the_median_of_the_region_is_bad_everywhere(self):
        bad_image = np.arange(20) == 17
        images = images_of(records_of(), bad_image=bad_image, height_pixels=np.arange(20) * 10)
        study, counts = made(records_of(), flares_of(), images, settings=IMAGES_WITHIN_REGION)
        assert counts["sharp"]["records_with_bad_magnetogram"] == 1
        assert counts["all"]["windows_with_last_record_bad"] == 1
        assert study.images.frame_digest.tolist() == [1015, 1016, 1018, 1019]

    def test_cubes_of_another_archive_are_told(self):
        with pytest.raises(InputError, match=r"no record of the tables has a magnetogram .* \(20 images, 20 records\)"):
            made(records_of(377), flares_of(), images_of(records_of(378)))

    def test_an_image_twice_is_told(self):
        images = images_of(records_of())
        with pytest.raises(InputError, match="twice, the second in sharp-0"):
            made(records_of(), flares_of(), pd.concat([images, images.iloc[3:4]], ignore_index=True))

    @pytest.mark.parametrize("seed", range(3))
    def test_pixels_have_no_say_in_windows_and_labels(self, seed):
        records, flares = made_sun(seed)
        images, rng = images_of(records), np.random.default_rng(seed)
        n = len(images)
        other = images.assign(
            frame_digest=rng.integers(2**60, size=n), mean_gauss=rng.normal(size=n), mean_square_gauss2=rng.random(n)
        )
        (one, counts), (changed, counts_after) = (made(records, flares, which) for which in (images, other))
        for name in ("step_record", "features", "issue_time", "evolution", "label", "split_group", "region"):
            assert getattr(changed, name).tobytes() == getattr(one, name).tobytes(), name
        assert counts_after == counts
        assert changed.images.frame.tobytes() == one.images.frame.tobytes()
        assert changed.images.frame_digest.tobytes() != one.images.frame_digest.tobytes()

    @pytest.mark.parametrize("seed", range(3))
    def test_magnetograms_after_the_issue_time_change_no_window(self, seed):
        records, flares = made_sun(seed)
        rng = np.random.default_rng(seed)
        images = images_of(records, height_pixels=rng.choice([80, 83, 90], len(records), p=[0.02, 0.96, 0.02]))
        now = START + 35 * CADENCE
        later = images["t_rec"].to_numpy() > now
        altered = images.copy()
        altered.loc[later, "height_pixels"] += rng.integers(-9, 9, later.sum())
        altered.loc[later & (rng.random(len(images)) < 0.2), "nan_fraction"] = 0.5

        def until_now(one):
            kept = one.issue_time <= now - TAI_MINUS_UTC
            rows = [one.images.frame, one.images.frame_digest, one.label, one.region]
            sequences = {key: value for key, value in sequences_of(one).items() if key[2] <= str(now - TAI_MINUS_UTC)}
            return sequences, [row[kept].tolist() for row in rows]

        study, _ = made(records, flares, images)
        wanted = until_now(study)
        assert len(wanted[0]) > 10
        for which in (altered, images[~later | (rng.random(len(images)) < 0.5)], images[~later]):
            changed, _ = made(records, flares, which.reset_index(drop=True))
            assert until_now(changed)[0] == wanted[0]
            assert sequences_of(changed) != sequences_of(study)
            assert until_now(changed)[1] == wanted[1]


class TestFlareHistory:
    # An M2 that begins at 02:00, peaks at 03:12 TAI, which is 34 s earlier in UTC, and ends at 05:00.
    flares = with_course(flares_of(("2012-01-02T02:00:00", 2e-5, 11159)), 1.2, 3)

    def settings(self, known_from, features=("mhis", "area", "mdec", "xmax1d")):
        return history_settings(known_from) | {"features": list(features)}

    def test_by_hand(self):
        # Windows end at 00:00, 01:36, 03:12, 04:48 and 06:24 TAI of the second of January.
        for known_from, known in (("start", [0, 0, 1, 1, 1]), ("peak", [0, 0, 0, 1, 1]), ("end", [0, 0, 0, 0, 1])):
            study, _ = made(records_of(), self.flares, settings=self.settings(known_from))
            assert study.feature_names == ("mhis", "area", "mdec", "xmax1d")
            last = study.features[study.step_record[:, -1]]
            assert last[:, 0].tolist() == known
            # The other features stand where the study names them.
            assert last[:, 1].tolist() == [1015.0, 1016.0, 1017.0, 1018.0, 1019.0]
            assert (last[:, 2] > 0).tolist() == [bool(one) for one in known]
            assert last[:, 3].tolist() == [2e-5 * one for one in known]
            # 06:24:00 TAI is 06:23:26 UTC.
            since = {"start": 4 + 1406 / 3600, "peak": 3.2 - 34 / 3600, "end": 1 + 1406 / 3600}[known_from]
            assert last[4, 2] == pytest.approx(np.exp(-since / 12), rel=1e-12)
            # Records of windows know what they knew at their own time.
            assert study.features[study.step_record[4], 0].tolist() == [0] * 11 + known

    def test_flares_of_other_regions_are_not_of_the_history(self):
        others = [records_of(12, instrument="smarp", noaa_ars="11159"), records_of(13, noaa_ars="")]
        records = pd.concat([records_of(377), *others])
        study, _ = made(records, self.flares, settings=self.settings("start"))
        of_last = study.features[study.step_record[:, -1], 0]
        assert of_last.tolist() == [0] * 5 + [0, 0, 1, 1, 1] + [0, 0, 1, 1, 1]
        assert study.region.tolist() == [13] * 5 + [377] * 5 + [12] * 5

    def test_flares_while_a_record_was_left_out_count(self):
        quality = np.zeros(20, dtype=np.int64)
        quality[17] = 65536
        study, _ = made(records_of(quality=quality), self.flares, settings=self.settings("start"))
        assert study.features[:, 0].tolist() == [0] * 17 + [1, 1]

    def test_features_of_the_history_are_never_missing(self):
        records, flares = made_sun(0)
        study, counts = made(records, with_course(flares, 0.1, 0.2), settings=history_settings("end"))
        without, counts_without = made(records, flares)
        assert counts == counts_without
        assert study.step_record.tolist() == without.step_record.tolist()
        assert study.features[:, :2].tobytes() == without.features.tobytes()
        assert np.isfinite(study.features[:, 2:]).all()
        assert study.features.shape[1] == 17

    def test_without_the_setting_they_are_refused(self):
        settings = SETTINGS | {"features": ["area", "chis", "edec"]}
        with pytest.raises(InputError, match=r"features chis, edec: .* no `flare_history`; wanted its decay_hours"):
            made(records_of(), self.flares, settings=settings)

    def test_a_list_without_ends_is_refused(self):
        flares = with_course(self.flares, 0.1, np.nan)
        with pytest.raises(InputError, match="of the 1 flares of the regions none has the time of its end"):
            made(records_of(), flares, settings=self.settings("end"))


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
        study, counts = made(records_of(**columns), flares_of())
        assert counts["sharp"] == {
            "records": 20,
            "records_beyond_longitude": 3,
            "records_of_bad_quality": 1,
            "records_outside_period": 0,
            "records_kept": 16,
            "records_without_quality": 0,
            "records_without_longitude": 0,
            "records_with_missing_keywords": 1,
            "regions_without_keywords": 0,
            "windows_kept": 1,
            "windows_with_filled_records": 1,
        }
        # Records 2 to 17 are left; 5 is bad and filled with 6, which is the fifth of those left.
        assert study.step_record.tolist() == [[0, 1, 2, 4, 4, *range(5, 16)]]

    def test_a_record_left_out_within_a_window_counts_as_bad(self):
        quality = np.zeros(20, dtype=np.int64)
        quality[[3, 5, 7]] = 65536
        study, counts = made(records_of(quality=quality), flares_of())
        # Windows that begin with records 0 to 3 hold three bad ones (3 ends the run), the one from 4 holds two.
        assert counts["all"]["windows_with_too_many_bad_records"] == 4
        assert len(study.label) == 1

    def test_what_a_source_does_not_give_leaves_no_record_out(self):
        records = records_of(longitude_min=np.nan, longitude_max=np.nan, quality=-1)
        study, counts = made(records, flares_of())
        assert len(study.label) == 5
        assert counts["sharp"]["records_without_quality"] == counts["sharp"]["records_without_longitude"] == 20

    def test_the_period_holds_its_begin_and_not_its_end(self):
        period = {"period": {"sharp": ["2012-01-01", "2012-01-02"], "smarp": ["2012-01-01", "2012-01-01"]}}
        _, counts = made(records_of(), flares_of(), settings=settings_with(selection=period))
        # The 15 records of the first of January, from 00:00.
        assert counts["sharp"]["records_kept"] == 15
        assert counts["sharp"]["records_outside_period"] == 5

    def test_limits_of_quality_are_those_of_the_instrument(self):
        quality = np.full(20, 65536)
        records = pd.concat([records_of(quality=quality), records_of(instrument="smarp", quality=quality)])
        _, counts = made(records, flares_of())
        assert counts["sharp"]["records_kept"] == 0
        assert counts["smarp"]["records_kept"] == 20

    def test_a_keyword_that_is_no_feature_may_be_missing(self):
        _, counts = made(records_of(r_value=np.nan), flares_of())
        assert counts["sharp"]["records_with_missing_keywords"] == 0

    def test_a_region_without_one_of_the_keywords_has_no_window_and_is_counted(self):
        records = pd.concat([records_of(377), records_of(401, area=np.nan), records_of(402, n_records=3, area=np.nan)])
        for settings in (SETTINGS, PADDED):
            study, counts = made(records, flares_of(), settings=settings)
            assert set(study.region) == {377}
            assert counts["sharp"]["records_with_missing_keywords"] == 23
            assert counts["sharp"]["regions_without_keywords"] == 2
            assert counts["smarp"]["regions_without_keywords"] == 0
            assert np.isfinite(study.features[study.step_record[study.step_record >= 0]]).all()

    def test_features_that_no_table_has_are_told(self):
        settings = settings_with(features=["area", "totbsq", "epsz"])
        with pytest.raises(InputError, match=r"features totbsq, epsz: in none of the tables .*source\.tables"):
            made(records_of(), flares_of(), settings=settings)

    def test_a_feature_without_any_value_of_an_instrument_is_told(self):
        records = pd.concat([records_of(377), records_of(12, n_records=7, instrument="smarp", usfluxl=np.nan)])
        with pytest.raises(InputError, match=r"features usfluxl: none of the 7 records of smarp has a value"):
            made(records, flares_of())

    def test_noaa_regions_of_records_left_out_still_name_the_patch(self):
        noaa_ars = ["11158"] * 19 + ["11200"]
        longitude_max = [20.0] * 19 + [80.0]
        study, _ = made(
            records_of(noaa_ars=noaa_ars, longitude_max=longitude_max),
            flares_of(("2012-01-02T02:00:00", 2e-5, 11200)),
            settings=SETTINGS,
        )
        assert "QUIET->STRONG" in evolution_of(study)

    def test_nothing_left_is_told(self):
        with pytest.raises(InputError, match="no record of sharp, smarp is left by the selection"):
            made(records_of(longitude_max=75.0), flares_of())

    def test_records_off_the_grid_are_told(self):
        records = records_of(first=START + np.timedelta64(12 * 60, "s"))
        with pytest.raises(InputError, match="off the grid"):
            made(records, flares_of())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("closed", ["both", "right"])
@pytest.mark.parametrize("clock", ["tai_as_utc", "utc"])
class TestNoLookIntoTheFuture:
    def test_flares_after_the_issue_time_change_no_observation(self, seed, closed, clock):
        records, flares = made_sun(seed)
        settings = settings_with(labels={"closed": closed, "clock": clock})
        study, _ = made(records, flares, settings=settings)
        now = START + 35 * CADENCE
        rng = np.random.default_rng(100 + seed)
        later = now + rng.integers(1, 10**6, 40).astype("timedelta64[s]")
        other = flares_of(*((start, 1e-4, ar) for start, ar in zip(later, rng.integers(11, 15, 40), strict=True)))
        altered = pd.concat([flares[flares["start_time"] <= now], other], ignore_index=True)
        changed, _ = made(records, altered, settings=settings)
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
        study, _ = made(records, flares, settings=settings)
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
            changed, _ = made(rows, flares, settings=settings)
            assert until_now(changed) == wanted
            assert sequences_of(changed) != sequences_of(study)


@pytest.fixture(scope="module")
def sun2022(request):
    """Settings of the study in config.yaml."""
    study = yaml.safe_load((request.config.rootpath / "config.yaml").read_text())["study"]["sun2022"]
    settings = {name: study[name] for name in ("instruments", "features", "selection", "windows", "labels")}
    # The paper's task, which the common settings are those of.
    settings["labels"] = {name: value for name, value in settings["labels"].items() if name != "tasks"}
    return settings


@pytest.fixture(scope="module")
def real_tables(published_folds):
    """Records of all real folds, with the published label of each, and flares."""
    records = []
    for fold in published_folds:
        published = fold.raw[["label"]].assign(
            region=fold.raw["arpnum"].astype(int), t_rec=pd.to_datetime(fold.raw["t_end"]).astype("datetime64[s]")
        )
        table = fold.records.merge(published, on=["region", "t_rec"])
        records.append(table.assign(instrument=fold.instrument, split_group=table["region"]))
    return pd.concat(records, ignore_index=True), pd.concat([fold.flares for fold in published_folds])


@pytest.fixture(scope="module")
def real_windows(real_tables, sun2022):
    """Windows of the study on the real tables."""
    return made(*real_tables, settings=sun2022)[0]


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


class TestBeforeFlares:
    """Windows that end before the largest flare of their region (Li et al. 2024)."""

    SETTINGS = settings_with(
        windows={"before_flares": {"least_class": "C1.0", "least_records": 10}},
        labels={"clock": "utc", "closed": "right", "negative": ["QUIET->WEAK", "WEAK->WEAK", "STRONG->WEAK"]},
    )

    def test_the_flare_that_they_are_before_tells_the_label(self):
        # Records 0 to 19 of two regions; flares of C5 and M2 at 05:30 on the second day, after record 18, 04:48 TAI.
        records = pd.concat([records_of(377, noaa_ars="11158"), records_of(378, noaa_ars="11160")], ignore_index=True)
        flares = flares_of(
            ("2012-01-02T05:30:00", 5e-6, 11158),
            ("2012-01-02T05:30:00", 2e-5, 11160),
            ("2012-01-02T00:30:00", 1e-6, 11160),
            ("2012-01-03T05:30:00", 4e-6, 11158),
        )
        study, counts = made(records, flares, settings=self.SETTINGS)
        # A day of sixteen records each: 3 to 18, and a window that ends at each of them.
        assert study.step_record[:, -1].tolist() == [*range(3, 19), *range(23, 39)]
        assert study.label.tolist() == [0] * 16 + [1] * 16
        assert study.step_record[15].tolist() == list(range(3, 19))
        assert study.step_record[1].tolist() == [-1] * 14 + [3, 4]
        # The small flare of the second region was observed from then on.
        assert set(evolution_of(study)[:16]) == {"QUIET->WEAK"}
        assert evolution_of(study)[-4:] == ["QUIET->STRONG"] + ["WEAK->STRONG"] * 3
        assert counts["sharp"]["windows_kept"] == 32
        assert counts["sharp"]["windows_padded"] == 30
        assert counts["sharp"]["windows_with_filled_records"] == 0
        assert counts["all"]["regions_kept"] == 2

    def test_records_without_a_keyword_are_filled_or_too_few(self):
        records = records_of(377)
        records.loc[5, "area"] = np.nan
        flares = flares_of(("2012-01-02T05:30:00", 5e-6, 11158))
        study, counts = made(records, flares, settings=self.SETTINGS)
        assert study.step_record[-1].tolist() == [3, 4, 6, *range(6, 19)]
        # Of 15 windows those that reach over record 5.
        assert counts["sharp"]["windows_with_filled_records"] == 13
        records.loc[5:12, "area"] = np.nan
        study, counts = made(records, flares, settings=self.SETTINGS)
        assert (len(study.label), counts["all"]["regions_with_few_records"]) == (0, 1)
