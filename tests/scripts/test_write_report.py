"""The report on made-up results of two seeds: what it says, its bytes, the tables beside it, and bad input."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import typst

from flaredag.artifacts import read_json, sha256_of_file, write_json
from flaredag.errors import InputError
from flaredag.score_tables import METRICS
from write_report import _read_results, compiled, main, write_report

TEMPLATE = str(Path(__file__).parents[2] / "scripts" / "report.typ")
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#0072B2"/></svg>'
)
AT_THRESHOLD = METRICS[:7]
# True skill statistic of seeds 0 and 1, at both thresholds.
TSS = {("A", "lstm"): (0.8, 0.9), ("A", "logistic_regression"): (0.7, 0.6), ("B", "lstm"): (0.5, 0.5)}
TSS |= {("B", "logistic_regression"): (0.6, 0.7)}


def study_named(name: str) -> dict:
    return {
        "name": name,
        "title": f"The study {name}",
        "paper": "Somebody 1999",
        "protocol_in_words": "Half of the `samples` & all of the #tags are $odd_ones.",
        "declared_leaks": ["Looks into `the_future`."],
        "headline": {"model": "lstm", "baseline": "logistic_regression", "metric": "true_skill_statistic"},
        "datasets": ["B", "A"],
        "comparisons": [{"name": "one", "title": "Is it better?"}],
        "published_tables": {"6": "Scores"},
        "figures": ["A blue box."],
        "agreement": {"standard_deviations": 2, "relative_difference": 0.1, "significance": 0.05},
    }


ARCHIVE = {
    "name": "embedded",
    "title": "a made-up Sun",
    "simulated": True,
    "sources": [{"title": "Nowhere", "licence": "none", "citation": "Nobody.", "address": "https://example.org/x_y"}],
}


def scores_of(name: str) -> pd.DataFrame:
    rows = []
    for (dataset, model), of_seeds in TSS.items():
        for seed, tss in enumerate(of_seeds):
            for metric in METRICS:
                value = {"true_skill_statistic": tss, "n_samples": 20, "n_events": 10}.get(metric, 0.25)
                # One seed forecast no event.
                value = "" if metric == "false_alarm_ratio" and seed == 1 else value
                thresholds = ("fixed_0.5", "validation") if metric in AT_THRESHOLD else ("",)
                rows += [("embedded", name, dataset, seed, model, "p", each, metric, value) for each in thresholds]
    columns = ["archive", "study", "dataset", "seed", "model", "protocol", "threshold", "metric", "value"]
    return pd.DataFrame(rows, columns=columns)


def written(folder: Path, name: str) -> dict[str, str]:
    """Write results of a study; paths by the name of the input."""
    folder = folder / name
    fit = folder / "store" / "abc" / "networks-def"
    fit.mkdir(parents=True)
    (fit / "predictions.nc").write_bytes(b"predictions")
    scores_of(name).to_csv(folder / "scores.csv", index=False)
    (folder / "comparisons.csv").write_text(
        "study,dataset,metric,a,b,difference,test,statistic,p,p_holm,low,high,family\n"
        f"{name},A,true_skill_statistic,A lstm,A logistic_regression,0.2,t,9.0,0.01,0.02,0.1,0.3,one\n"
        f"{name},B,true_skill_statistic,B lstm,B logistic_regression,-0.15,t,-3.0,0.9,0.9,-0.3,0.0,one\n"
    )
    (folder / "papers.csv").write_text(
        "study,table,dataset,model,metric,paper,paper_sd,got,got_sd,n,agrees,why\n"
        f"{name},6,A,lstm,true_skill_statistic,0.884,0.032,0.85,0.07,2,yes,\n"
        f"{name},6,B,lstm,true_skill_statistic,0.8,0.05,0.5,0.0,2,no,Too few regions.\n"
        f"{name},8,A,lstm vs cnn,accuracy p,0.001,,,,,not_run,No CNN here.\n"
    )
    write_json(
        folder / "samples.json",
        {
            "evolution": {"sharp": {"QUIET->QUIET": 12345, "QUIET->STRONG": 7}},
            "samples": {"sharp": {"positive": 7, "negative": 12345, "event_rate": 7 / 12352}},
            "records": {"curated": {"records_read": 99999}, "sharp": {"records": 88888, "records_kept": 77777}},
        },
    )
    one_split = {"positive": 5, "negative": 5}
    splits = {split: one_split for split in ("train", "validation", "test")}
    seeds = {seed: {"digest": "d", "splits": splits, "regions": dict.fromkeys(splits, 3)} for seed in "01"}
    write_json(folder / "index.json", {"datasets": {"A": {"seeds": seeds}, "B": {"seeds": seeds}}})
    (folder / "fits.csv").write_text(
        f"dataset,models,seeds,dataset_digest,models_digest,path\nA,lstm,0 1,0123456789abcdef,fedcba,{fit}\n"
    )
    (folder / "figure.svg").write_text(SVG)
    names = {"figures": "figure.svg", "samples": "samples.json", "index": "index.json"}
    names |= {each: f"{each}.csv" for each in ("scores", "comparisons", "papers", "fits")}
    return {each: str(folder / file) for each, file in names.items()}


def run(folder: Path, names: list[str], results: str = "results", **changes: object) -> dict[str, str]:
    """Write the report on the studies `names`; paths of what it wrote."""
    paths = [written(folder, name) if not (folder / name).exists() else paths_of(folder, name) for name in names]
    files = {"report": "report.pdf", "manifest": "manifest.json"}
    files |= {each: f"{each}.csv" for each in ("scores", "comparisons", "papers")}
    outputs = {each: str(folder / results / file) for each, file in files.items()}
    settings = {"template": TEMPLATE, "archive": ARCHIVE, "effort": "quick", "packages": ["typst", "no-such-package"]}
    settings |= {"artifacts": [{"path": paths[0]["index"], "made_from": [paths[0]["samples"]], "seeds": [0, 1]}]}
    inputs = {each: [of_study[each] for of_study in paths] for each in paths[0]}
    main([study_named(name) for name in names], inputs, outputs, **settings | changes)
    return outputs


def paths_of(folder: Path, name: str) -> dict[str, str]:
    names = {"figures": "figure.svg", "samples": "samples.json", "index": "index.json"}
    names |= {each: f"{each}.csv" for each in ("scores", "comparisons", "papers", "fits")}
    return {each: str(folder / name / file) for each, file in names.items()}


def content_of(folder: Path, **changes: object) -> dict:
    paths = written(folder, "s")
    results = _read_results(
        {name: path for name, path in paths.items() if name != "figures"}, study="s", archive="embedded"
    )
    versions = {"python": "3.11", "torch": None}
    return write_report([study_named("s")], [results], archive=ARCHIVE | changes, effort="quick", versions=versions)


def tables_of(content: dict, section: str) -> list[dict]:
    (blocks,) = [part["blocks"] for part in content["parts"][0]["sections"] if part["title"] == section]
    return [block for block in blocks if block["kind"] == "table"]


def test_the_answer_of_the_first_page_is_computed(tmp_path):
    answer, table, leaks = content_of(tmp_path)["parts"][0]["summary"]
    # Data set A: 0.85 against 0.65; B: 0.5 against 0.65. The test of A has p (Holm) 0.02, that of B 0.9.
    assert answer["text"] == (
        "In true skill statistic (TSS) at the threshold 0.5, mean over 2 seeds, LSTM is above logistic regression on 1 "
        "of 2 data sets (differences \N{MINUS SIGN}0.150 to +0.200). The paired test finds it better by "
        "more than chance on 1 of 2 (p < 0.05 after Holm's correction)."
    )
    assert [row["cells"][0] for row in table["rows"]] == ["B", "A"]
    assert [row["cells"][3] for row in table["rows"]] == ["\N{MINUS SIGN}0.150", "+0.200"]
    assert [row["cells"][5]["style"] for row in table["rows"]] == ["plain", "strong"]
    assert leaks["items"] == ["Looks into `the_future`."]


def test_facts_tell_what_was_run(tmp_path):
    facts = dict(content_of(tmp_path)["facts"])
    assert facts == {
        "Archive": "embedded: a made-up Sun",
        "Studies": "s",
        "Effort": "quick",
        "Data sets": "B, A",
        "Models": "LSTM, logistic regression",
        "Seeds": "0\N{EN DASH}1",
        "Published figures": "3: 1 agree, 1 differ, 1 not run",
    }


def test_scores_are_means_with_spread_and_the_best_is_marked(tmp_path):
    at_half, at_chosen, _ = tables_of(content_of(tmp_path), "Scores")
    assert [column["title"] for column in at_half["columns"]] == ["Model", "TSS", "HSS", "ACC", "POD", "FAR", "POFD"]
    assert at_chosen["columns"][-1]["title"] == "threshold"
    group, lstm, regression = at_half["rows"][3:]
    assert group == {"group": "A"}
    # 0.8 and 0.9: mean 0.85, sample standard deviation 0.05 * sqrt(2). The false alarm ratio of seed 1 is undefined.
    assert lstm["cells"][:2] == ["LSTM", {"mean": "0.850", "sd": "0.071", "n": "", "best": True}]
    assert lstm["cells"][5] == {"mean": "0.250", "sd": "", "n": "1", "best": False}
    assert regression["cells"][1]["best"] is False


def test_counts_of_records_and_samples_are_shown(tmp_path):
    curated, instruments, evolution, samples, splits = tables_of(content_of(tmp_path), "Records, windows and samples")
    assert curated["rows"] == [{"cells": ["records read", "99,999"]}]
    assert [row["cells"] for row in instruments["rows"]] == [["records", "88,888"], ["records kept", "77,777"]]
    assert evolution["rows"][0] == {"cells": ["QUIET", "12,345", "0", "7"]}
    assert samples["rows"] == [{"cells": ["SHARP", "7", "12,345", "0.0006"]}]
    assert [row["cells"][0] for row in splits["rows"]] == ["B", "A"]
    assert splits["rows"][0]["cells"][1]["mean"] == "5"


def test_published_figures_stand_beside_ours_with_verdict_and_reason(tmp_path):
    content = content_of(tmp_path)
    summary, scores = tables_of(content, "Published figures against this run")
    assert [row["cells"] for row in summary["rows"]] == [
        ["Table 6", "Scores", "1", "1", "0", "a"],
        ["Table 8", "", "0", "0", "1", "b"],
    ]
    agreeing, differing = scores["rows"][1], scores["rows"][3]
    assert agreeing["cells"][4:] == [{"text": "agrees", "style": "good"}, ""]
    assert differing["cells"][1]["mean"] == "0.800"
    assert differing["cells"][2]["mean"] == "0.500"
    assert differing["cells"][4:] == [{"text": "differs", "style": "bad"}, "a"]
    blocks = content["parts"][0]["sections"][4]["blocks"]
    (reasons,) = [block for block in blocks if block["kind"] == "reasons"]
    assert reasons["items"] == [["a", "Too few regions."], ["b", "No CNN here."]]


def test_a_study_without_tests_or_published_figures_has_no_such_sections(tmp_path):
    paths = written(tmp_path, "s")
    for name in ("comparisons", "papers"):
        path = Path(paths[name])
        path.write_text(path.read_text().splitlines()[0] + "\n")
    del paths["figures"]
    results = _read_results(paths, study="s", archive="embedded")
    content = write_report([study_named("s")], [results], archive=ARCHIVE, effort="paper", versions={})
    titles = [section["title"] for section in content["parts"][0]["sections"]]
    assert titles == ["Records, windows and samples", "Scores", "Figures", "Fits"]
    assert "Published figures" not in dict(content["facts"])
    assert "paired test" not in content["parts"][0]["summary"][0]["text"]


def test_same_inputs_give_the_same_bytes(tmp_path):
    once, again = run(tmp_path, ["s"], "once"), run(tmp_path, ["s"], "again")
    for name in ("report", "scores", "comparisons", "papers"):
        assert sha256_of_file(once[name]) == sha256_of_file(again[name])
    assert Path(once["report"]).read_bytes()[:5] == b"%PDF-"


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
@pytest.mark.parametrize("simulated", [True, False])
def test_every_page_tells_the_archive_and_whether_it_is_simulated(tmp_path, simulated):
    outputs = run(tmp_path, ["s"], archive=ARCHIVE | {"simulated": simulated})
    done = subprocess.run(["pdftotext", "-layout", outputs["report"], "-"], capture_output=True, text=True, check=True)
    pages = done.stdout.removesuffix("\f").split("\f")
    assert len(pages) > 2
    for page in pages:
        assert "archive embedded: a made-up Sun" in page.splitlines()[0] + page.splitlines()[1]
        assert ("SIMULATED" in page.splitlines()[0] + page.splitlines()[1]) is simulated
    assert ("SIMULATED DATA" in pages[0]) is simulated
    assert "Looks into the_future." in pages[0]
    assert "Half of the samples & all of the #tags are $odd_ones. (Somebody 1999)" in done.stdout
    assert "https://example.org/x_y" in done.stdout


def test_the_template_shows_every_part_and_section(tmp_path):
    content = content_of(tmp_path)
    shutil.copyfile(TEMPLATE, tmp_path / "report.typ")
    (tmp_path / "figure-0.svg").write_text(SVG)
    (tmp_path / "content.json").write_text(json.dumps(content))
    found = json.loads(typst.query(tmp_path / "report.typ", "heading", field="body", root=tmp_path))
    titles = [body["text"] for body in found if "text" in body]
    assert "The study s" in titles
    for section in content["parts"][0]["sections"]:
        assert section["title"] in titles
    assert titles[-1] == "Versions"


def test_two_studies_share_one_report_and_one_table_of_each_kind(tmp_path):
    outputs = run(tmp_path, ["s", "t"])
    scores = pd.read_csv(outputs["scores"], dtype=str, keep_default_na=False)
    wanted = pd.concat([scores_of("s"), scores_of("t")]).astype(str)
    assert scores.to_numpy().tolist() == wanted.to_numpy().tolist()
    assert list(pd.read_csv(outputs["papers"])["study"]) == ["s"] * 3 + ["t"] * 3
    assert list(pd.read_csv(outputs["comparisons"])["study"]) == ["s"] * 2 + ["t"] * 2


def test_the_manifest_names_outputs_fits_and_artifacts(tmp_path):
    outputs = run(tmp_path, ["s"])
    manifest = read_json(outputs["manifest"])
    assert (manifest["archive"], manifest["simulated"], manifest["studies"]) == ("embedded", True, ["s"])
    assert manifest["versions"]["typst"] == typst.__version__
    assert manifest["versions"]["no-such-package"] is None
    rows = {row["path"]: row for row in manifest["artifacts"]}
    report, scores = rows[outputs["report"]], rows[outputs["scores"]]
    assert report["sha256"] == sha256_of_file(outputs["report"])
    assert list(scores["made_from"]) == [str(tmp_path / "s" / "scores.csv")]
    assert rows[str(tmp_path / "s" / "index.json")]["seeds"] == [0, 1]
    assert rows[str(tmp_path / "s/store/abc/networks-def/predictions.nc")]["made_from"] == {
        "dataset": "0123456789abcdef",
        "models": "fedcba",
    }


def broken(folder: Path, name: str, text: str) -> None:
    Path(written(folder, "s")[name]).write_text(text)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("figures", "<svg", r"figure\.svg: not an SVG"),
        ("figures", "<html/>", r"figure\.svg: not an SVG .*html"),
        ("comparisons", "study,metric\n", "column a, b, .* missing"),
        ("papers", "", "not readable as CSV"),
        ("samples", "{", "samples.json: not JSON"),
        ("index", "[]", "index.json: holds no JSON object"),
        ("scores", "archive\n", "no column study"),
        ("fits", "dataset,models,seeds,dataset_digest,models_digest,path\nA,lstm,0,a,b,gone\n", "gone: .* no file"),
    ],
)
def test_a_bad_input_is_told_with_its_path(tmp_path, name, text, told):
    broken(tmp_path, name, text)
    with pytest.raises(InputError, match=told):
        run(tmp_path, ["s"])
    assert not (tmp_path / "results" / "manifest.json").exists()


def test_a_verdict_that_nobody_knows_is_told(tmp_path):
    path = Path(written(tmp_path, "s")["papers"])
    path.write_text(path.read_text().replace(",yes,", ",perhaps,"))
    with pytest.raises(InputError, match="agrees is perhaps; wanted yes, no, not_run"):
        run(tmp_path, ["s"])


def test_scores_of_another_archive_are_told(tmp_path):
    with pytest.raises(InputError, match="scores of archive embedded; this report is of published"):
        run(tmp_path, ["s"], archive=ARCHIVE | {"name": "published"})


def test_a_missing_figure_is_told(tmp_path):
    with pytest.raises(InputError, match=r"gone\.svg: No such file"):
        compiled({}, template=TEMPLATE, figures=[str(tmp_path / "gone.svg")])


def test_a_figure_without_caption_is_told(tmp_path):
    paths = written(tmp_path, "s")
    inputs = {name: [path] for name, path in paths.items()} | {"figures": []}
    with pytest.raises(InputError, match="0 files of figures for 1 studies, wanted 1: one a caption"):
        main(
            [study_named("s")],
            inputs,
            {},
            template=TEMPLATE,
            archive=ARCHIVE,
            effort="quick",
            packages=[],
            artifacts=[],
        )
