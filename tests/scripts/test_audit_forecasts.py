"""The audit of anybody's forecasts finds each planted leak, tells it, and fails nothing."""

import numpy as np
import pandas as pd
import pytest

from audit_forecasts import audit_forecasts, main
from flaredag.audit import LEAK, OUTCOMES, REPORTED
from flaredag.predictions import read_predictions
from made_up_forecasts import curated, daily_forecasts, forecasts_of_regions

HOURS = {"window_hours": 24, "horizon_hours": 24}


def outcomes(tmp_path, text: str, folder: str = "f") -> dict[str, str]:
    """The worst outcome of each check."""
    forecasts = read_predictions(curated(tmp_path / folder, text), region_in_two_splits_allowed=True)
    found = audit_forecasts(forecasts, **HOURS)
    worst = found.assign(rank=found["outcome"].map(OUTCOMES.index)).sort_values("rank").groupby("check").last()
    return worst["outcome"].to_dict()


def test_clean_forecasts_of_regions(tmp_path):
    assert set(outcomes(tmp_path, forecasts_of_regions(leak=False)).values()) == {"clean"}


def test_a_region_in_two_splits_and_what_it_sees_there(tmp_path):
    found = outcomes(tmp_path, forecasts_of_regions(leak=True))
    assert found.pop("region_in_two_splits") == LEAK
    assert found.pop("windows_overlap_across_splits") == LEAK
    assert set(found.values()) == {"clean"}


def test_the_whole_disk_is_in_every_split_but_its_windows_must_not_overlap(tmp_path):
    days = [str(np.datetime64("2017-01-01") + day) for day in range(90)]
    shuffled = "".join(f"{day},{int(i % 7 == 0)},0.3,{('validation', 'test')[i % 2]}\n" for i, day in enumerate(days))
    header = "time,label,probability,split\n"
    found = outcomes(tmp_path, header + shuffled)
    assert found["region_in_two_splits"] == "clean"
    assert found["windows_overlap_across_splits"] == LEAK
    # Ten days between them.
    apart = [day for i, day in enumerate(days) if not 40 <= i < 50]
    by_time = "".join(
        f"{day},{int(i % 7 == 0)},0.3,{'validation' if i < 40 else 'test'}\n" for i, day in enumerate(apart)
    )
    assert outcomes(tmp_path, header + by_time, "by_time")["windows_overlap_across_splits"] == "clean"


def test_models_scored_against_different_truths(tmp_path):
    text = "time,label,probability,model\n2017-01-01,1,0.5,a\n2017-01-01,0,0.5,b\n"
    assert outcomes(tmp_path, text)["label_differs"] == LEAK


def test_forecasts_that_are_the_labels(tmp_path):
    text = "time,label,probability\n"
    text += "".join(f"{np.datetime64('2017-01-01') + i},{int(i % 2)},{int(i % 2)}\n" for i in range(100))
    found = outcomes(tmp_path, text)
    assert found["forecast_equals_label"] == LEAK
    assert found["test_chosen_by_outcome"] == REPORTED


def test_what_cannot_be_seen_is_told(tmp_path):
    found = outcomes(tmp_path, daily_forecasts())
    assert found["region_in_two_splits"] == REPORTED
    assert found["test_chosen_by_outcome"] == "clean"


@pytest.mark.parametrize("leak", [False, True])
def test_leaks_are_written_and_fail_nothing(tmp_path, leak):
    main(curated(tmp_path, forecasts_of_regions(leak=leak)), tmp_path / "audit.csv", **HOURS)
    found = pd.read_csv(tmp_path / "audit.csv")
    assert found.columns.tolist() == ["check", "subject", "outcome", "n", "text"]
    assert (found["outcome"] == LEAK).any() == leak
