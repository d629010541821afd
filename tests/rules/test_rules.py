"""Each rule alone, on the tiny run: its outputs are removed, it alone is allowed, and it makes the same bytes again.

Rules that read nothing of each other are made again by one call: each is as alone as it would be by itself.
"""

import hashlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from flaredag.artifacts import sha256_of_file
from flaredag.sharp_table import KEYWORD_OF_COLUMN
from made_up_samples import made_up_rows

RULES = Path(__file__).resolve().parents[2] / "rules"
FOLDER = "results/embedded"
STUDY = f"{FOLDER}/sun2022"
LISTS = f"{FOLDER}/flares/lists"
OUTPUTS = (
    {"simulate_sun": [f"{FOLDER}/raw/{name}" for name in ("keywords/sharp-0.csv", "segments/sharp-0.json")]},
    {"simulate_catalogues": [f"{FOLDER}/raw/{name}" for name in ("hek/2010.json", "srs/2010_SRS.tar.gz")]},
    {
        "curate_jsoc_keywords": [f"{FOLDER}/tables/sharp-0.{suffix}" for suffix in ("nc", "json", "rejected.csv")],
        "curate_cubes": [f"{FOLDER}/cubes/sharp-0.{suffix}" for suffix in ("zarr.zip", "json", "rejected.csv")],
        "curate_goes_flares": [f"{FOLDER}/flares/goes.{suffix}" for suffix in ("nc", "json", "disagreements.csv")],
        "curate_flare_list": [f"{LISTS}/hek.{suffix}" for suffix in ("nc", "unscaled.nc", "covered.csv", "json")],
        "curate_region_summaries": [f"{FOLDER}/region_summaries.{suffix}" for suffix in ("nc", "json", "rejected.csv")],
    },
    {"curate_regions": [f"{FOLDER}/regions.nc", f"{FOLDER}/regions.json"]},
    {
        "summarise_archive": [f"{FOLDER}/coverage.csv", f"{FOLDER}/archive.json"],
        "compare_instruments": [f"{FOLDER}/overlap/{name}.csv" for name in ("matched", "regressions", "factors")],
        "make_windows": [f"{STUDY}/windows.nc", f"{STUDY}/samples.json"],
    },
    {
        "plot_archive": [f"{FOLDER}/figures/magnetograms.svg"],
        "draw_datasets": [f"{STUDY}/datasets.nc", f"{STUDY}/index.json"],
        "describe_windows": [f"{STUDY}/strata.nc"],
    },
    {
        "list_fits": [f"{STUDY}/fits.csv"],
        "calibrate_predictions": [f"{STUDY}/calibrated/SHARP_BY_TIME.{suffix}" for suffix in ("nc", "conformal.csv")],
    },
    {
        "aggregate_full_disk": [f"{STUDY}/full_disk/SHARP_DISK.nc"],
        "verify_strata": [f"{STUDY}/strata.csv"],
        "permute_features": [f"{STUDY}/importance/SHARP_BY_TIME.csv"],
        "export_predictions": [f"{STUDY}/predictions/SHARP_ONLY.csv"],
    },
    {
        "verify_predictions": [f"{STUDY}/scores.csv", f"{STUDY}/curves.csv"],
        "diagnose_forecasts": [f"{STUDY}/diagnostics.csv", f"{STUDY}/decomposition.csv"],
    },
    {
        "bound_scores": [f"{STUDY}/intervals.csv", f"{STUDY}/differences.csv"],
        "relabel_predictions": [f"{STUDY}/labels.csv"],
        "audit_leaks": [f"{STUDY}/audit.csv"],
        "plot_importance": [f"{STUDY}/figures/importance_sharp_by_time.svg"],
        "plot_verification": [f"{STUDY}/figures/overview.svg"],
        "check_artefacts": [f"{STUDY}/checked.json"],
    },
    {
        "compare_models": [f"{STUDY}/comparisons.csv"],
        "plot_ladder": [f"{STUDY}/figures/ladder_lstm.svg"],
        "plot_diagnostics": [f"{STUDY}/figures/diagnostics_sharp_disk.svg"],
    },
    {"compare_papers": [f"{STUDY}/papers.csv"]},
    {
        "write_report": [
            f"results/{name}" for name in ("report.pdf", "scores.csv", "intervals.csv", "papers.csv", "manifest.json")
        ]
    },
)
# Of the run with a CNN. A rule has a job for each output where it makes one at a time.
OUTPUTS_OF_WHOLE = (
    {
        "stack_predictions": [f"{STUDY}/ensembles/SHARP_ONLY.{suffix}" for suffix in ("nc", "weights.csv")],
        "explain_bipoles": [f"{STUDY}/explanations/bipoles.{suffix}" for suffix in ("nc", "csv", "checks.csv")],
    },
    {
        "join_tables": [f"{STUDY}/{table}.csv" for table in ("weights", "checks", "conformal", "importance")],
        "plot_ensembles": [f"{STUDY}/figures/ensemble_{name}.svg" for name in ("scores", "weights", "boundaries")],
        "plot_explanations": [f"{STUDY}/figures/explained_{name}.svg" for name in ("bipoles", "contours")],
    },
)
FITS = ("fit_networks", "fit_magnetogram_networks", "fit_baselines", "fit_classifiers")
OF_REGIONS = {"explain_region": (".nc", ".checks.csv"), "show_explanation": (".html", ".gif")}
# Of anybody's forecasts and samples, without an archive; rules in the order in which they run.
FORECASTS = "results/forecasts"
OUTPUTS_OF_FORECASTS = {
    "curate_forecasts": [f"{FORECASTS}/{name}" for name in ("predictions.nc", "source.json")],
    "verify_forecasts": [f"{FORECASTS}/{name}.csv" for name in ("scores", "intervals", "comparisons", "diagnostics")],
    "audit_forecasts": [f"{FORECASTS}/audit.csv"],
    "plot_forecasts": [f"{FORECASTS}/figures/{name}.svg" for name in ("skill", "curves", "diagnostics")],
    "write_verification": ["results/verification.pdf"],
}
# The 12-minute table; the other rules of the archive `published`, and those that retrieve, run in tests/workflow.
OF_SHARP_TABLE = ("retrieve_sharp_table", "curate_sharp_table")
# tests/rules/test_high_energy.py
OF_HIGH_ENERGY = ("retrieve_high_energy_parameters", "curate_high_energy_regions", "join_sharp_records")
# tests/rules/test_high_energy_records.py
OF_VECTOR_FIELD = ("list_days_before_flares", "simulate_vector_segments", "curate_high_energy_records")
# tests/rules/test_shipped.py
OF_SHIPPED = ("retrieve_shipped", "curate_shipped", "verify_shipped")
# tests/rules/test_ranking.py
OF_RANKING = ("score_subsets", "rank_features", "assess_features", "compare_rankings", "list_subsets", "plot_ranking")
# tests/rules/test_search.py
OF_SEARCH = ("search_hyperparameters", "list_searches", "write_optima", "plot_search")
# tests/rules/test_overlapping_runs.py
OF_RUNS = ("verify_overlapping_runs",)
# tests/rules/test_learning.py
OF_LEARNING = ("list_training_curves", "plot_training_curves", "plot_training_regions")
# tests/rules/test_members.py
OF_MEMBERS = ("retrieve_operational_forecasts", "unpack_r_table", "curate_table_of_members", "curate_bulletins")
OF_MEMBERS += ("curate_members", "forecast_from_classes", "join_members")
IN_WORKFLOWS = (
    *("retrieve_keywords", "retrieve_segments", "retrieve_vector_segments", "retrieve_flare_reports"),
    "retrieve_hek_flares",
    *("retrieve_daily_reports", "retrieve_harp_noaa", "retrieve_published", "curate_labelled_samples", "curate_swansf"),
    *("retrieve_synoptic_charts", "curate_synoptic_charts", "curate_listed_flares"),
    *("retrieve_published_magnetograms", "retrieve_published_summaries", "retrieve_published_flares"),
    *("retrieve_published_lists", "retrieve_map_of_harps", "retrieve_srs_archives", "index_published_magnetograms"),
)


