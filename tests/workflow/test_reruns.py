"""What reruns what: the rows of the table in CONTRIBUTING.md ("What reruns what"), each on a finished run."""

import json
import os
import time

import pandas as pd
import pytest

from flaredag.artifacts import sha256_of_file
from flaredag.tables import read_flares
from tiny_project import make_searching

# What hangs on fits, and no more: figures and tables behind it would be made in vain.
SCORES = ("results/embedded/sun2022/scores.csv", "results/embedded/sun2022/fits.csv")
FITS = {"fit_networks", "fit_baselines", "fit_classifiers", "fit_magnetogram_networks"}


@pytest.fixture
def project(finished_copy):
    """Every test here begins with a finished run."""
    return finished_copy


def touch_everything(project):
    """New times for every file that a checkout writes, and for the raw files."""
    later = time.time() + 10
    for name in ("Snakefile", "config.yaml", "rules", "scripts", "envs", "profiles", "results/embedded/raw"):
        root = project.path(name)
        for path in [root, *root.rglob("*")]:
            os.utime(path, (later, later))


def change_flares(project, of_hek, of_ncei) -> dict:
    """Apply `of_hek` to HEK's events (a list of dicts) and `of_ncei` to NCEI's lines; contents before, by path."""
    before = {}
    for path in sorted(project.path("results/embedded/raw/hek").glob("*.json")):
        before[path] = path.read_bytes()
        path.write_text(json.dumps({"result": of_hek(json.loads(before[path])["result"])}))
    for path in sorted(project.path("results/embedded/raw/ncei").glob("*.txt")):
        before[path] = path.read_bytes()
        path.write_text("".join(of_ncei(before[path].decode().splitlines(keepends=True))), newline="")
    return before


def is_strong(goes_class: str) -> bool:
    return goes_class[:1] in ("M", "X")


def test_nothing_changed_runs_nothing(project):
    assert project.run() == []


def test_a_fresh_checkout_runs_nothing(project):
    touch_everything(project)
    assert project.run() == []


def test_a_comment_and_a_docstring_run_nothing(project):
    project.edit("scripts/flaredag/windows.py", "def activity(", "# A remark.\n\n\ndef activity(")
    project.edit("scripts/flaredag/windows.py", '"""0 QUIET (no flare', '"""Zero is QUIET (no flare')
    assert project.run() == []


def test_a_changed_module_with_the_same_results_refits_nothing(project):
    # Imported by draw_datasets alone.
    project.edit(
        "scripts/flaredag/datasets.py",
        "    members = split_members(windows, where=",
        "    _ = 0\n    members = split_members(windows, where=",
    )
    ran = project.run(*SCORES)
    assert ran.count("draw_datasets") == 1
    assert not set(ran) & {*FITS, "make_windows", "simulate_sun"}


def test_a_changed_model_refits_its_kind_alone_and_back_refits_nothing(project):
    path = "scripts/flaredag/models/persistence.py"
    before = project.path(path).read_text()
    project.edit(path, "samples.strong_before.astype(np.float64)", "0.9 * samples.strong_before.astype(np.float64)")
    ran = project.run(*SCORES)
    assert set(ran) & FITS == {"fit_baselines"}
    assert ran.count("fit_baselines") == 5
    project.path(path).write_text(before)
    ran = project.run(*SCORES)
    assert not set(ran) & FITS
    assert "verify_predictions" in ran


def test_a_changed_setting_refits_its_kind_alone_and_back_refits_nothing(project):
    project.configure(lambda config: config["models"]["lstm"].update(learning_rate=0.002))
    ran = project.run(*SCORES)
    assert set(ran) & FITS == {"fit_networks"}
    project.configure(lambda config: config["models"]["lstm"].update(learning_rate=0.001))
    assert not set(project.run(*SCORES)) & FITS


def test_other_pixels_refit_what_is_fitted_on_magnetograms_alone(whole_copy):
    whole_copy.configure(lambda config: config["curation"]["cubes"].update(sharp_to_smarp="average"))
    ran = whole_copy.run(*SCORES)
    assert set(ran) & FITS == {"fit_magnetogram_networks"}
    assert "simulate_sun" not in ran


def test_a_raw_change_that_is_not_read_refits_nothing(project):
    def end_at_start(events):
        return [event | {"event_endtime": event["event_peaktime"]} for event in events]

    change_flares(project, end_at_start, lambda lines: lines)
    ran = project.run(*SCORES)
    assert "curate_goes_flares" in ran
    assert not set(ran) & {*FITS, "simulate_sun", "curate_cubes"}


