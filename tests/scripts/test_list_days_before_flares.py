"""Which records lie in the day before the largest flare of their region."""

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.record_lists import read_record_list
from flaredag.tables import write_flares, write_records
from flaredag.windows import flares_of_regions, largest_flares, windows_before_flares
from list_days_before_flares import list_days_before_flares, main
from made_up_records import CADENCE, START, TAI_MINUS_UTC, flares_of, made_sun, records_of

SETTINGS = {"least_class": "C1.0", "hours": 24, "cadence_minutes": 96}


def listed(records, flares, **changes):
    found, counts = list_days_before_flares(records, flares, **(SETTINGS | changes))
    return [
        (region, (t_rec - START) // CADENCE) for region, t_rec in zip(found["region"], found["t_rec"], strict=True)
    ], counts


def test_by_hand():
    # 24 hours are 15 steps. Region 11: 20 records, the flare 10 s after the 18th begins in UTC, so slots 3 to 17.
    # Region 12: its largest is a C flare, records 5 to 7 are absent. 13 has a B flare, 14 none while it is seen.
    records = pd.concat(
        [records_of(region, 20, noaa_ars=str(region)) for region in (11, 12, 13, 14)], ignore_index=True
    )
    slot = (records["t_rec"] - START) // CADENCE
    records = records[(records["region"] != 12) | ~slot.isin([5, 6, 7])].reset_index(drop=True)

    def utc(slot, seconds=0):
        return START + slot * CADENCE - TAI_MINUS_UTC + np.timedelta64(seconds, "s")

    flares = flares_of(
        (utc(17, 10), 2e-5, 11), (utc(9), 1e-5, 11), (utc(10, 60), 3e-6, 12), (utc(15), 2e-6, 12), (utc(15), 9e-7, 13),
        (utc(60), 1e-4, 14),
    )  # fmt: skip
    found, counts = listed(records, flares)
    of_12 = [slot for slot in range(11) if slot not in (5, 6, 7)]
    assert found == [(11, slot) for slot in range(3, 18)] + [(12, slot) for slot in of_12]
    assert counts == {
        "regions": 4,
        "regions_with_flare": 3,
        "regions_without_recent_record": 1,
        "records_in_days": 15 + 8,
    }


def test_a_shorter_time_and_a_higher_class():
    records = records_of(11, 20, noaa_ars="11")
    flares = flares_of((START + 10 * CADENCE, 5e-6, 11))
    assert listed(records, flares, hours=8)[0] == [(11, slot) for slot in range(6, 11)]
    assert listed(records, flares, least_class="M1.0")[0] == []


def test_the_records_are_those_of_windows_before_flares():
    for seed in range(5):
        records, flares = made_sun(seed)
        records = records[records["instrument"] == "sharp"].reset_index(drop=True)
        found, _ = list_days_before_flares(records, flares, **SETTINGS)
        records = records.assign(region_code=records["region"])
        largest = largest_flares(flares_of_regions(flares, records), least_flux_w_m2=1e-6)
        windows, _ = windows_before_flares(
            records["region"].to_numpy(), records["time"].to_numpy(), np.ones(len(records), dtype=bool), largest,
            cadence_minutes=96, n_steps=15, least_records=1,
        )  # fmt: skip
        assert len(found) > 10
        wanted = records.iloc[sorted(set(windows.step_record[:, -1].tolist()))]
        assert found["t_rec"].tolist() == wanted["t_rec"].tolist()


def test_hours_that_are_no_whole_number_of_cadences_are_told():
    with pytest.raises(
        InputError, match=r"curation\.days_before_flares: 25 hours are no whole number of cadences of 96"
    ):
        listed(records_of(), flares_of(), hours=25)


def test_files(tmp_path):
    records = records_of(377, 20).drop(columns=["instrument", "split_group"])
    write_records(tmp_path / "sharp-3.nc", records, instrument="sharp")
    write_flares(tmp_path / "goes.nc", flares_of((START + 18 * CADENCE, 5e-6, 11158)))
    for name in ("one", "two"):
        main(
            str(tmp_path / "sharp-3.nc"), [str(tmp_path / "goes.nc")], str(tmp_path / f"{name}.csv"),
            instrument="sharp", **SETTINGS,
        )  # fmt: skip
    found = read_record_list(tmp_path / "one.csv", instrument="sharp")
    assert found["t_rec"].tolist() == [pd.Timestamp(START + slot * CADENCE) for slot in range(4, 19)]
    assert (tmp_path / "one.csv").read_text().startswith("HARPNUM,T_REC\n377,2012.01.01_06:24:00_TAI\n")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_a_shard_without_records_or_flares_lists_nothing(tmp_path):
    write_records(tmp_path / "sharp-3.nc", records_of(377, 0).drop(columns="split_group"), instrument="sharp")
    write_flares(tmp_path / "goes.nc", flares_of())
    main(
        str(tmp_path / "sharp-3.nc"), [str(tmp_path / "goes.nc")], str(tmp_path / "days.csv"), instrument="sharp",
        **SETTINGS,
    )  # fmt: skip
    assert (tmp_path / "days.csv").read_text() == "HARPNUM,T_REC\n"
