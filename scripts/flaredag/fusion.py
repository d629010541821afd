"""SHARP against SMARP over the months that both observed: keywords of the same patch, and its magnetogram pixels.

Sun et al. 2022, section 2.2 and Figures 1 and 2: what fusing the two instruments rests on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import linregress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

KEYWORDS_COMPARED = ("usfluxl", "meangbl", "r_value", "area")
EDGES = ("longitude_min", "longitude_max", "latitude_min", "latitude_max")
_OF_EACH = ("region", "t_rec", *EDGES, *KEYWORDS_COMPARED)
RECORD_COLUMNS = ("noaa_ars", *_OF_EACH)
MATCHED_COLUMNS = tuple(f"{name}_{instrument}" for name in _OF_EACH for instrument in ("sharp", "smarp"))
REGRESSION_COLUMNS = ("keyword", "slope", "intercept", "pearson_r", "n")
QUANTILE_COLUMNS = ("region_sharp", "region_smarp", "probability", "sharp_gauss", "smarp_gauss")
FACTOR_COLUMNS = ("region_sharp", "region_smarp", "latitude_deg", "pixels_sharp", "pixels_smarp", "factor")
FEWEST_FOR_A_LINE = 3
POOLED = -1  # region of the quantiles and the factor of all pairs together


def usable_records(
    records: pd.DataFrame, *, max_longitude_deg: float, quality_below: Mapping[str, int]
) -> pd.DataFrame:
    """Records (as flaredag.tables.read_records has them) of good QUALITY, wholly within the longitude limit.

    Columns `RECORD_COLUMNS`, all that is compared. A record whose edges are not given is left out: nobody could tell
    where it lies.
    """
    within = (records["longitude_min"] >= -max_longitude_deg) & (records["longitude_max"] <= max_longitude_deg)
    good = records["quality"] < records["instrument"].map(quality_below)
    return records.loc[within & good, list(RECORD_COLUMNS)]


def matched_records(sharp: pd.DataFrame, smarp: pd.DataFrame, *, tolerance_minutes: float) -> pd.DataFrame:
    """Records of both instruments of one patch at one time, columns `MATCHED_COLUMNS`, sorted by patch and time.

    A pair shares a NOAA active region, its times (TAI clock) lie at most `tolerance_minutes` apart, nearest first, and
    its boxes in longitude and latitude overlap. No record is in two pairs: where it could be, the larger overlap
    decides, then the lower region number.
    """
    tolerance = pd.Timedelta(minutes=tolerance_minutes)
    begin, end = smarp["t_rec"].min() - tolerance, smarp["t_rec"].max() + tolerance
    sharp = sharp[sharp["t_rec"].between(begin, end)]
    smarp = smarp[smarp["t_rec"].between(sharp["t_rec"].min() - tolerance, sharp["t_rec"].max() + tolerance)]
    if sharp.empty or smarp.empty:
        nothing = [_of_instrument(records.iloc[:0], name) for name, records in (("sharp", sharp), ("smarp", smarp))]
        return pd.concat(nothing, axis=1)[list(MATCHED_COLUMNS)]
    patches = _noaa_ars(sharp).merge(_noaa_ars(smarp), on="noaa_ar", suffixes=("_sharp", "_smarp"))
    patches = patches[["region_sharp", "region_smarp"]].drop_duplicates()
    candidates = pd.merge_asof(
        _of_instrument(smarp, "smarp").merge(patches, on="region_smarp").sort_values("t_rec_smarp", kind="stable"),
        _of_instrument(sharp, "sharp").sort_values("t_rec_sharp", kind="stable"),
        left_on="t_rec_smarp",
        right_on="t_rec_sharp",
        by="region_sharp",
        direction="nearest",
        tolerance=tolerance,
    )
    candidates = candidates.assign(overlap=_overlap_square_degrees(candidates)).query("overlap > 0")
    candidates = candidates.sort_values(
        ["overlap", "region_smarp", "region_sharp", "t_rec_smarp"], ascending=[False, True, True, True], kind="stable"
    )
    for instrument in ("smarp", "sharp"):
        candidates = candidates.drop_duplicates([f"region_{instrument}", f"t_rec_{instrument}"])
    matched = candidates.sort_values(["region_sharp", "region_smarp", "t_rec_smarp"], kind="stable")
    return matched[list(MATCHED_COLUMNS)].reset_index(drop=True)


def regressions(matched: pd.DataFrame) -> pd.DataFrame:
    """Least-squares line of each SMARP keyword on the SHARP one: a row a keyword, columns `REGRESSION_COLUMNS`.

    Pairs without one of the values are left out; slope, intercept and Pearson's r are NaN where fewer than 3 pairs
    are left, or one side does not vary.
    """
    rows = []
    for keyword in KEYWORDS_COMPARED:
        both = matched[[f"{keyword}_sharp", f"{keyword}_smarp"]].dropna().to_numpy(dtype=np.float64)
        line = (np.nan, np.nan, np.nan)
        if len(both) >= FEWEST_FOR_A_LINE and np.ptp(both, axis=0).all():
            fit = linregress(both[:, 0], both[:, 1])
            line = (fit.slope, fit.intercept, fit.rvalue)
        rows.append((keyword, *line, len(both)))
    return pd.DataFrame(rows, columns=list(REGRESSION_COLUMNS))


def sampled_records(matched: pd.DataFrame, *, every_hours: float) -> pd.DataFrame:
    """The first matched pair of each patch in each `every_hours` from midnight (TAI): magnetograms change slowly."""
    period = matched["t_rec_smarp"].dt.floor(pd.Timedelta(hours=every_hours))
    return matched[~matched.assign(period=period).duplicated(["region_sharp", "region_smarp", "period"])]


def common_box(matched: pd.DataFrame) -> FloatArray:
    """Box that both patches of a pair cover, (pair, 4): longitude and latitude, least and greatest, degrees."""
    sharp, smarp = (matched[[f"{edge}_{instrument}" for edge in EDGES]] for instrument in ("sharp", "smarp"))
    least = np.maximum(sharp.to_numpy(dtype=np.float64), smarp.to_numpy(dtype=np.float64))
    greatest = np.minimum(sharp.to_numpy(dtype=np.float64), smarp.to_numpy(dtype=np.float64))
    return np.column_stack([least[:, 0], greatest[:, 1], least[:, 2], greatest[:, 3]])


def cropped(magnetogram: NDArray[np.float32], patch: FloatArray, box: FloatArray) -> NDArray[np.float32]:
    """Pixels of a magnetogram (y, x) whose centres lie in `box`; the magnetogram fills `patch`, first row south.

    Boxes as of `common_box`. Rows are taken as equally spaced in latitude: over a patch of 20 degrees that is wrong
    by less than a pixel of SMARP.
    """
    inside = []
    for n_pixels, (first, last), (least, greatest) in zip(
        magnetogram.shape, (patch[2:], patch[:2]), (box[2:], box[:2]), strict=True
    ):
        centre = first + (np.arange(n_pixels) + 0.5) / n_pixels * (last - first)
        inside.append((centre >= least) & (centre <= greatest))
    return magnetogram[np.ix_(*inside)]


def pixel_quantiles(
    sharp: NDArray[np.float32], smarp: NDArray[np.float32], *, n_quantiles: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Probabilities and the quantiles of the pixels of either instrument (gauss) at them, each (n_quantiles,).

    Probabilities are the middles of equal parts of 0 to 1, so that no quantile hangs on a single pixel; pixels that
    are NaN are left out. All NaN where an instrument has no pixel.
    """
    probability = (np.arange(n_quantiles) + 0.5) / n_quantiles
    values = []
    for pixels in (sharp, smarp):
        known = pixels[np.isfinite(pixels)].astype(np.float64)
        values.append(np.quantile(known, probability) if len(known) else np.full(n_quantiles, np.nan))
    return probability, values[0], values[1]