def digests(project, paths: list[str]) -> dict[str, str]:
    return {path: sha256_of_file(project.path(path)) for path in paths}


def remove_and_make_again(project, rules: list[str], outputs: list[str], *settings: str) -> list[str]:
    """Rules that ran. Others are not even allowed: what these read is there."""
    for path in outputs:
        project.path(path).unlink()
    return project.run(*settings, "--allowed-rules", *rules, "--", *outputs)


def all_of(outputs: dict[str, list[str]]) -> list[str]:
    return [path for of_rule in outputs.values() for path in of_rule]


def test_every_rule_is_run_alone_or_in_a_workflow():
    pattern = re.compile(r"^(?:rule|checkpoint) (\w+):|^use rule \w+ as (\w+) with:", re.MULTILINE)
    found = [one or other for path in RULES.glob("*.smk") for one, other in pattern.findall(path.read_text())]
    alone = [rule for outputs in (*OUTPUTS, *OUTPUTS_OF_WHOLE) for rule in outputs]
    alone += [*FITS, *OF_REGIONS, *OUTPUTS_OF_FORECASTS, "audit_samples"]
    alone += [*OF_SHARP_TABLE, *OF_HIGH_ENERGY, *OF_VECTOR_FIELD, *OF_SHIPPED, *OF_RANKING, *OF_SEARCH, *OF_RUNS]
    alone += [*OF_LEARNING, *OF_MEMBERS]
    assert sorted(found) == sorted([*alone, *IN_WORKFLOWS])


