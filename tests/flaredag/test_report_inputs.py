"""What the report takes: results of another kind than the scripts write are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaredag.errors import InputError
from flaredag.report_inputs import (
    check_numbers_of_files,
    joined_rows,
    read_archive_results,
    read_results,
    rows_where,
)
from made_up_results import (
    ARCHIVE,
    archive_results_of,
    paths_of,
    results_of,
    scores_of,
    study_named,
    written,
    written_archive_results,
)


def test_a_verdict_that_nobody_knows_is_told(tmp_path):
    paths = written(tmp_path, "s")
    papers = Path(paths["papers"])
    papers.write_text(papers.read_text().replace(",yes,", ",perhaps,"))
    with pytest.raises(InputError, match="agrees is perhaps; wanted yes, no, not_run"):
        read_results(paths, study="s", archive="embedded")


def test_scores_of_another_archive_are_told(tmp_path):
    with pytest.raises(InputError, match="scores of archive embedded; this report is of published"):
        read_results(written(tmp_path, "s"), study="s", archive="published")


def test_numbers_are_read_as_numbers_and_what_is_empty_as_undefined(tmp_path):
    papers = results_of(tmp_path).papers
    assert papers["paper"].tolist() == [0.884, 0.8, 0.001]
    assert papers["got"].isna().tolist() == [False, False, True]
    assert papers["why"].tolist() == ["", "Too few regions.", "No CNN here."]


def test_weights_and_checks_are_numbers_and_undefined_where_empty(tmp_path):
    results = results_of(tmp_path)
    assert results.weights["seed"].tolist() == [0] * 4 + [1] * 4
    assert results.weights["weight"].tolist() == [0.75, 0.25, 1.0, 0.0, 0.5, 0.5, 0.0, 1.0]
    assert results.weights["duality_gap"].isna().tolist() == [False, False, True, True] * 2
    assert results.checks["value"].tolist()[:2] == [0.0012, 0.25]
    assert results.checks["value"].isna().tolist() == [False, False, True]
    assert results.checks["n"].tolist() == [60, 9, 0]


def test_intervals_strata_and_labels_are_numbers(tmp_path):
    results = results_of(tmp_path)
    tss = rows_where(results.intervals, dataset="A", model="lstm", metric="true_skill_statistic", threshold="fixed_0.5")
    columns = ["value", "low", "high", "low_rotation", "high_rotation", "n_seeds", "n_regions", "n_rotations"]
    # The mean of 0.8 and 0.9.
    assert tss[columns].round(9).to_numpy().tolist() == [[0.85, 0.75, 0.95, 0.65, 1.05, 2, 40, 20]]
    far = rows_where(results.intervals, dataset="A", model="lstm", metric="false_alarm_ratio", threshold="fixed_0.5")
    assert (far["n_seeds"].item(), far["sd"].isna().item()) == (1, True)
    # A class of which there are too few events has numbers and no scores.
    few = rows_where(results.strata, part="F")
    assert few["value"].isna().all()
    assert set(few["n_events"]) == {2.0}
    assert rows_where(results.labels, metric="area_under_roc_curve")["n_changed"].tolist() == [0.0, 31.0]
    assert rows_where(results.labels, metric="area_under_roc_curve")["unscaled"].tolist() == ["False", "True"]
    assert results.conformal["target"].tolist() == [0.9] * 3
    assert results.decomposition["low_miscalibration"].tolist() == [0.025, 0.0005]
    assert results.audit["n"].tolist() == [300, 300, 4, 12]


@pytest.mark.parametrize("name", ["audit", "strata", "labels", "conformal"])
def test_what_was_not_looked_for_has_a_table_without_rows(tmp_path, name):
    paths = written(tmp_path, "s")
    path = Path(paths[name])
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert getattr(read_results(paths, study="s", archive="embedded"), name).empty


@pytest.mark.parametrize("name", ["weights", "checks"])
def test_a_study_without_ensembles_or_explanations_has_tables_without_rows(tmp_path, name):
    paths = written(tmp_path, "s")
    path = Path(paths[name])
    path.write_text(path.read_text().splitlines()[0] + "\n")
    table = getattr(read_results(paths, study="s", archive="embedded"), name)
    assert table.empty
    assert list(table.columns) == path.read_text().strip().split(",")


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("weights", "duality_gap", "gap", r"weights\.csv: column duality_gap missing"),
        ("weights", "0.75", "much", r"weights\.csv: .*much"),
        ("weights", "A,1,", "A,one,", r"weights\.csv: .*one"),
        ("checks", "method", "way", r"checks\.csv: column method missing"),
        ("checks", "0.0012", "small", r"checks\.csv: .*small"),
        ("intervals", "low_rotation", "low", r"intervals\.csv: column low_rotation missing"),
        ("intervals", "0.75,", "low,", r"intervals\.csv: .*low"),
        ("audit", ",300,", ",many,", r"audit\.csv: .*many"),
        ("strata", "1000", "all", r"strata\.csv: .*all"),
        ("labels", "n_changed", "n", r"labels\.csv: column n_changed missing"),
        ("conformal", "0.91", "most", r"conformal\.csv: .*most"),
        ("decomposition", "0.027", "little", r"decomposition\.csv: .*little"),
    ],
)
def test_bad_tables_are_told(tmp_path, name, old, new, told):
    paths = written(tmp_path, "s")
    path = Path(paths[name])
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=told):
        read_results(paths, study="s", archive="embedded")


def test_a_file_too_few_is_told(tmp_path):
    inputs = {name: [path] for name, path in (paths_of(tmp_path) | written_archive_results(tmp_path)).items()}
    check_numbers_of_files([study_named("s")], inputs, archive=ARCHIVE)
    for name, told in (
        ("fits", "0 files of fits for 1 studies, wanted 1: one a study"),
        ("weights", "0 files of weights for 1 studies, wanted 1: one a study"),
        ("checks", "0 files of checks for 1 studies, wanted 1: one a study"),
        ("intervals", "0 files of intervals for 1 studies, wanted 1: one a study"),
        ("decomposition", "0 files of decomposition for 1 studies, wanted 1: one a study"),
        ("figures", "0 files of figures for 1 studies, wanted 1: one a caption"),
        ("archive_figures", "0 files of archive_figures for the archive, wanted 1: one a caption"),
        ("factors", "0 files of factors for the archive, wanted 1: one an archive"),
    ):
        with pytest.raises(InputError, match=told):
            check_numbers_of_files([study_named("s")], inputs | {name: []}, archive=ARCHIVE)


def test_findings_of_an_archive_are_read_and_lines_without_fit_are_undefined(tmp_path):
    results = archive_results_of(tmp_path)
    assert results.regressions["n"].tolist() == [800, 800, 800, 0]
    assert results.regressions["slope"].isna().tolist() == [False, False, False, True]
    assert results.factors["factor"].tolist() == [1.05, 1.15, 1.1]


@pytest.mark.parametrize("text", ["[]", '{"instruments": {}, "counts": {}}'])
def test_a_summary_of_another_kind_is_told(tmp_path, text):
    paths = written_archive_results(tmp_path)
    Path(paths["archive"]).write_text(text)
    with pytest.raises(InputError, match=r"archive\.json: no .*disagreements; wanted the summary of an archive"):
        read_archive_results(paths)


def test_tables_are_joined_as_text_and_only_if_their_columns_are_the_same(tmp_path):
    one, two, other = (tmp_path / name for name in ("one.csv", "two.csv", "other.csv"))
    one.write_text("study,value\ns,0.10\n")
    two.write_text("study,value\nt,\n")
    other.write_text("study\nu\n")
    assert joined_rows([str(one), str(two)]).to_numpy().tolist() == [["s", "0.10"], ["t", ""]]
    with pytest.raises(InputError, match=r"other\.csv has the columns study, .*one\.csv has study, value"):
        joined_rows([str(one), str(other)])


def test_rows_where_all_columns_are_as_wanted():
    rows = rows_where(scores_of("s"), dataset="A", model="lstm", metric="true_skill_statistic", threshold="fixed_0.5")
    assert rows["value"].tolist() == [0.8, 0.9]
