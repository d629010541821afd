import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.cubes import CUBE_ATTRS, frame_columns, write_cube
from flaredag.errors import InputError
from flaredag.samples import StudyWindows, WindowImages
from flaredag.sequences import choose_regions, evenly_spaced, flare_imminent_span, sequence_of_cube, sequence_of_windows
from flaredag.windows import EVOLUTION

HOUR = np.timedelta64(3600, "s")
START = np.datetime64("2011-02-10T00:00:00", "s")
CODES = {"q": "QUIET->QUIET", "w": "QUIET->WEAK", "i": "QUIET->STRONG", "j": "WEAK->STRONG", "s": "STRONG->STRONG"}


def evolution(text):
    return np.array([EVOLUTION.index(CODES[letter]) for letter in text], dtype=np.int8)


def hourly(n):
    return START + np.arange(n) * HOUR


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("qqqqqiiijs", (2, 8)),  # 5 to 8 before the flare: 3 hours, so from 3 hours before 5
        ("wwqwiiisss", (2, 6)),  # the only quiet one is later than that
        ("qqwiiwiiis", (1, 4)),  # the first in a row count; an hour before 3 is a weak one, the quiet one before is 1
        ("iiiiqqqqqi", (8, 9)),  # strong ones before any quiet one do not count; 9 - 0 hours
        ("qi", (0, 1)),
        ("qwws", None),
        ("iiss", None),
        ("qqqq", None),
        ("", None),
    ],
)
def test_span_from_quiet_to_a_strong_flare(text, span):
    assert flare_imminent_span(evolution(text), hourly(len(text))) == span


def test_the_span_is_measured_in_time_and_not_in_windows():
    time = START + np.array([0, 10, 20, 21, 22, 26]) * HOUR
    # 22 to 26 hours are imminent; 4 hours before 22 is 18: the latest quiet one up to there is at 10.
    assert flare_imminent_span(evolution("qqqqii"), time) == (1, 5)


@given(st.text("qwijs", max_size=30))
def test_a_span_begins_quiet_and_ends_before_a_strong_flare(text):
    span = flare_imminent_span(evolution(text), hourly(len(text)))
    if span is None:
        assert not any(letter in "ij" for letter in text.partition("q")[2])
    else:
        first, last = span
        assert text[first] == "q"
        assert text[last] in "ij"
        assert text[last + 1 : last + 2] not in ("i", "j")
        assert first < last


def test_evenly_spaced_times():
    assert evenly_spaced(hourly(9), 3).tolist() == [0, 4, 8]
    assert evenly_spaced(hourly(9), 1).tolist() == [8]
    assert evenly_spaced(hourly(3), 9).tolist() == [0, 1, 2]
    # A gap: the nearest to 0, 5 and 10 hours.
    assert evenly_spaced(START + np.array([0, 1, 2, 7, 10]) * HOUR, 3).tolist() == [0, 3, 4]
    assert evenly_spaced(hourly(1), 4).tolist() == [0]