@pytest.mark.parametrize("outputs", OUTPUTS, ids="+".join)
def test_rules_alone_make_the_same_bytes_again(finished_copy, outputs):
    paths = all_of(outputs)
    before = digests(finished_copy, paths)
    assert remove_and_make_again(finished_copy, list(outputs), paths) == sorted(outputs)
    assert digests(finished_copy, paths) == before


@pytest.mark.parametrize("outputs", OUTPUTS_OF_WHOLE, ids="+".join)
def test_rules_on_networks_alone_make_the_same_bytes_again(whole_copy, outputs):
    paths = all_of(outputs)
    before = digests(whole_copy, paths)
    assert set(remove_and_make_again(whole_copy, list(outputs), paths)) == set(outputs)
    assert digests(whole_copy, paths) == before


@pytest.mark.parametrize("rule", FITS)
def test_a_fit_alone_makes_the_same_bytes_again(whole_copy, rule):
    kind = rule.removeprefix("fit_")
    fits = pd.read_csv(whole_copy.path(f"{STUDY}/fits.csv"))
    folder = fits.loc[fits["path"].str.contains(f"/{kind}-"), "path"].iloc[0]
    outputs = [f"{folder}/{name}" for name in ("predictions.nc", "checkpoint.safetensors", "provenance.json")]
    before = digests(whole_copy, outputs)
    assert remove_and_make_again(whole_copy, [rule], outputs) == [rule]
    assert digests(whole_copy, outputs) == before
    provenance = json.loads(whole_copy.path(outputs[-1]).read_text())
    assert provenance["sha256"]["predictions.nc"] == sha256_of_file(whole_copy.path(outputs[0]))
    of_pixels = {"magnetograms"} if kind == "magnetogram_networks" else set()
    assert set(provenance["made_from"]) == {"seeds", "models", "datasets", "code", "environment"} | of_pixels


@pytest.mark.parametrize("rule", OF_REGIONS)
def test_the_explanation_of_a_region_alone_makes_the_same_bytes_again(whole_copy, rule):
    (explained,) = json.loads(whole_copy.path(f"{STUDY}/index.json").read_text())["explained"]
    outputs = [f"{STUDY}/explanations/sharp-{explained['region']}{suffix}" for suffix in OF_REGIONS[rule]]
    before = digests(whole_copy, outputs)
    assert remove_and_make_again(whole_copy, [rule], outputs) == [rule]
    assert digests(whole_copy, outputs) == before


