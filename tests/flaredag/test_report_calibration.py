"""The section on calibration, on made-up figures."""

from __future__ import annotations

import made_up_protocol as made_up
from flaredag.report_calibration import calibration
from made_up_results import tables_in

STUDY = made_up.study_with_ladders()
UNDEFINED = "\N{EN DASH}"


def test_scores_stand_before_and_after_each_method():
    blocks = calibration(STUDY, made_up.intervals(), made_up.decomposition(), made_up.conformal().iloc[:0])
    (table,) = tables_in(blocks)
    groups = [row["group"] for row in table["rows"] if "group" in row]
    assert groups[:2] == ["NATURAL, LSTM", "NATURAL, logistic regression"]
    assert len(groups) == 8
    start = table["rows"].index({"group": "ALL, LSTM"})
    raw, shifted, beta = (row["cells"] for row in table["rows"][start + 1 : start + 4])
    assert [cells[0] for cells in (raw, shifted, beta)] == ["as the model gives them", "prior shift", "beta"]
    assert beta[1] == {"mean": "0.300", "sd": "", "n": "", "best": False, "interval": "[0.200, 0.400]"}
    assert beta[2]["mean"] == "0.002"
    # MCB of the decomposition, with half and twice of it as bounds; the shifted forecasts have none.
    assert (raw[4]["mean"], raw[4]["interval"]) == ("0.050", "[0.025, 0.100]")
    assert shifted[2:] == [UNDEFINED] * 4


def test_conformal_sets_are_told_by_label():
    (table,) = tables_in(calibration(STUDY, made_up.intervals().iloc[:0], made_up.decomposition(), made_up.conformal()))
    assert table["rows"][0] == {"group": "ALL, LSTM"}
    _, of_all, events, others = table["rows"]
    assert of_all["cells"][:2] == ["all windows", "0.90"]
    assert events["cells"][2]["mean"] == "0.850"
    assert events["cells"][2]["interval"] == "[0.750, 0.900]"
    assert others["cells"][3:] == ["0.100", "0.700", "0.200", "0.000", "1,000", "40"]


def test_a_study_without_calibration_has_no_section():
    intervals = made_up.intervals()
    raw = intervals[~intervals["model"].str.contains(".", regex=False)]
    assert calibration(STUDY, raw, made_up.decomposition(), made_up.conformal().iloc[:0]) == []
