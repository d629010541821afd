"""Made-up samples of regions in splits, clean by construction, as the leak audit takes them: for hypothesis."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from flaredag.audit_splits import SplitSamples
from flaredag.splits import SPLITS

START = np.datetime64("2012-01-01T00:00:00", "s")
HOUR = np.timedelta64(3600, "s")
WINDOW_HOURS, HORIZON_HOURS = 24, 24


@st.composite
def samples_by_region(draw) -> SplitSamples:
    """Regions of one to six windows each at any hours of a month, each region wholly in one of three splits."""
    n_regions = draw(st.integers(6, 20))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_windows = rng.integers(1, 7, n_regions)
    region = np.repeat(np.arange(n_regions), n_windows)
    # Each split has some.
    split = np.concatenate([np.arange(3), rng.integers(0, 3, n_regions - 3)]).astype(np.int8)
    hours = np.concatenate([rng.choice(720, n, replace=False) for n in n_windows])
    order = rng.permutation(len(region))
    return SplitSamples(
        name="seed 0",
        split=split[region][order],
        region=region[order],
        group=region[order],
        issue_time=(START + hours * HOUR)[order],
        region_names=[f"sharp {number}" for number in range(n_regions)],
    )


@st.composite
def samples_by_time(draw) -> SplitSamples:
    """Windows of three stretches of time, a gap of window + horizon or more between them; no region in two."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(1, 30))
    gap = draw(st.integers(WINDOW_HOURS + HORIZON_HOURS, 200))
    hours = np.concatenate(
        [code * (300 + gap) + np.append(rng.integers(0, 301, n), 300 * (code < 1)) for code in range(3)]
    )
    split = np.repeat(np.arange(3, dtype=np.int8), n + 1)
    region = split * 10 + rng.integers(0, 10, len(split))
    return SplitSamples(
        "seed 0", split, region, region, START + hours * HOUR, [f"sharp {number}" for number in range(30)]
    )


def made_up_rows(n_regions: int = 60, per_region: int = 8, seed: int = 0) -> pd.DataFrame:
    """A clean data set as a table: `time, region, split, label`, and two features of which one tells a little.

    Half of the regions flare; a third of the regions is in each split; windows of a region are six hours apart.
    """
    rng = np.random.default_rng(seed)
    region = np.repeat(np.arange(n_regions), per_region)
    number = np.tile(np.arange(per_region), n_regions)
    label = ((region % 2 == 1) & (number >= 1)).astype(np.int8)
    return pd.DataFrame(
        {
            "time": START + (number * 6 + region * 24) * HOUR,
            "region": np.char.add("sharp-", region.astype(str)),
            "split": np.array(SPLITS)[region % 3],
            "label": label,
            "r_value": rng.normal(3 + label, 1.0),
            "area": rng.uniform(10, 100, len(region)),
        }
    )
