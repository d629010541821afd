"""What the rules read from the configuration for figures, report and manifest."""

import yaml

from flaredag.archive_files import ArchiveFiles
from flaredag.configuration import (
    ENSEMBLE_FIGURES,
    EXPLANATION_FIGURES,
    archive_in_report,
    artifacts_of_archive,
    chosen_effort,
    figure_settings,
    figures_of,
    study_in_report,
)
from flaredag.flare_history import HISTORY_FEATURES
from flaredag.keyword_ranges import KEYWORDS
from flaredag.sources import read_manifest
from flaredag.study_series import stacked_datasets
from made_up_studies import ROOT, TABLES, WITH_CUBES, on


def test_the_effort_is_that_of_the_archive_unless_named(config):
    assert chosen_effort(config) == "quick"
    assert chosen_effort(config | {"archive": "published"}) == "paper"
    assert chosen_effort(config | {"effort": "paper"}) == "paper"


def test_figures_are_those_of_verification_the_overview_and_those_of_each_section(small):
    figures = figures_of(on(small, WITH_CUBES))
    assert [(figure["name"], figure["section"]) for figure in figures] == [
        ("one", "Figures"),
        ("pixels", "Figures"),
        ("overview", "Figures"),
        ("diagnostics_only", "Calibration and value"),
        *((name, "Stacking") for name in ENSEMBLE_FIGURES),
        *((name, "Explanation") for name in EXPLANATION_FIGURES),
    ]
    assert figures[0]["title"] == "One"
    assert all(figure["title"] for figure in figures)
    without = on({key: own for key, own in small.items() if key not in ("ensembles", "explanation")}, WITH_CUBES)
    assert {figure["section"] for figure in figures_of(without)} == {"Figures", "Calibration and value"}


def test_a_ranking_has_a_figure_a_data_set_and_its_tables_are_told(small):
    order = {"model": "lstm", "metric": "true_skill_statistic", "threshold": "best_on_test"}
    asked = {"orders": {"tss": order}, "directions": ["first"], "datasets": ["ONLY", "SOME"]}
    small["ranking"] = asked | {"seeds": [0], "subsets_per_job": 8}
    served = on(small, WITH_CUBES)
    drawn = [figure for figure in figures_of(served) if figure["section"] == "Feature ranking"]
    assert [figure["name"] for figure in drawn] == ["ranking_only", "ranking_some"]
    assert drawn[0]["title"].startswith("Features on ONLY, ranked by the mean TSS of lstm on each alone")
    rows = {row["path"]: row["made_from"] for row in artifacts_of_archive("r", WITH_CUBES, {"s": served})}
    orders = ["r/s/ranking/ONLY.csv", "r/s/ranking/SOME.csv"]
    assert rows["r/s/subsets.csv"] == ["r/s/index.json", *orders]
    assert rows["r/s/ranking.csv"] == ["r/s/subsets.csv", *orders]
    assert rows["r/s/figures/ranking_only.svg"] == rows["r/s/ranking_claims.csv"] == ["r/s/ranking.csv"]
    assert set(orders) <= rows.keys()


def test_a_search_has_a_figure_and_its_tables_are_told(small):
    searches = {"one": {"dataset": "ONLY", "model": "lstm", "metric": "brier_score"}}
    space = {"hidden_size": {"choices": [8, 64]}}
    small["search"] = {"searches": searches, "space": space, "n_trials": 2, "seeds": [0], "seed": 1}
    served = on(small, WITH_CUBES)
    drawn = [figure["name"] for figure in figures_of(served) if figure["section"] == "Hyperparameter search"]
    assert drawn == ["search_one"]
    rows = {row["path"]: row["made_from"] for row in artifacts_of_archive("r", WITH_CUBES, {"s": served})}
    assert rows["r/s/searches.csv"] == ["r/s/index.json"]
    assert rows["r/s/optima.yaml"] == rows["r/s/figures/search_one.svg"] == ["r/s/searches.csv"]
    small["search"]["skipped"] = True
    skipped = on(small, WITH_CUBES)
    assert "search_one" not in [figure["name"] for figure in figures_of(skipped)]
    without = {row["path"] for row in artifacts_of_archive("r", WITH_CUBES, {"s": skipped})}
    assert "r/s/searches.csv" in without
    assert "r/s/optima.yaml" not in without


def test_the_report_knows_what_a_ranking_is_by(study):
    assert study_in_report("sun2022", study)["ranking"] is None
    asked = {"orders": {"bss": {"model": "lstm", "metric": "brier_skill_score"}}, "directions": ["last"]}
    ranked = study | {"ranking": asked | {"datasets": ["SHARP_ONLY"], "seeds": [0], "subsets_per_job": 8}}
    assert study_in_report("sun2022", ranked)["ranking"] == asked


