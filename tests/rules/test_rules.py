"""Each rule alone, on the tiny run: its outputs are removed, it alone is allowed, and it makes the same bytes again."""

import json

import pandas as pd
import pytest

from flaredag.artifacts import sha256_of_file

FOLDER = "results/embedded"
STUDY = f"{FOLDER}/sun2022"
OUTPUTS = {
    "simulate_sun": [f"{FOLDER}/raw/{name}" for name in ("keywords/sharp-0.csv", "segments/sharp-0.json")],
    "simulate_catalogues": [f"{FOLDER}/raw/{name}" for name in ("hek/2010.json", "srs/2010_SRS.tar.gz")],
    "curate_jsoc_keywords": [f"{FOLDER}/tables/sharp-0.{suffix}" for suffix in ("nc", "json", "rejected.csv")],
    "curate_cubes": [f"{FOLDER}/cubes/sharp-0.{suffix}" for suffix in ("zarr.zip", "json", "rejected.csv")],
    "curate_goes_flares": [f"{FOLDER}/flares/goes.{suffix}" for suffix in ("nc", "json", "disagreements.csv")],
    "curate_region_summaries": [f"{FOLDER}/region_summaries.{suffix}" for suffix in ("nc", "json", "rejected.csv")],
    "curate_regions": [f"{FOLDER}/regions.nc", f"{FOLDER}/regions.json"],
    "summarise_archive": [f"{FOLDER}/coverage.csv", f"{FOLDER}/archive.json"],
    "compare_instruments": [f"{FOLDER}/overlap/{name}.csv" for name in ("matched", "regressions", "factors")],
    "plot_archive": [f"{FOLDER}/figures/magnetograms.svg"],
    "make_windows": [f"{STUDY}/windows.nc", f"{STUDY}/samples.json"],
    "draw_datasets": [f"{STUDY}/datasets.nc", f"{STUDY}/index.json"],
    "list_fits": [f"{STUDY}/fits.csv"],
    "verify_predictions": [f"{STUDY}/scores.csv", f"{STUDY}/curves.csv"],
    "compare_models": [f"{STUDY}/comparisons.csv"],
    "compare_papers": [f"{STUDY}/papers.csv"],
    "plot_verification": [f"{STUDY}/figures/overview.svg"],
    "check_artefacts": [f"{STUDY}/checked.json"],
    "write_report": [f"results/{name}" for name in ("report.pdf", "scores.csv", "papers.csv", "manifest.json")],
}


# Of the run with a CNN.
OUTPUTS_OF_WHOLE = {
    "stack_predictions": [f"{STUDY}/ensembles/SHARP_ONLY.{suffix}" for suffix in ("nc", "weights.csv")],
    "join_tables": [f"{STUDY}/weights.csv", f"{STUDY}/checks.csv"],
    "plot_ensembles": [f"{STUDY}/figures/ensemble_{name}.svg" for name in ("scores", "weights", "boundaries")],
    "explain_bipoles": [f"{STUDY}/explanations/bipoles.{suffix}" for suffix in ("nc", "csv", "checks.csv")],
    "plot_explanations": [f"{STUDY}/figures/explained_{name}.svg" for name in ("bipoles", "contours")],
}


def digests(project, paths: list[str]) -> dict[str, str]:
    return {path: sha256_of_file(project.path(path)) for path in paths}


def remove_and_make_again(project, rule: str, outputs: list[str]) -> list[str]:
    """Rules that ran. Other rules are not even allowed: what this one reads is there."""
    for path in outputs:
        project.path(path).unlink()
    return project.run("--allowed-rules", rule, "--", *outputs)


@pytest.mark.parametrize("rule", OUTPUTS)
def test_a_rule_alone_makes_the_same_bytes_again(finished_copy, rule):
    before = digests(finished_copy, OUTPUTS[rule])
    assert remove_and_make_again(finished_copy, rule, OUTPUTS[rule]) == [rule]
    assert digests(finished_copy, OUTPUTS[rule]) == before


@pytest.mark.parametrize("rule", OUTPUTS_OF_WHOLE)
def test_a_rule_on_networks_alone_makes_the_same_bytes_again(whole_copy, rule):
    before = digests(whole_copy, OUTPUTS_OF_WHOLE[rule])
    # One job, or one for each output of a rule that makes one at a time.
    assert set(remove_and_make_again(whole_copy, rule, OUTPUTS_OF_WHOLE[rule])) == {rule}
    assert digests(whole_copy, OUTPUTS_OF_WHOLE[rule]) == before


@pytest.mark.parametrize("kind", ["networks", "magnetogram_networks", "baselines"])
def test_a_fit_alone_makes_the_same_bytes_again(whole_copy, kind):
    fits = pd.read_csv(whole_copy.path(f"{STUDY}/fits.csv"))
    folder = fits.loc[fits["path"].str.contains(f"/{kind}-"), "path"].iloc[0]
    outputs = [f"{folder}/{name}" for name in ("predictions.nc", "checkpoint.safetensors", "provenance.json")]
    before = digests(whole_copy, outputs)
    assert remove_and_make_again(whole_copy, f"fit_{kind}", outputs) == [f"fit_{kind}"]
    assert digests(whole_copy, outputs) == before
    provenance = json.loads(whole_copy.path(outputs[-1]).read_text())
    assert provenance["sha256"]["predictions.nc"] == sha256_of_file(whole_copy.path(outputs[0]))
    of_pixels = {"magnetograms"} if kind == "magnetogram_networks" else set()
    assert set(provenance["made_from"]) == {"seeds", "models", "datasets", "code", "environment"} | of_pixels


@pytest.mark.parametrize(
    ("rule", "suffixes"), [("explain_region", (".nc", ".checks.csv")), ("show_explanation", (".html", ".gif"))]
)
def test_the_explanation_of_a_region_alone_makes_the_same_bytes_again(whole_copy, rule, suffixes):
    (explained,) = json.loads(whole_copy.path(f"{STUDY}/index.json").read_text())["explained"]
    outputs = [f"{STUDY}/explanations/sharp-{explained['region']}{suffix}" for suffix in suffixes]
    before = digests(whole_copy, outputs)
    assert remove_and_make_again(whole_copy, rule, outputs) == [rule]
    assert digests(whole_copy, outputs) == before