def test_a_flare_of_one_region_refits_what_holds_its_samples_and_back_refits_nothing(project):
    """All strong flares of one SMARP patch gone: SHARP_ONLY has no part in it."""
    in_patches = {
        instrument: {
            int(number)
            for path in project.path("results/embedded/raw/keywords").glob(f"{instrument}-*.csv")
            for text in pd.read_csv(path, dtype=str)["NOAA_ARS"].unique()
            for number in text.split(",")
        }
        for instrument in ("sharp", "smarp")
    }
    flares = read_flares([project.path("results/embedded/flares/goes.nc")])
    of_smarp = flares["noaa_ar"].isin(in_patches["smarp"] - in_patches["sharp"])
    strong = flares["goes_class"].map(is_strong) & of_smarp
    busiest = int(flares[strong]["noaa_ar"].value_counts().index[0])

    def of_hek(events):
        return [one for one in events if not (one["ar_noaanum"] == busiest and is_strong(one["fl_goescls"]))]

    def of_ncei(lines):
        return [line for line in lines if not (line[80:85].strip() == str(busiest) and is_strong(line[59]))]

    fits = pd.read_csv(project.path("results/embedded/sun2022/fits.csv"))
    before = change_flares(project, of_hek, of_ncei)
    ran = project.run(*SCORES)
    # FUSED_SHARP and SMARP_ONLY, each one batch of networks and one of baselines; SHARP_ONLY none.
    assert [rule for rule in ran if rule in FITS] == ["fit_baselines"] * 2 + ["fit_networks"] * 2
    refitted = pd.read_csv(project.path("results/embedded/sun2022/fits.csv"))
    same = fits["dataset_digest"].to_numpy() == refitted["dataset_digest"].to_numpy()
    assert set(fits["dataset"][same]) == {"SHARP_ONLY", "SHARP_ALL", "SHARP_BY_TIME"}
    assert set(fits["dataset"][~same]) == {"FUSED_SHARP", "SMARP_ONLY"}
    for path, content in before.items():
        path.write_bytes(content)
    assert not set(project.run(*SCORES)) & FITS


def test_one_region_more_makes_one_shard_anew_and_what_depends_on_it(project):
    shards = sorted(project.path("results/embedded/raw/keywords").glob("*.csv"))
    before = {path: sha256_of_file(path) for path in shards}

    def one_more(config):
        config["archives"]["embedded"]["simulation"]["regions"]["sharp"] += 1

    project.configure(one_more)
    ran = project.run(*SCORES)
    for rule in ("simulate_sun", "curate_jsoc_keywords", "simulate_catalogues", "verify_predictions"):
        assert ran.count(rule) == 1, rule
    now = {path: sha256_of_file(path) for path in sorted(project.path("results/embedded/raw/keywords").glob("*.csv"))}
    changed = [path.stem for path in now if now[path] != before.get(path)]
    assert len(changed) == 1
    assert changed[0].startswith("sharp-")
    fits = pd.read_csv(project.path("results/embedded/sun2022/fits.csv"))
    # The new region is in no data set of SMARP alone: its two fits stay.
    assert sum(rule in FITS for rule in ran) == len(fits["path"].unique()) - 2


def test_data_sets_of_the_same_content_share_one_fit(project):
    def twin(config):
        study = config["study"]["sun2022"]
        study["datasets"]["TWIN"] = dict(study["datasets"]["SHARP_ONLY"])

    project.configure(twin)
    assert not set(project.run(*SCORES)) & FITS
    fits = pd.read_csv(project.path("results/embedded/sun2022/fits.csv")).set_index("dataset")
    assert set(fits.loc["TWIN", "path"]) == set(fits.loc["SHARP_ONLY", "path"])


def test_another_data_set_permutes_no_features_again(project):
    def one_more(config):
        datasets = config["study"]["sun2022"]["datasets"]
        datasets["OTHER"] = datasets["SHARP_ONLY"] | {"undersampled": ["train"]}

    table = project.path("results/embedded/sun2022/importance.csv")
    before = table.read_bytes()
    project.configure(one_more)
    ran = project.run("results/embedded/sun2022/importance.csv")
    assert "draw_datasets" in ran
    assert not {"permute_features", *FITS} & set(ran)
    assert table.read_bytes() == before


def test_a_search_refits_nothing(project):
    project.configure(make_searching)
    assert not set(project.run("--", "results/embedded/sun2022/searches.csv", *SCORES)) & FITS
    project.configure(lambda config: config["study"]["sun2022"]["search"].update(seeds=[1]))
    planned = project.attempt("--dry-run").stdout
    assert "search_hyperparameters" in planned
    assert not [name for name in FITS if name in planned]


def test_a_made_up_digest_is_refused(project):
    made_up = "results/store/checkpoints/0123456789abcdef/networks-fedcba9876543210/predictions.nc"
    result = project.attempt(made_up)
    assert result.returncode != 0
    assert "no study of this configuration asks for such a fit" in result.stdout
    assert not project.path(made_up).exists()


def test_prune_removes_what_no_study_uses(project, finished):
    used = set(pd.read_csv(project.path("results/embedded/sun2022/fits.csv"))["path"])
    stray = project.path("results/store/checkpoints/0123456789abcdef/networks-fedcba9876543210")
    stray.mkdir(parents=True)
    from flaredag.pruning import prune

    here = os.getcwd()  # noqa: PTH109
    os.chdir(project.folder)
    try:
        prune("results/store", "results")
    finally:
        os.chdir(here)
    assert not stray.parent.exists()
    assert all(project.path(path).is_dir() for path in used)
    assert project.run() == []
