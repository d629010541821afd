"""What the tests share: where real data lie, and small windows of a made-up study."""

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from flaredag.samples import Samples, StudyWindows
from flaredag.windows import EVOLUTION, labels

ROOT = Path(__file__).resolve().parents[1]
POSITIVE = ("QUIET->STRONG", "WEAK->STRONG", "STRONG->STRONG")
NEGATIVE = ("QUIET->QUIET",)

# A busy machine is no failure; and where a change is judged, the same examples are tried each time.
settings.register_profile("flaredag", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("flaredag")


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder of the real data: FLAREDAG_MIRROR, or shared/data beside the repository."""
    folder = Path(os.environ.get("FLAREDAG_MIRROR", ROOT.parent / "shared" / "data"))
    if not (folder / "zeyusun_smarp_sharp").is_dir():
        pytest.skip(f"no real data: sought zeyusun_smarp_sharp in {folder}; FLAREDAG_MIRROR may name another folder")
    return folder


def _study_windows(
    *, n_regions: int = 20, windows_per_region: int = 6, n_steps: int = 4, seed: int = 0, instruments=("sharp", "smarp")
) -> StudyWindows:
    """Windows of regions 1 ... n_regions of each instrument: every second region is strong in its later half.

    Evolution of a strong region: QUIET->STRONG in the first window of the later half, STRONG->STRONG after it,
    QUIET->WEAK before it; every other region is QUIET->QUIET. Feature 0 tells the two apart, the rest is noise.
    """
    rng = np.random.default_rng(seed)
    shape = (len(instruments), n_regions, windows_per_region)
    instrument, region, number = (axis.ravel() for axis in np.indices(shape))
    strong_region, half = region % 2 == 1, windows_per_region // 2
    names = np.where(number < half, "QUIET->WEAK", np.where(number == half, "QUIET->STRONG", "STRONG->STRONG"))
    names = np.where(strong_region, names, "QUIET->QUIET")
    evolution = np.array([EVOLUTION.index(name) for name in names], dtype=np.int8)
    records_per_region = windows_per_region + n_steps - 1
    first_record = (instrument * n_regions + region) * records_per_region + number
    n_records = len(instruments) * n_regions * records_per_region
    features = rng.normal(size=(n_records, 4)) * [2.0, 10.0, 5.0, 1.0] + [3.0, -20.0, 0.0, 100.0]
    features[:, 0] += 3.0 * (np.arange(n_records) // records_per_region % n_regions % 2 == 1)
    features[n_regions * records_per_region :] *= 2.0
    start = np.datetime64("2012-01-01T00:00:00", "s")
    return StudyWindows(
        instruments=tuple(instruments),
        feature_names=("area", "usfluxl", "meangbl", "r_value"),
        features=features,
        step_record=(first_record[:, None] + np.arange(n_steps)).astype(np.int32),
        instrument=instrument.astype(np.int8),
        region=(region + 1).astype(np.int32),
        split_group=(region + 1).astype(np.int64),
        issue_time=start + (number + 10 * region) * np.timedelta64(96 * 60, "s"),
        evolution=evolution,
        label=labels(evolution, positive=POSITIVE, negative=NEGATIVE),
    )


@pytest.fixture(scope="session")
def study_windows():
    """A function that makes small windows of a study."""
    return _study_windows


def _samples(*, n_samples: int = 300, seed: int = 0, n_steps: int = 5, strength: float = 2.0) -> Samples:
    """Samples of three features, rounded so that values repeat; the label hangs on two of the last record."""
    rng = np.random.default_rng(seed)
    sequence = rng.normal(size=(n_samples, n_steps, 3)).round(1).astype(np.float32)
    logit = strength * (sequence[:, -1, 0] - 0.5 * sequence[:, -1, 1]) - 0.7
    label = (rng.random(n_samples) < 1 / (1 + np.exp(-logit))).astype(np.int8)
    return Samples(
        sequence=sequence,
        label=label,
        strong_before=rng.random(n_samples) < 0.2,
        instrument=np.zeros(n_samples, dtype=np.int8),
        region=np.arange(n_samples, dtype=np.int32),
        issue_time=np.datetime64("2012-01-01", "s") + np.arange(n_samples) * np.timedelta64(96 * 60, "s"),
    )


@pytest.fixture(scope="session")
def make_samples():
    """A function that makes samples to fit a model on."""
    return _samples


@dataclass(frozen=True)
class PublishedFold:
    """One real fold: the texts read, and what curate_labelled_samples makes of them."""

    instrument: str
    raw: pd.DataFrame
    records: pd.DataFrame
    flares: pd.DataFrame
    counts: dict[str, int]


@pytest.fixture(scope="session")
def published_folds(mirror, tmp_path_factory) -> list[PublishedFold]:
    """All ten folds of the real samples of Sun et al. 2022."""
    # Here, so that tests without real data do not wait for astropy.
    from curate_labelled_samples import KEYWORD_OF_COLUMN, curate_labelled_samples
    from flaredag.tables import read_raw_csv

    folds = []
    folder = tmp_path_factory.mktemp("published")
    for packed in sorted((mirror / "zeyusun_smarp_sharp" / "d1d1be5").glob("s*_[0-4].csv.gz")):
        path = folder / packed.stem
        path.write_bytes(gzip.decompress(packed.read_bytes()))
        raw = read_raw_csv(path, ["prefix", "arpnum", "t_end", "label", "flares", *KEYWORD_OF_COLUMN])
        instrument = packed.name.partition("_")[0]
        curated = curate_labelled_samples(raw, instrument=instrument, path=str(path))
        folds.append(PublishedFold(instrument, raw, *curated))
    return folds
