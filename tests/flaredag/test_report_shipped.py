"""The section on what a paper's authors shipped, on made-up results."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import made_up_shipped as made_up
from flaredag.report_cells import UNDEFINED
from flaredag.report_shipped import shipped
from flaredag.shipped_results import NAMED_COLUMNS, NAMED_NUMBERS, SHIPPED_SCORE_COLUMNS
from flaredag.shipped_tables import ShippedTable
from made_up_results import tables_in
from verify_shipped import verify_shipped

STUDY = {"paper": "Somebody 1999"}
NO_SCORES = pd.DataFrame(columns=list(SHIPPED_SCORE_COLUMNS))


def columns_of(*rows: dict) -> pd.DataFrame:
    empty = {name: np.nan if name in NAMED_NUMBERS else "" for name in NAMED_COLUMNS} | {"new_names_by": "Somebody"}
    return pd.DataFrame([empty | row for row in rows], columns=list(NAMED_COLUMNS))


def named(**changes) -> pd.DataFrame:
    """One column that is an area under the name of the flux, one that nothing is known of, one that is right."""
    told = {"told_mean": 624.0, "told_standard_deviation": 655.0, "told_lowest": 0.07, "told_highest": 7211.0}
    told |= {"mean": 624.0, "standard_deviation": 655.0, "highest_split": "validation", "lowest_split": "training"}
    area = {"table": "C", "position": 5, "name": "USFLUX", "new_name": "AREA_ACR", "keyword": "AREA_ACR", **told}
    area |= {"possible": "TOTUSJH AREA_ACR", "why": "mean 624 is not in 6e+14 to 2.1e+24 Mx"}
    other = {"table": "C", "position": 9, "name": "TOTFX", "new_name": "TOTFX"}
    right = {
        "table": "A",
        "position": 1,
        "name": "AREA_ACR",
        "new_name": "AREA_ACR",
        "keyword": "AREA_ACR",
        "mean": 624.0,
    }
    return columns_of(area | changes, other, right)


def scores_of(*counted) -> pd.DataFrame:
    table = ShippedTable(
        "s.csv",
        "C1.0",
        has_new_names=False,
        forecasts="f.csv",
        threshold=0.5,
        published={"true_skill_statistic": [0.612, 0.009]},
    )
    return verify_shipped(made_up.forecasts_of(*counted), table, resamples=100, seed=1, level=0.95).assign(table="C")


def texts(blocks) -> str:
    return " ".join(block["text"] for block in blocks if block["kind"] == "paragraph")


def test_a_study_whose_authors_shipped_nothing_has_no_section():
    assert shipped(STUDY, columns_of(), NO_SCORES) == []


def test_a_wrong_name_has_a_row_and_right_tables_have_none():
    blocks = shipped(STUDY, named(), NO_SCORES)
    (table,) = tables_in(blocks)
    assert [row.get("group") for row in table["rows"]] == ["C", None, None]
    area, other = (row["cells"] for row in table["rows"][1:])
    assert area[:6] == ["5", "USFLUX", "624", "7211", "TOTUSJH, AREA_ACR", "AREA_ACR"]
    assert (area[6]["text"], area[6]["style"]) == ("AREA_ACR", "bad")
    assert area[7]["text"] == "mean 624 is not in 6e+14 to 2.1e+24 Mx"
    assert other[2:7] == [UNDEFINED, UNDEFINED, "", "TOTFX", UNDEFINED]
    text = texts(blocks)
    assert "2 of 3 are a keyword of the published SHARP table but for scale, and 1 of these are another" in text
    assert "The names by Somebody are right for 2 of the 2" in text
    assert "1 of 1 columns cannot be what the header says" in text


def test_the_splits_behind_the_statistics_are_told():
    text = texts(shipped(STUDY, named(), NO_SCORES))
    assert "Of the 2 extremes that it tells, 2 are those of one record of the SHARP table each" in text
    assert "1 in the years of training, 1 in the years of validation. So its statistics are those of several" in text
    of_one = texts(shipped(STUDY, named(highest_split="training"), NO_SCORES))
    assert "2 in the years of training." in of_one
    assert "several splits" not in of_one
    assert "extremes that it tells" not in texts(shipped(STUDY, named(highest_split="", lowest_split=""), NO_SCORES))


def test_tables_that_are_standardised_otherwise_are_told():
    assert "not standardised alike" not in texts(shipped(STUDY, named(), NO_SCORES))
    text = texts(shipped(STUDY, named(mean=930.0, told_mean=930.0), NO_SCORES))
    assert "not standardised alike: AREA_ACR has a mean of 930 in C and of 624 in A." in text


@pytest.mark.parametrize("changes", [{"told_mean": np.nan, "why": "", "highest_split": "", "lowest_split": ""}])
def test_without_statistics_only_the_values_speak(changes):
    text = texts(shipped(STUDY, named(**changes), NO_SCORES))
    assert "cannot be what the header says" not in text
    assert "are a keyword of the published SHARP table" in text


def test_scores_of_one_region_have_no_interval():
    blocks = shipped(STUDY, columns_of(), scores_of((56, 28, 21, 80)))
    (table,) = tables_in(blocks)
    group = table["rows"][0]["group"]
    assert group.startswith("C: C1.0 and above, threshold 0.5; 185 samples, 84 events (56 hits, 28 misses, 21 false")
    cells = {row["cells"][0]: row["cells"][1:] for row in table["rows"][1:]}
    ours, paper, why = cells["TSS"]
    assert (ours["mean"], ours["interval"]) == ("0.459", "")
    assert (paper["mean"], paper["sd"]) == ("0.612", "0.009")
    assert why["text"] == ""
    assert cells["AUC"][0] == UNDEFINED
    assert cells["AUC"][2]["text"] == "the authors shipped labels, which are no probabilities"
    assert "Of one region there is no interval" in texts(blocks)


def test_scores_of_several_regions_have_intervals():
    scores = scores_of((5, 2, 3, 4), (1, 3, 2, 6), (4, 0, 5, 1))
    blocks = shipped(STUDY, columns_of(), scores)
    (table,) = tables_in(blocks)
    cells = {row["cells"][0]: row["cells"][1:] for row in table["rows"][1:]}
    assert cells["TSS"][0]["interval"].startswith("[")
    assert "no interval" not in texts(blocks)
