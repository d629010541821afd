"""The rule that joins what searches came to."""

import numpy as np
import pandas as pd

import made_up_search as made_up
from flaredag.artifacts import write_json
from flaredag.search_tables import SEARCH_COLUMNS, read_searches
from list_searches import list_searches, main


def test_a_row_a_search_and_setting_with_what_it_gained():
    table = made_up.searched()
    assert list(table) == list(SEARCH_COLUMNS)
    assert list(zip(table["search"], table["setting"], strict=True)) == [
        (search, setting) for search in ("first", "second") for setting in made_up.KEYS
    ]
    first = table[table["search"] == "first"]
    assert first["configured"].tolist() == [4, 0.2]
    assert first["optimum"].tolist() == [2, 0.3]
    # Scores .4 and .6 against .7 and .5: +.3 and -.1.
    row = first.iloc[0]
    np.testing.assert_allclose([row["configured_score"], row["optimum_score"], row["gain"]], [0.5, 0.6, 0.1])
    np.testing.assert_allclose([row["configured_sd"], row["gain_sd"]], [np.sqrt(0.02), np.sqrt(0.08)])
    assert row[["optimum_trial", "n_splits", "n_trials", "n_pruned", "n_failed"]].tolist() == [1, 2, 5, 1, 1]
    # Of the Brier score less is better: the configured settings have the least.
    second = table[table["search"] == "second"].iloc[0]
    assert second["optimum_trial"] == second["gain"] == 0


def test_a_gain_is_above_zero_where_less_is_better():
    optima = made_up.optima()
    optima["second"]["optimum"] = optima["second"]["optimum"] | {"scores": [0.3, 0.6]}
    table = list_searches(optima, {"second": made_up.stored("TWO")}, study="s")
    np.testing.assert_allclose(table["gain"], [0.05, 0.05])


def test_one_split_has_no_spread():
    optima = made_up.optima()
    for one in ("configured", "optimum"):
        optima["first"][one] = optima["first"][one] | {"scores": [0.5]}
    assert list_searches(optima, {"first": made_up.stored("ONE")}, study="s")["gain_sd"].isna().all()


def test_the_table_comes_back_and_is_empty_without_a_search(tmp_path):
    paths = {name: str(tmp_path / f"{name}.json") for name in ("first", "second")}
    for name, content in made_up.optima().items():
        write_json(paths[name], content)
    searches = {"first": made_up.stored("ONE"), "second": made_up.stored("TWO")}
    main(paths, str(tmp_path / "searches.csv"), searches=searches, study="s")
    found = read_searches(tmp_path / "searches.csv")
    assert found["configured"].tolist() == ["4", "0.2"] * 2
    pd.testing.assert_series_equal(found["gain"], made_up.searched()["gain"], check_dtype=False)
    main({}, str(tmp_path / "none.csv"), searches={}, study="s")
    assert read_searches(tmp_path / "none.csv").empty
