"""The rules on published HED parameters: from the mirror to records with SHARP keywords, and each alone."""

import hashlib
import json

import pandas as pd
import pytest
import yaml

import made_up_high_energy as made_up
from flaredag.artifacts import sha256_of_file
from flaredag.sharp_table import KEYWORD_OF_COLUMN
from flaredag.tables import read_flares, read_records

FOLDER = "results/published/high_energy"
HED = [f"{FOLDER}/{name}" for name in ("hed.nc", "flares.nc", "hed.json", "hed.rejected.csv")]
HED_SHARP = [f"{FOLDER}/hed_sharp.{suffix}" for suffix in ("nc", "json", "rejected.csv")]
OF_HED = ("retrieve_high_energy_parameters", "curate_high_energy_regions")
OF_SHARP = ("retrieve_sharp_table", "curate_sharp_table", "join_sharp_records")
QUIET = [1e22, 40.0, 70.0, 72.0, 44.0, -0.2, 2e12, 0.002, 130.0, 7.0, 4e11, 1e4, 4e22, 40.0, 39.0, 3.7, 85.0]


@pytest.fixture
def with_parameters(project):
    """A project with made-up HED parameters and SHARP keywords in its mirror, and the map of HARPs taken from it."""
    tables = (made_up.series(n=4), made_up.series(12151, "C", last="2014-08-28 10:00", n=3))
    # The last record of the first region knows its flare.
    made_up.written_series(project.path("mirror/hed/series.csv"), *tables)
    made_up.written_flares(project.path("mirror/hed/flares.csv"), made_up.flare(start="2011-02-15 01:00"))
    times = pd.to_datetime(["2011-02-14 23:24", "2011-02-14 23:48"]).astype("datetime64[ms]")
    keywords = {"HARPNUM": [377, 377], "T_REC": times} | dict(zip(KEYWORD_OF_COLUMN, QUIET, strict=True))
    types = dict.fromkeys(KEYWORD_OF_COLUMN, "float32") | {"HARPNUM": "int32"}
    pd.DataFrame(keywords).astype(types).to_parquet(project.path("mirror/hed/sharp.parquet"), index=False)
    manifest = project.path("rules/published_sources.yaml")
    content = yaml.safe_load(manifest.read_text())
    of_sources = {
        "hed_series": "series.csv",
        "magpardb": "flares.csv",
        "lucaspauker_sharp12min": "sharp.parquet",
    }
    for source, name in of_sources.items():
        data = project.path(f"mirror/hed/{name}").read_bytes()
        told = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        content["sources"][source]["files"] = [{"name": f"hed/{name}", "address": ""} | told]
    manifest.write_text(yaml.safe_dump(content))
    path = project.path("results/published/raw/harp_noaa/all_harps_with_noaa_ars.txt")
    path.parent.mkdir(parents=True)
    path.write_text(made_up.harps("377 11158"))
    return project


def settings(*rules: str) -> tuple[str, ...]:
    return ("--config", "archive=published", "mirror=mirror", "--allowed-rules", *rules, "--")


def test_the_rules_on_hed_parameters_alone_make_the_same_bytes_again(with_parameters):
    project = with_parameters
    assert project.run(*settings(*OF_HED), *HED) == sorted(OF_HED)
    assert read_records([project.path(HED[0])])["region"].tolist() == [11158] * 3 + [12151] * 3
    assert read_flares([project.path(HED[1])])["goes_class"].tolist() == ["X2.2", "C1.0"]
    assert json.loads(project.path(HED[2]).read_text())["records_not_before_flare"] == 1
    assert "not before the region's flare" in project.path(HED[3]).read_text()
    assert project.run(*settings(*OF_SHARP), *HED_SHARP) == sorted(OF_SHARP)
    joined = read_records([project.path(HED_SHARP[0])])
    assert joined["t_rec"].astype(str).tolist() == ["2011-02-14 23:24:00", "2011-02-15 00:00:00"]
    assert joined["usflux"].tolist() == pytest.approx([1e22, 1e22])
    assert joined["hed_e_total"].tolist() == pytest.approx([2e22, 2.02e22])
    before = {path: sha256_of_file(project.path(path)) for path in (*HED, *HED_SHARP)}
    for rule, outputs in (("curate_high_energy_regions", HED), ("join_sharp_records", HED_SHARP)):
        for path in outputs:
            project.path(path).unlink()
        assert project.run(*settings(rule), *outputs) == [rule]
    assert {path: sha256_of_file(project.path(path)) for path in before} == before


def test_a_series_with_swapped_columns_stops_the_rule_without_a_traceback(with_parameters):
    project = with_parameters
    table = made_up.series(n=4)
    table[["energy", "shear_mean"]] = table[["shear_mean", "energy"]].to_numpy()
    made_up.written_series(project.path("results/published/raw/hed/series.csv"), table)
    made_up.written_flares(project.path("results/published/raw/hed/flares.csv"), made_up.flare())
    result = project.attempt(*settings("curate_high_energy_regions"), *HED)
    assert result.returncode != 0
    assert "series.csv: column HED_E_TOTAL: 4 of 4 values lie outside" in result.stdout
    assert "are columns swapped?" in result.stdout
    assert "Traceback" not in result.stdout
    assert not any(project.path(name).exists() for name in HED)


def test_a_study_that_takes_them_asks_for_them(with_parameters):
    project = with_parameters

    def change(config):
        config["study"]["sun2022"]["source"] = {"tables": "high_energy_sharp_tables", "flares": "high_energy_flares"}

    dry_run = ("--config", "archive=published", "--dry-run", "--", "results/published/sun2022/windows.nc")
    result = project.attempt(*dry_run)
    assert result.returncode == 0, result.stdout[-4000:]
    assert "high_energy" not in result.stdout
    project.configure(change)
    result = project.attempt(*dry_run)
    assert result.returncode == 0, result.stdout[-4000:]
    assert all(rule in result.stdout for rule in (*OF_HED, *OF_SHARP))