def multiplicative_factor(sharp_gauss: FloatArray, smarp_gauss: FloatArray) -> float:
    """Factor that SHARP quantiles are to be multiplied by to give those of SMARP: least squares through the origin.

    NaN where there are none, or SHARP's are all zero. Sun et al. 2022 found 1.099.
    """
    known = np.isfinite(sharp_gauss) & np.isfinite(smarp_gauss)
    norm = float(np.sum(sharp_gauss[known] ** 2))
    return float(np.sum(sharp_gauss[known] * smarp_gauss[known])) / norm if norm else float("nan")


def _noaa_ars(records: pd.DataFrame) -> pd.DataFrame:
    """Each region with each NOAA active region that any of its records names."""
    named = records.loc[records["noaa_ars"] != "", ["region", "noaa_ars"]].drop_duplicates()
    numbers = named.assign(noaa_ar=named["noaa_ars"].str.split(",")).explode("noaa_ar")
    return numbers.assign(noaa_ar=numbers["noaa_ar"].str.strip())[["region", "noaa_ar"]].drop_duplicates()


def _of_instrument(records: pd.DataFrame, instrument: str) -> pd.DataFrame:
    return records[list(_OF_EACH)].add_suffix(f"_{instrument}")


def _overlap_square_degrees(matched: pd.DataFrame) -> FloatArray:
    """Overlap of the boxes of each pair; 0 where they do not, or an edge is not given."""
    box = common_box(matched)
    sides = np.clip(np.nan_to_num(box[:, 1::2] - box[:, ::2]), 0.0, None)
    return sides.prod(axis=1)