def test_a_ranking_from_both_ends_has_figures_of_single_features_and_of_each_order(small):
    order = {"model": "lstm", "metric": "true_skill_statistic", "threshold": "fixed_0.5"}
    orders = {"tss": order, "bss": {"model": "lstm_by_brier_score", "metric": "brier_skill_score"}}
    asked = {"orders": orders, "directions": ["first", "last"], "datasets": ["ONLY"], "seeds": [0]}
    small["ranking"] = asked | {"subsets_per_job": 8}
    served = on(small, WITH_CUBES)
    drawn = {figure["name"]: figure["title"] for figure in figures_of(served) if "ranking" in figure["name"]}
    assert list(drawn) == ["ranking_only_alone", "ranking_only_tss", "ranking_only_bss"]
    assert drawn["ranking_only_alone"] == (
        "Each feature of ONLY alone: mean and standard deviation over the splits of the TSS of lstm at the threshold "
        "0.5 and the BSS of lstm by brier score, sorted."
    )
    assert drawn["ranking_only_bss"].startswith(
        "Features of ONLY removed one by one, the most important first, and again the least important first, in the "
        "order of the BSS of lstm by brier score on each alone"
    )
    rows = {row["path"]: row["made_from"] for row in artifacts_of_archive("r", WITH_CUBES, {"s": served})}
    assert all(rows[f"r/s/figures/{name}.svg"] == ["r/s/ranking.csv"] for name in drawn)


def test_a_figure_of_profiles_carries_what_its_caption_tells(small):
    assert all("profiles" not in figure for figure in figures_of(on(small, WITH_CUBES)))
    small["figures"][0] |= {"kind": "profiles", "threshold": "best_on_test"}
    first, second = figures_of(on(small, WITH_CUBES))[:2]
    assert first["profiles"] == {"series": small["figures"][0]["series"], "threshold": "best_on_test"}
    assert "profiles" not in second
    # What rests on magnetograms is left out of it as of the others.
    (one, *_) = figures_of(on(small, TABLES))
    assert one["profiles"]["series"] == [{"dataset": "ONLY", "model": "lstm"}]


def test_figures_of_trainings_have_a_section_of_their_own_and_tell_what_they_are_made_from(small):
    curves = {"name": "training_curves", "title": "C", "kind": "training_curves", "dataset": "ONLY", "models": ["lstm"]}
    small["figures"].insert(0, curves)
    served = on(small, WITH_CUBES)
    (figure,) = [one for one in figures_of(served) if one["section"] == "Training"]
    assert figure["training_curves"] == {"dataset": "ONLY", "models": ["lstm"]}
    assert "training_curves" not in [one["name"] for one in figures_of(served) if one["section"] == "Figures"]
    rows = {row["path"]: row["made_from"] for row in artifacts_of_archive("r", WITH_CUBES, {"s": served})}
    assert rows["r/s/training_curves.csv"] == ["r/s/fits.csv"]
    assert "r/s/training_curves.csv" in rows["r/s/figures/training_curves.svg"]


def test_a_ladder_has_a_figure_a_model_and_its_latest_rungs_have_diagrams(climbing):
    figures = figures_of(on(climbing, WITH_CUBES))
    of_ladder = {figure["name"]: figure["title"] for figure in figures if figure["section"] == "The protocol ladder"}
    # `cnn_b` is fitted on the first rung alone.
    assert list(of_ladder) == ["ladder_lstm", "ladder_cnn", "ladder_tree"]
    assert of_ladder["ladder_lstm"].startswith("The protocol ladder of lstm: ")
    diagrams = {figure["name"]: figure["title"] for figure in figures if figure["section"] == "Calibration and value"}
    assert list(diagrams) == ["diagnostics_by_time", "diagnostics_disk"]
    assert diagrams["diagnostics_disk"].startswith("Forecasts on DISK: ")
    climbing["ladders"][0]["rungs"] = {"balanced": "ONLY", "all_samples": "ALL"}
    names = [figure["name"] for figure in figures_of(on(climbing, WITH_CUBES))]
    assert [name for name in names if name.startswith("diagnostics_")] == ["diagnostics_all"]
    # Without magnetograms no CNN climbs.
    without = [figure["name"] for figure in figures_of(on(climbing, TABLES))]
    assert [name for name in without if name.startswith("ladder_")] == ["ladder_lstm", "ladder_tree"]


