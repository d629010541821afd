"""Members from several sources on common windows, and models as members."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import made_up_members as made_up
from flaredag.errors import InputError
from flaredag.joined_members import joined_members, members_of_predictions

FIRST = made_up.members([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], [0, 1, 0], source="first")
SECOND = made_up.members(
    [[0.7], [0.8], [0.9]], [1, 1, 0], names=("C",), source="second", first=made_up.FIRST_DAY + made_up.DAY
)


def test_common_windows_and_members_in_the_order_that_is_asked_for():
    joined, notes = joined_members([FIRST, SECOND], ["C", "A"])
    assert joined.names == ("C", "A")
    assert joined.time.tolist() == FIRST.time[1:].tolist()
    assert joined.probability.tolist() == [[0.7, 0.3], [0.8, 0.5]]
    assert joined.outcome.tolist() == [1, 0], "that of the first source"
    assert joined.source == "first; second"
    assert notes == [
        "2 windows are common to all sources (first: 2015-03-01T00:00:00 to 2015-03-03T00:00:00; "
        "second: 2015-03-02T00:00:00 to 2015-03-04T00:00:00).",
        "second tells another outcome than first in 1 windows, the first 2015-03-03T00:00:00: that of first is taken.",
    ]


def test_one_source_without_a_choice_is_itself():
    joined, notes = joined_members([FIRST], [])
    assert (joined.names, notes) == (("A", "B"), [])
    np.testing.assert_array_equal(joined.probability, FIRST.probability)


@pytest.mark.parametrize(
    ("other", "names", "words"),
    [
        (replace(SECOND, event="X1.0"), [], "first forecasts event M1.0, second X1.0; wanted the same"),
        (replace(SECOND, window_hours=12.0), [], "first forecasts window_hours 24.0, second 12.0"),
        (replace(SECOND, time=SECOND.time + np.timedelta64(3600, "s")), [], "no window is common to all sources"),
        (SECOND, ["A", "D"], "no member D; the sources have A, B, C"),
    ],
)
def test_sources_that_do_not_go_together_are_refused(other, names, words):
    with pytest.raises(InputError, match=words):
        joined_members([FIRST, other], names)


def predictions() -> pd.DataFrame:
    days = made_up.days(2)
    rows = [
        (day, label, probability, split, model, seed)
        for seed in (0, 1)
        for split, shift in (("validation", 0), ("test", 2))
        for model, given in (("lstm", (0.5, 0.25)), ("forest", (0.125, 1.0)))
        for day, label, probability in zip(days + shift * made_up.DAY, (0, 1), given, strict=True)
    ]
    columns = ["issue_time", "label", "probability", "split", "model", "seed"]
    return pd.DataFrame(rows, columns=columns).assign(instrument="disk", region=0)


def test_models_of_a_seed_are_members_on_the_days_of_the_test_split():
    members = members_of_predictions(predictions(), seed=1, window_hours=24, event="M1.0", source="ours")
    assert members.names == ("forest", "lstm")
    assert members.time.tolist() == (made_up.days(2) + 2 * made_up.DAY).tolist()
    assert members.probability.tolist() == [[0.125, 0.5], [1.0, 0.25]]
    assert members.outcome.tolist() == [0, 1]


def test_a_day_without_a_forecast_of_a_model_is_missing():
    table = predictions().drop(index=predictions().index[-1])
    members = members_of_predictions(table, seed=1, window_hours=24, event="M1.0", source="ours")
    np.testing.assert_array_equal(members.probability[1], [np.nan, 0.25])


def test_a_seed_that_is_not_there_and_outcomes_that_differ_are_refused():
    settings = {"window_hours": 24, "event": "M1.0", "source": "ours"}
    with pytest.raises(InputError, match="ours: no forecast of seed 7 in split test; there are seeds 0, 1"):
        members_of_predictions(predictions(), seed=7, **settings)
    table = predictions()
    table.loc[(table["model"] == "lstm") & (table["split"] == "test"), "label"] = 1
    with pytest.raises(InputError, match="models have different outcomes on 1 of 2 days, the first 2015-03-03"):
        members_of_predictions(table, seed=0, **settings)
