"""The audit of the flare history: a flare known from its start is a leak, one known from its peak or end is none."""

import numpy as np
import pandas as pd
import pytest

from flaredag.audit_flare_history import findings_of_flare_history, flare_rises
from flaredag.study_windows import make_windows
from made_up_audit import AUDITED
from made_up_history import history_settings, with_course
from made_up_records import CADENCE, START, TAI_MINUS_UTC, flares_of, images_of, records_of

# Issue times of the thirty records of each region, and flares that begin ten minutes before some of them: those of the
# 21st, before which both regions have one, are asked for.
ISSUE = START + np.arange(30) * CADENCE - TAI_MINUS_UTC
BEGIN = ISSUE - np.timedelta64(600, "s")
FLARES = [(BEGIN[17], 2e-6, 11001), (BEGIN[20], 2e-5, 11001), (BEGIN[20], 4e-5, 11002)]
DECLARED = [{"setting": "flare_history.known_from", "value": "start"}]


def found(known_from, flares, *, declared=(), without=None):
    """Findings on windows of two regions, and of one of an instrument that is not of the study.

    `without`: a record that has a bad magnetogram; None for a study without magnetograms.
    """
    regions = [(1, "sharp"), (2, "sharp"), (1, "smarp")]
    records = pd.concat(
        [records_of(region, 30, instrument=name, noaa_ars=str(11000 + region)) for region, name in regions],
        ignore_index=True,
    )
    bad = None if without is None else np.where(records["t_rec"] == START + without * CADENCE, 0.5, 0.0)
    images = None if bad is None else images_of(records, nan_fraction=bad)
    settings = history_settings(known_from, AUDITED)
    (windows,) = make_windows(records, flares, images, settings=settings)[0].values()
    return findings_of_flare_history(windows, records, flares, images, settings=settings, declared_leaks=declared)


@pytest.fixture
def flares():
    return with_course(flares_of(*FLARES), 0.5, 1.0)


@pytest.mark.parametrize(("declared", "outcome"), [((), "leak"), (DECLARED, "declared")])
def test_known_from_the_start(flares, declared, outcome):
    (finding,) = found("start", flares, declared=declared)
    # Two M flares that become X flares, each in the one window of its region issued while it rises.
    assert (finding.check, finding.subject) == ("flare_in_progress_is_known", "flare history")
    assert (finding.outcome, finding.n) == (outcome, 2)
    names = ("mdec", "xdec", "edec", "logedec", "mhis", "xhis", "mhis1d", "xhis1d", "xmax1d")
    assert finding.text == (
        "of 2 windows issued at 2012-01-02T07:59:26Z, between the start and the peak of a flare of their region, some "
        f"change with what the flare becomes: {', '.join(f'{name} (2)' for name in names)}"
    )


@pytest.mark.parametrize("known_from", ["peak", "end"])
def test_known_from_the_peak_or_the_end(flares, known_from):
    (finding,) = found(known_from, flares)
    assert (finding.outcome, finding.n) == ("clean", 2)
    assert found(known_from, flares, declared=DECLARED) == [finding]


def test_another_declared_leak_declares_nothing(flares):
    for leak in ({"setting": "flare_history.known_from", "value": "peak"}, {"setting": "labels", "value": "start"}):
        assert found("start", flares, declared=[leak])[0].outcome == "leak"


def test_observed_activity_that_is_known_early_is_reported():
    # C flares that become M flares: activity before the issue time is that of flares that have begun.
    flares = with_course(flares_of(*((start, 2e-6, noaa_ar) for start, _, noaa_ar in FLARES)), 0.5, 1.0)
    clean, reported = found("end", flares)
    assert (clean.outcome, reported.outcome) == ("clean", "reported")
    assert (reported.subject, reported.n) == ("activity before the issue time", 2)


def test_windows_are_made_again_with_their_magnetograms(flares):
    # The record of a bad magnetogram is filled with the next, which knows a flare more.
    flares = pd.concat([flares, with_course(flares_of((BEGIN[13], 2e-6, 11001)), 0.05, 0.1)], ignore_index=True)
    (finding,) = found("end", flares, without=12)
    assert (finding.outcome, finding.n) == ("clean", 2)


def test_flares_without_a_peak_cannot_be_decided(flares):
    (finding,) = found("start", with_course(flares, np.nan, 1.0))
    assert (finding.outcome, finding.n) == ("reported", 0)
    assert "cannot be decided: no window was issued between the start and the peak of a flare" in finding.text
    assert found("start", with_course(flares, 0.1, 1.0)) == [finding]


def test_a_study_without_history_is_not_asked(flares):
    records = records_of(1, 30, noaa_ars="11001")
    (windows,) = make_windows(records, flares, None, settings=AUDITED)[0].values()
    assert findings_of_flare_history(windows, records, flares, None, settings=AUDITED, declared_leaks=[]) == []


def test_rising_flares_by_hand():
    seconds = np.timedelta64(1, "s")
    flares = with_course(flares_of((START, 1e-6, 0), (START, 1e-6, 0)), [1, np.nan], 2).assign(region_code=[1, 2])
    # At the start it has not begun; at the peak, and not after it, it may still grow.
    times = START + np.array([-9, 0, 1, 3600, 3601, 9000]) * seconds
    assert flare_rises(np.full(6, 1), times, flares).tolist() == [False, False, True, True, False, False]
    # No peak is given of the second region's flare, and the third has none.
    assert not flare_rises(np.array([2, 3]), times[2:4], flares).any()
    assert not flare_rises(np.array([1, 2]), times[2:4], flares.iloc[:0]).any()