def test_permuted_features_have_a_figure_and_files_a_data_set(small):
    asked = {"datasets": ["ONLY", "SOME"], "models": ["lstm"], "seeds": 1, "repeats": 2, "seed": 0}
    study = on(small | {"importance": asked | {"correlated_from": 0.75}}, WITH_CUBES)
    shown = {figure["name"]: figure for figure in figures_of(study) if figure["section"] == "Permutation importance"}
    assert list(shown) == ["importance_only", "importance_some"]
    assert "on SOME" in shown["importance_some"]["title"]
    assert "0.75 or more" in shown["importance_some"]["title"]
    files = ArchiveFiles(shards=["t"], raw={}, curated={"tables": ["t.nc"]})
    rows = {row["path"].removeprefix("r/s/"): row for row in artifacts_of_archive("r", files, {"s": study})}
    parts = [f"r/s/importance/{dataset}.csv" for dataset in ("ONLY", "SOME")]
    assert rows["importance.csv"]["made_from"] == parts
    assert rows["importance/SOME.csv"]["made_from"] == [
        f"r/s/{name}" for name in ("windows.nc", "datasets.nc", "fits.csv")
    ]
    assert rows["figures/importance_some.svg"]["made_from"] == ["r/s/importance.csv"]


def test_names_of_figures_are_apart(config):
    for archive in ("embedded", "jsoc"):
        kinds = {kind: [kind] for study in config["study"].values() for kind in study["source"].values()}
        for study in config["study"].values():
            names = [figure["name"] for figure in figures_of(on(study, ArchiveFiles([], {}, kinds), archive=archive))]
            assert len(set(names)) == len(names)


def test_settings_of_a_figure(small):
    assert figure_settings(small, "pixels") == small["figures"][1]
    assert figure_settings(small, "overview") is None


def test_leaks_are_told_while_their_settings_are_there(study):
    leaks = [leak["text"] for leak in study["declared_leaks"]]
    assert study_in_report("sun2022", study)["declared_leaks"] == leaks
    study["splits"]["standardisation"] = "train"
    assert study_in_report("sun2022", study)["declared_leaks"] == leaks[1:]
    study["splits"]["undersampled"] = ["train"]
    assert study_in_report("sun2022", study)["declared_leaks"] == leaks[2:]
    # With every type of evolution in a class nothing is left out for what happened later.
    study["labels"]["negative"] = study["labels"]["tasks"]["operational"]["negative"]
    assert study_in_report("sun2022", study)["declared_leaks"] == leaks[3:]


def test_the_report_has_a_caption_for_each_figure_and_names_the_study(study):
    told = study_in_report("sun2022", study)
    assert told["name"] == "sun2022"
    assert told["figures"] == figures_of(study)
    assert told["datasets"] == stacked_datasets(study) == ["SHARP_ONLY", "FUSED_SHARP", "SMARP_ONLY", "FUSED_SMARP"]
    assert told["ensembles"] == study["ensembles"]
    assert told["ladders"] == study["ladders"]
    assert [ladder["name"] for ladder in told["ladders"]] == ["sharp", "smarp"]
    assert told["score_tables"] == []
    asked = {"title": "Two.", "thresholds": ["validation"], "metrics": ["precision"]}
    assert study_in_report("s", study | {"verification": {"score_tables": [asked]}})["score_tables"] == [asked]
    assert told["comparisons"][0] == {"name": "table7", "title": study["comparisons"][0]["title"]}


def test_the_report_names_the_sources_of_an_archive(config):
    sources = list(read_manifest(ROOT / "rules" / "published_sources.yaml").values())
    told = archive_in_report("published", config["archives"]["published"], sources, ["coverage"], not_served=["fuzzy"])
    assert told["not_served"] == ["fuzzy"]
    assert told["simulated"] is False
    assert [figure["name"] for figure in told["figures"]] == ["coverage"]
    assert told["sources"][0]["licence"] == "MIT"
    assert told["sources"][0]["address"].endswith("/datasets")
    assert archive_in_report("embedded", config["archives"]["embedded"], [], [], not_served=[])["sources"] == []


