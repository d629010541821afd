"""Made-up records, magnetogram columns and flares that windows are made of, and the settings of a study for them."""

import copy

import numpy as np
import pandas as pd

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
    "magnetograms": {"sizes_compared_within": "window"},
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
        "split_group": np.full(n_records, region),
    }
    return pd.DataFrame(table | columns)


def images_of(records, **columns) -> pd.DataFrame:
    """Columns of cubes with an image for each record, the last first: frame 0 is that of the last record."""
    n = len(records)
    table = records[["instrument", "region", "t_rec"]].assign(
        cube=records["instrument"] + "-0",
        frame=np.arange(n)[::-1],
        frame_digest=np.arange(n) + 1000,
        mean_gauss=np.arange(n) / 2,
        mean_square_gauss2=1e4 + np.arange(n),
        longitude_deg=np.arange(n) - 30.0,
        latitude_deg=-12.5,
        height_pixels=83,
        width_pixels=166,
        nan_fraction=0.0,
        bad_image=False,
    )
    return table.assign(**columns).iloc[::-1].reset_index(drop=True)


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