@pytest.fixture
def windows():
    """Three regions of SHARP and one of SMARP, a window an hour, shuffled."""
    texts = {(0, 7): "qqqqiiss", (0, 3): "qqqqqqqi", (0, 5): "qqqqqqqq", (0, 9): "qqwwiiss", (1, 7): "qqqiiiss"}
    rows = [(*of, code, START + i * HOUR) for of, text in texts.items() for i, code in enumerate(evolution(text))]
    rows = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    instrument, region, codes, time = (np.array(column) for column in zip(*rows, strict=True))
    hours = ((time - START) // HOUR).astype(np.int32)
    n = len(rows)
    images = WindowImages(
        cubes=("sharp-0", "smarp-0"),
        cube=instrument.astype(np.int16),
        frame=(100 * region + hours).astype(np.int32),
        frame_digest=np.zeros(n, dtype=np.int64),
        mean_gauss=np.zeros(n),
        mean_square_gauss2=np.zeros(n),
        longitude_deg=np.zeros(n, dtype=np.float32),
        latitude_deg=np.zeros(n, dtype=np.float32),
    )
    return StudyWindows(
        instruments=("sharp", "smarp"),
        feature_names=(),
        features=np.zeros((n, 0)),
        step_record=np.arange(n, dtype=np.int32)[:, None],
        instrument=instrument.astype(np.int8),
        region=region.astype(np.int32),
        split_group=region.astype(np.int64),
        issue_time=time,
        evolution=codes.astype(np.int8),
        label=np.where(codes == 0, 0, -1).astype(np.int8),
        images=images,
    )


def test_regions_that_show_both_states_longest_come_first(windows):
    # Each has one quiet window in its span; the spans have 5 windows (9, two of them weak), 3 (7) and 2 (3). Region 5
    # is never imminent, and the SMARP region is not asked for.
    assert choose_regions(windows, "sharp", 9) == [9, 7, 3]
    assert choose_regions(windows, "sharp", 2) == [9, 7]
    assert choose_regions(windows, "smarp", 2) == [7]
    with pytest.raises(InputError, match="'gong' is not in the study; it has sharp, smarp"):
        choose_regions(windows, "gong", 2)


def test_the_frames_of_a_region_lead_from_quiet_to_the_flare(windows):
    found = sequence_of_windows(windows, "sharp", 7, n_frames=9)
    assert (found.instrument, found.region, found.cube) == ("sharp", 7, "sharp-0")
    # Imminent at 4 and 5 hours; quiet an hour before 4.
    assert found.frame.tolist() == [703, 704, 705]
    assert found.label.tolist() == [0, 1, 1]
    assert found.issue_time.tolist() == (START + np.array([3, 4, 5]) * HOUR).tolist()
    assert sequence_of_windows(windows, "smarp", 7, n_frames=2).frame.tolist() == [701, 705]


def test_a_region_without_a_strong_flare_is_shown_whole(windows):
    found = sequence_of_windows(windows, "sharp", 5, n_frames=3)
    assert found.frame.tolist() == [500, 503, 507]
    assert found.label.tolist() == [0, 0, 0]


def test_regions_and_studies_that_cannot_be_shown_are_refused(windows):
    with pytest.raises(InputError, match="sharp 4: no window of it; the study has 4 regions of sharp, 3 to 9"):
        sequence_of_windows(windows, "sharp", 4, n_frames=3)
    with pytest.raises(InputError, match="no magnetograms"):
        sequence_of_windows(dataclasses.replace(windows, images=None), "sharp", 7, n_frames=3)


def cube(path, rows):
    """A cube of 8 x 8 pixels; `rows`: region, hours, bad."""
    region, hours, bad = (np.array(column) for column in zip(*rows, strict=True))
    n = len(rows)
    columns = {name: np.zeros(n) for name in CUBE_ATTRS} | frame_columns(np.zeros((n, 8, 8), dtype=np.int16))
    time = START + hours * HOUR
    columns |= {"region": region, "time": time, "t_rec": time + 34, "bad_image": bad, "file": np.array(["a.fits"] * n)}
    frames = np.zeros((n, 8, 8), dtype=np.int16)
    table = pd.DataFrame(columns)
    write_cube(path, table, lambda which: frames[which.start : which.stop], pixels=8, attrs={"instrument": "sharp"})
    return path


def flares(*rows):
    table = pd.DataFrame(rows, columns=["hours", "peak_flux"])
    return table.assign(start_time=START + (table["hours"].to_numpy() * 3600).astype("timedelta64[s]"))


SETTINGS = {"horizon_hours": 24, "strong_class": "M1.0"}


def test_good_frames_of_a_cube_lead_through_the_strongest_flare(tmp_path):
    rows = [(376, 5, False), *((377, hour, hour == 20) for hour in range(0, 100, 10))]
    path = cube(tmp_path / "sharp-3.zarr.zip", rows)
    # X2.2 at 55 h, M6.6 at 33 h, an X3 after the last image, a C flare.
    strong = flares((33, 6.6e-5), (55, 2.2e-4), (300, 3e-4), (5, 5e-6))
    found = sequence_of_cube(path, 377, strong, n_frames=9, **SETTINGS)
    assert (found.instrument, found.region, found.cube) == ("sharp", 377, "sharp-3")
    # Hours 0, 10, 30, 40, 50, 60: the image at 20 h is bad. A flare is ahead within 24 h from 9 to 55 h.
    assert found.frame.tolist() == [1, 2, 4, 5, 6, 7]
    assert found.label.tolist() == [0, 1, 1, 1, 1, 0]
    assert found.issue_time[-1] == START + 60 * HOUR
    assert sequence_of_cube(path, 377, strong, n_frames=3, **SETTINGS).frame.tolist() == [1, 4, 7]


def test_without_a_strong_flare_all_frames_are_shown_and_without_any_no_label_is_known(tmp_path):
    path = cube(tmp_path / "sharp-3.zarr.zip", [(377, hour, False) for hour in range(4)])
    found = sequence_of_cube(path, 377, flares((2, 5e-6)), n_frames=9, **SETTINGS)
    assert found.frame.tolist() == [0, 1, 2, 3]
    assert found.label.tolist() == [0, 0, 0, 0]
    unknown = sequence_of_cube(path, 377, flares().astype({"peak_flux": float}), n_frames=9, **SETTINGS)
    assert unknown.label.tolist() == [-1, -1, -1, -1]


def test_a_cube_without_a_good_image_of_the_region_is_refused(tmp_path):
    path = cube(tmp_path / "sharp-3.zarr.zip", [(377, 0, True), (378, 0, False)])
    with pytest.raises(InputError, match=r"no good image of region 377 \(1 images of it, 2 regions in all\)"):
        sequence_of_cube(path, 377, flares((2, 5e-6)), n_frames=9, **SETTINGS)
