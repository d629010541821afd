"""The rules on the vector field of the days before flares: of the simulated Sun, each alone; and who asks for them."""

import pandas as pd
import pytest

from flaredag.artifacts import sha256_of_file
from flaredag.high_energy_tables import KEYWORD_OF_COLUMN
from flaredag.tables import read_records

FOLDER = "results/embedded"
SHARD = "sharp-1"
TABLES = f"{FOLDER}/high_energy_sharp_tables"
OUTPUTS = {
    "list_days_before_flares": [f"{FOLDER}/days_before_flares/{SHARD}.csv"],
    "simulate_vector_segments": [f"{FOLDER}/raw/vector_segments/{SHARD}.json"],
    "curate_high_energy_records": [f"{TABLES}/{SHARD}.{suffix}" for suffix in ("nc", "json", "rejected.csv")],
}


def test_the_rules_alone_make_the_same_bytes_again(finished_copy):
    project = finished_copy
    paths = [path for of_rule in OUTPUTS.values() for path in of_rule]
    summary = sha256_of_file(project.path(f"{FOLDER}/archive.json"))
    raw = {path: sha256_of_file(path) for path in project.path(f"{FOLDER}/raw").glob("*/*.*")}
    assert project.run("--allowed-rules", *OUTPUTS, "--", *paths) == sorted(OUTPUTS)
    before = {path: sha256_of_file(project.path(path)) for path in paths}
    for rule, outputs in OUTPUTS.items():
        for path in outputs:
            project.path(path).unlink()
        assert project.run("--allowed-rules", rule, "--", *outputs) == [rule]
    assert {path: sha256_of_file(project.path(path)) for path in paths} == before
    # What was there is as it was.
    assert {path: sha256_of_file(path) for path in raw} == raw
    assert sha256_of_file(project.path(f"{FOLDER}/archive.json")) == summary
    listed = pd.read_csv(project.path(OUTPUTS["list_days_before_flares"][0]))
    records = read_records([project.path(f"{TABLES}/{SHARD}.nc")])
    table = read_records([project.path(f"{FOLDER}/tables/{SHARD}.nc")])
    assert 0 < len(records) < len(listed)
    assert set(records) == {*table, *KEYWORD_OF_COLUMN.values()}
    same = records[["region", "t_rec"]].merge(table, on=["region", "t_rec"])
    pd.testing.assert_frame_equal(records[list(same)], same)
    assert (records["hed_e_total"] > 0).all()


@pytest.mark.parametrize(("archive", "source"), [("embedded", "simulate"), ("jsoc", "retrieve")])
def test_a_study_that_takes_them_asks_for_them(project, archive, source):
    project.configure(lambda config: config["archives"]["jsoc"]["retrieval"].update(regions={"sharp": [1, 99]}))
    dry_run = ("--config", f"archive={archive}", "--dry-run", "--", f"results/{archive}/sun2022/windows.nc")
    rules = ("list_days_before_flares", f"{source}_vector_segments", "curate_high_energy_records")
    result = project.attempt(*dry_run)
    assert result.returncode == 0, result.stdout[-4000:]
    assert not any(rule in result.stdout for rule in rules)
    project.configure(lambda config: config["study"]["sun2022"]["source"].update(tables="high_energy_sharp_tables"))
    for target in ("sun2022/windows.nc", "archive.json"):
        result = project.attempt(*dry_run[:-1], f"results/{archive}/{target}")
        assert result.returncode == 0, result.stdout[-4000:]
        assert all(rule in result.stdout for rule in rules)


def test_hours_that_do_not_fit_stop_the_rule_without_a_traceback(finished_copy):
    project = finished_copy
    project.configure(lambda config: config["curation"]["days_before_flares"].update(hours=25))
    result = project.attempt("--", OUTPUTS["list_days_before_flares"][0])
    assert result.returncode != 0
    assert "curation.days_before_flares: 25 hours are no whole number of cadences of 96 minutes" in result.stdout
    assert "Traceback" not in result.stdout