def test_artifacts_say_what_they_were_made_from(study, config):
    files = ArchiveFiles(shards=["t"], raw={"k": ["raw"]}, curated={"tables": ["r/a/tables/t.nc"]})
    rows = {row["path"]: row for row in artifacts_of_archive("r/a", files, {"s": study})}
    assert rows["raw"] == {"path": "raw", "made_from": [], "seeds": []}
    assert rows["r/a/tables/t.nc"]["made_from"] == ["raw"]
    assert rows["r/a/coverage.csv"]["made_from"] == ["r/a/tables/t.nc"]
    assert rows["r/a/overlap/factors.csv"]["made_from"] == ["r/a/tables/t.nc"]
    assert "r/a/coverage.csv" in rows["r/a/figures/coverage.svg"]["made_from"]
    assert "r/a/figures/magnetograms.svg" not in rows
    assert rows["r/a/s/windows.nc"] == {"path": "r/a/s/windows.nc", "made_from": ["r/a/tables/t.nc"], "seeds": []}
    assert rows["r/a/s/datasets.nc"]["made_from"] == ["r/a/s/windows.nc"]
    assert rows["r/a/s/datasets.nc"]["seeds"] == study["seeds"]
    assert rows["r/a/s/figures/overview.svg"]["made_from"] == ["r/a/s/curves.csv", "r/a/s/scores.csv"]
    made_from = {path.removeprefix("r/a/s/"): row["made_from"] for path, row in rows.items()}
    assert made_from["ensembles/FUSED_SMARP.nc"] == made_from["ensembles/FUSED_SMARP.weights.csv"] == ["r/a/s/fits.csv"]
    assert {"r/a/s/fits.csv", "r/a/s/ensembles/FUSED_SMARP.nc"} <= set(made_from["predictions/FUSED_SMARP.csv"])
    assert {"r/a/s/fits.csv", "r/a/s/ensembles/SHARP_ONLY.nc"} <= set(made_from["scores.csv"])
    assert "ensembles/SHARP_FOLDS.nc" not in made_from
    # The balanced test set of SHARP_ONLY has no natural event rate to calibrate to.
    assert "calibrated/SHARP_ONLY.nc" not in made_from
    for suffix in (".nc", ".conformal.csv"):
        assert made_from[f"calibrated/SHARP_BY_TIME{suffix}"] == ["r/a/s/fits.csv", "r/a/s/index.json"]
    below = ["calibrated/SHARP_BY_TIME.nc", "windows.nc", "datasets.nc"]
    assert made_from["full_disk/SHARP_DISK.nc"] == [f"r/a/s/{name}" for name in below]
    for verified in ("scores.csv", "curves.csv", "intervals.csv", "differences.csv", "decomposition.csv"):
        assert {"r/a/s/calibrated/SMARP_ALL.nc", "r/a/s/full_disk/SMARP_DISK.nc"} <= set(made_from[verified])
    assert made_from["comparisons.csv"] == [f"r/a/s/{name}" for name in ("scores.csv", "differences.csv", "index.json")]
    assert made_from["runs.csv"] == made_from["runs_comparison.csv"] == ["r/a/s/fits.csv"]
    assert "r/a/s/runs.csv" in made_from["papers.csv"]
    assert made_from["strata.csv"] == ["r/a/s/fits.csv", "r/a/s/strata.nc"]
    assert made_from["strata.nc"] == ["r/a/s/windows.nc"]
    assert len(made_from["conformal.csv"]) == 8
    assert made_from["figures/ladder_lstm.svg"] == ["r/a/s/intervals.csv"]
    drawn_from = ["r/a/s/diagnostics.csv", "r/a/s/decomposition.csv"]
    assert made_from["figures/diagnostics_smarp_disk.svg"] == drawn_from
    assert {"labels.csv", "audit.csv", "diagnostics.csv"} < made_from.keys()
    assert all(f"figures/{name}.svg" in made_from for name in (*ENSEMBLE_FIGURES, *EXPLANATION_FIGURES))
    of_keywords = {
        row["path"] for row in artifacts_of_archive("r/a", files, {"s": on(config["study"]["sun2022"], TABLES)})
    }
    assert of_keywords < rows.keys()
    assert {f"r/a/s/figures/{name}.svg" for name in EXPLANATION_FIGURES}.isdisjoint(of_keywords)
    # What one was made from is itself an artifact.
    assert {path for row in rows.values() for path in row["made_from"]} <= rows.keys()


def test_the_schema_knows_every_feature():
    schema = yaml.safe_load((ROOT / "rules" / "config.schema.yaml").read_text())
    assert schema["$defs"]["feature"]["enum"] == [*KEYWORDS, *HISTORY_FEATURES]


def test_a_leak_that_hangs_on_the_tables_is_told_of_these_tables(study):
    leak = {"setting": "source.tables", "value": "tables", "text": "No longitude."}
    assert "No longitude." in study_in_report("sun2022", study | {"declared_leaks": [leak]})["declared_leaks"]
    elsewhere = study | {"declared_leaks": [leak | {"value": "sharp_table"}]}
    assert study_in_report("sun2022", elsewhere)["declared_leaks"] == []


def test_windows_that_end_before_a_flare_are_a_leak_where_the_study_has_them(study):
    leak = {"setting": "windows", "value": "before_flares", "text": "Nobody knows when that is."}
    declared = study | {"declared_leaks": [leak]}
    assert study_in_report("sun2022", declared)["declared_leaks"] == []
    before = {"cadence_minutes": 36, "n_steps": 40, "before_flares": {"least_class": "C1.0", "least_records": 30}}
    told = study_in_report("sun2022", declared | {"windows": before})
    assert told["declared_leaks"] == ["Nobody knows when that is."]
