"""The rules on members of combinations: from the mirror to the members of a set, and anybody's file."""

import hashlib
import io

import numpy as np
import pandas as pd
import pytest
import rdata
import yaml

import made_up_members as made_up
from flaredag.artifacts import read_json, sha256_of_file
from flaredag.members import read_members

FOLDER = "results/published/combinations"
RULES = (
    "retrieve_operational_forecasts",
    "retrieve_published_summaries",
    "retrieve_published_flares",
    "curate_flare_list",
    "unpack_r_table",
    "curate_table_of_members",
    "curate_bulletins",
    "forecast_from_classes",
    "join_members",
)
TABLE = """VALID_DATE,ONE,TWO,event
2015-03-01,0.5,0.25,0
2015-03-02,-0.01,0.75,1
2015-03-03,0.25,0.5,0
"""
FLARES = """,start_time,peak_time,end_time,label,noaa_ar,obs,cls
0,2015-02-01 00:00:00,2015-02-01 00:10:00,2015-02-01 00:20:00,B1.0,0,G15,B
1,2015-03-02 12:00:00,2015-03-02 12:10:00,2015-03-02 12:20:00,M1.0,0,G15,M
2,2015-04-01 00:00:00,2015-04-01 00:10:00,2015-04-01 00:20:00,B1.0,0,G15,B
"""
PUBLISHED = {
    "leka2019_forecasts": {"made_up/table.rda": TABLE},
    "moswoc_forecasts": {
        "made_up/issues.txt": "2015 03 01 00 30 50 10\n2015 03 01 23 30 40 10\n2015 03 03 00 30 30 10\n",
        "made_up/listed.txt": "2015 03 02 1200 1210 1220 M1.0\n",
    },
    "mcintosh_flare_rates": {"made_up/counts.txt": made_up.CLASS_COUNTS},
    "swpc_flares_2010_2025": {"made_up/ftp_20100101_20251115.csv": FLARES},
    "hayesla_region_summaries": {"made_up/srs.csv": ""},
}
COMBINATION = {
    "title": "made up",
    "paper": "none",
    "window_hours": 24,
    "flare_list": "swpc",
    "sources": {
        "given": {
            "kind": "table",
            "file": "made_up/table.rda",
            "event": "M1.0",
            "time_column": "VALID_DATE",
            "outcome_column": "event",
            "missing_value": -0.01,
            "hours_of_members": {"TWO": 12},
        },
        "centre": {
            "kind": "bulletins",
            "listed_flares": "made_up/listed.txt",
            "members": {"C": {"file": "made_up/issues.txt", "columns": {"M1.0": 6}, "issued_within_hours": [-3, 3]}},
        },
        "classes": {"kind": "classes", "file": "made_up/counts.txt", "name": "MCSTAT"},
    },
    "sets": {
        "ALL_M1": {"event": "M1.0", "sources": ["given", "centre", "classes"]},
        "TWO_M1": {"event": "M1.0", "sources": ["given"], "members": ["TWO", "ONE"]},
    },
}


@pytest.fixture
def with_members(project):
    """A project with made-up forecasts, flares and region summaries in its mirror, and two sets made of them."""
    groups = [(12300, "EKC", "2015-03-01 00:30"), (12300, "AXX", "2015-03-03 00:30")]
    manifest = project.path("rules/published_sources.yaml")
    content = yaml.safe_load(manifest.read_text())
    for source, texts in PUBLISHED.items():
        files = []
        for name, text in texts.items():
            path = project.path(f"mirror/{name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".rda"):
                rdata.write_rda(path, {"table": pd.read_csv(io.StringIO(text)).astype({"VALID_DATE": object})})
            elif text:
                path.write_text(text)
            else:
                made_up.written_groups(path, groups)
            whole = path.read_bytes()
            digest = hashlib.sha256(whole).hexdigest()
            files.append({"name": name, "address": "", "bytes": len(whole), "sha256": digest})
        content["sources"][source]["files"] = files
    manifest.write_text(yaml.safe_dump(content))
    project.configure(lambda config: config.update(combinations={"made_up": COMBINATION}))
    return project


def settings(*rules: str) -> tuple[str, ...]:
    return ("--config", "archive=published", "mirror=mirror", "studies=sharp12min", "--allowed-rules", *rules, "--")


def test_sets_from_the_mirror_and_the_same_bytes_again(with_members):
    project = with_members
    outputs = [f"{FOLDER}/{name}/members.nc" for name in ("ALL_M1", "TWO_M1")]
    ran = project.run(*settings(*RULES), *outputs)
    assert sorted(set(ran)) == sorted(RULES)
    members = read_members(project.path(outputs[0]))
    assert members.names == ("ONE", "TWO", "C", "MCSTAT")
    expected = [
        [0.5, 1 - 0.75**2, 0.5, 1 - np.exp(-75 / 50)],
        [np.nan, 1 - 0.25**2, 0.4, 0.0],
        [0.25, 1 - 0.5**2, 0.3, 1 - np.exp(-1 / 100)],
    ]
    np.testing.assert_allclose(members.probability, expected, rtol=1e-14)
    assert members.outcome.tolist() == [0, 1, 0]
    assert read_members(project.path(outputs[1])).names == ("TWO", "ONE")
    notes = read_json(project.path(f"{FOLDER}/ALL_M1/source.json"))["notes"]
    assert notes[-1] == "Of 3 windows that the flare list covers, 1 have an event; it tells the same."
    before = {path: sha256_of_file(project.path(path)) for path in outputs}
    for path in outputs:
        project.path(path).unlink()
    assert project.run(*settings("join_members"), *outputs) == ["join_members", "join_members"]
    assert {path: sha256_of_file(project.path(path)) for path in outputs} == before


def test_anybodys_file_and_one_that_is_refused(project):
    text = "time,A,B,outcome\n2014-01-01,0.75,0.5,1\n2014-01-02,0.25,0.125,0\n"
    project.path("mine.csv").write_text(text)
    project.path("percent.csv").write_text(text.replace("0.75", "75"))
    arguments = ("--allowed-rules", "curate_members", "--", "results/ensemble/members.nc")
    refused = project.attempt("--config", "members=percent.csv", *arguments)
    assert refused.returncode != 0
    assert "Are these percent? Divide the whole column by 100." in refused.stdout
    assert "Traceback" not in refused.stdout
    assert not project.path("results/ensemble/members.nc").exists()
    assert project.run("--config", "members=mine.csv", *arguments) == ["curate_members"]
    assert read_members(project.path("results/ensemble/members.nc")).names == ("A", "B")


def test_forecasts_of_the_disk_of_a_study_that_does_not_run_are_told(project):
    target = "results/embedded/combinations/DISK_M1/members.nc"
    refused = project.attempt("--config", "studies=liu2019", "--dry-run", "--", target)
    assert refused.returncode != 0
    assert "source sun2022 SHARP_DISK: no such forecasts of the whole disk" in refused.stdout