def test_rules_on_anybodys_forecasts_alone_make_the_same_bytes_again(project):
    days = pd.date_range("2017-01-01", periods=28, freq="D")
    event = (days.day % 3 == 0).astype(int)
    forecasts = pd.DataFrame(
        {"time": days, "label": event, "probability": 0.1 * (days.day % 7), "region": days.day // 2}
    )
    forecasts.to_csv(project.path("mine.csv"), index=False)
    settings = ("--config", "forecasts=mine.csv")
    assert project.run(*settings, "--", "results/verification.pdf") == sorted(OUTPUTS_OF_FORECASTS)
    before = digests(project, all_of(OUTPUTS_OF_FORECASTS))
    # Those that read nothing of each other: the audit beside the verification, figures and audit before the report.
    for rules in (
        ["curate_forecasts"],
        ["verify_forecasts", "audit_forecasts"],
        ["plot_forecasts"],
        ["write_verification"],
    ):
        paths = all_of({rule: OUTPUTS_OF_FORECASTS[rule] for rule in rules})
        assert remove_and_make_again(project, rules, paths, *settings) == sorted(rules)
    assert digests(project, all_of(OUTPUTS_OF_FORECASTS)) == before


def test_samples_are_audited_alone_and_a_leak_fails(project):
    settings = ("--config", "audited=mine.csv")
    made_up_rows().to_csv(project.path("mine.csv"), index=False)
    assert project.run(*settings, "--", "results/audit.csv") == ["audit_samples"]
    assert set(pd.read_csv(project.path("results/audit.csv"))["outcome"]) == {"clean"}
    made_up_rows().assign(max_class=lambda rows: rows["label"]).to_csv(project.path("mine.csv"), index=False)
    result = project.attempt(*settings, "--", "results/audit.csv")
    assert result.returncode != 0
    assert "max_class equals the label" in result.stdout
    assert "Traceback" not in result.stdout
    assert not project.path("results/audit.csv").exists()


def test_the_table_of_sharp_keywords_is_taken_from_the_mirror_and_curated(project):
    times = pd.to_datetime(["2011-02-15 01:48", "2011-02-15 02:00", "2011-02-16 00:00"]).astype("datetime64[ms]")
    values = [1e22, 40.0, 70.0, 72.0, 44.0, -0.2, 2e12, 0.002, 130.0, 7.0, 4e11, 1e4, 4e22, 40.0, 39.0, 3.7, 85.0]
    records = pd.DataFrame(
        {"HARPNUM": [377, 377, 401], "T_REC": times} | dict(zip(KEYWORD_OF_COLUMN, values, strict=True))
    )
    manifest = project.path("rules/published_sources.yaml")
    content = yaml.safe_load(manifest.read_text())
    (file,) = content["sources"]["lucaspauker_sharp12min"]["files"]
    packed = project.path(f"mirror/{file['name']}")
    packed.parent.mkdir(parents=True)
    records.astype(dict.fromkeys(KEYWORD_OF_COLUMN, "float32") | {"HARPNUM": "int32"}).to_parquet(packed, index=False)
    file |= {"bytes": packed.stat().st_size, "sha256": hashlib.sha256(packed.read_bytes()).hexdigest()}
    manifest.write_text(yaml.safe_dump(content))
    raw = project.path("results/published/raw")
    (raw / "harp_noaa").mkdir(parents=True)
    (raw / "harp_noaa" / "all_harps_with_noaa_ars.txt").write_text("HARPNUM NOAA_ARS\n377 11158\n401 11162,11161\n")
    outputs = [f"results/published/sharp_table/sharp.{suffix}" for suffix in ("nc", "json", "rejected.csv")]
    settings = ("--config", "archive=published", "mirror=mirror", "--allowed-rules")
    ran = project.run(*settings, *OF_SHARP_TABLE, "--", *outputs)
    assert ran == sorted(OF_SHARP_TABLE)
    assert sha256_of_file(raw / file["name"]) == file["sha256"]
    counts = json.loads(project.path(outputs[1]).read_text())
    assert (counts["records_kept"], counts["regions"], counts["regions_without_noaa_ar"]) == (3, 2, 0)
    before = digests(project, outputs)
    assert remove_and_make_again(project, ["curate_sharp_table"], outputs, *settings[:-1]) == ["curate_sharp_table"]
    assert digests(project, outputs) == before
