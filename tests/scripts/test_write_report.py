"""The report on made-up results of two seeds: what it says, its bytes, the tables beside it, and bad input."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import typst

import made_up_importance
from flaredag.artifacts import read_json, sha256_of_file, write_csv
from flaredag.errors import InputError
from flaredag.report_inputs import read_results
from made_up_results import (
    ARCHIVE,
    SVG,
    TEMPLATE,
    archive_results_of,
    intervals_of,
    paths_of,
    results_of,
    scores_of,
    study_named,
    with_ladder,
    written,
    written_archive_results,
)
from write_report import main, write_report

TABLES = ("scores", "comparisons", "papers", "intervals")


def run(
    folder: Path, names: list[str], results: str = "results", look=study_named, **changes: object
) -> dict[str, str]:
    """Write the report on the studies `names`; paths of what it wrote."""
    paths = [written(folder, name) if not (folder / name).exists() else paths_of(folder / name) for name in names]
    files = {"report": "report.pdf", "manifest": "manifest.json"}
    files |= {each: f"{each}.csv" for each in TABLES}
    outputs = {each: str(folder / results / file) for each, file in files.items()}
    settings = {"template": TEMPLATE, "archive": ARCHIVE, "effort": "quick", "packages": ["typst", "no-such-package"]}
    settings |= {"artifacts": [{"path": paths[0]["index"], "made_from": [paths[0]["samples"]], "seeds": [0, 1]}]}
    studies = [look(name) for name in names]
    inputs = {each: [of_study[each] for of_study in paths] for each in paths[0]}
    inputs["figures"] = [own["figures"] for own, study in zip(paths, studies, strict=True) for _ in study["figures"]]
    inputs |= {each: [path] for each, path in written_archive_results(folder / "archive").items()}
    main(studies, inputs, outputs, **settings | changes)
    return outputs


def content_of(folder: Path, study: dict | None = None) -> dict:
    versions = {"python": "3.11", "torch": None}
    return write_report(
        [study or study_named("s")],
        [results_of(folder)],
        archive_results_of(folder),
        archive=ARCHIVE,
        effort="quick",
        versions=versions,
    )


def test_content_has_a_part_a_study_and_figures_counted_through(tmp_path):
    studies = [study_named("s"), study_named("t")]
    results = [results_of(tmp_path, name) for name in "st"]
    content = write_report(
        studies,
        results,
        archive_results_of(tmp_path),
        archive=ARCHIVE,
        effort="quick",
        versions={"python": "3.11", "torch": None},
    )
    chapter = content["archive_chapter"]
    assert [section["title"] for section in chapter["sections"]] == [
        "What it holds",
        "What was read, kept and left out",
        "Flare lists against each other",
        "SHARP against SMARP",
    ]
    figure = {"kind": "figure", "file": "figure-0.svg", "caption": "Records of each month."}
    assert chapter["sections"][0]["blocks"][-1] == figure
    assert [part["title"] for part in content["parts"]] == ["The study s", "The study t"]
    for i, part in enumerate(content["parts"]):
        sections = {section["title"]: section["blocks"] for section in part["sections"]}
        assert list(sections) == [
            "Records, windows and samples",
            "Scores",
            "Is the difference more than chance?",
            "Figures",
            "Calibration and value",
            "Where the skill is",
            "Other flare lists",
            "Leaks",
            "Stacking",
            "Explanation",
            "Published figures against this run",
            "Fits",
        ]
        assert sections["Figures"] == [{"kind": "figure", "file": f"figure-{i + 1}.svg", "caption": "A blue box."}]
    assert content["versions"] == [["python", "3.11"], ["torch", "not in the environment of the report"]]
    assert content["sources"][0]["citation"] == "Nobody"
    # Neither study climbs a ladder.
    assert content["what_holds"] == []


def test_permutation_importance_has_a_section_with_its_figures(tmp_path):
    figure = {"name": "importance_a", "title": "What is lost.", "section": "Permutation importance"}
    write_csv(Path(written(tmp_path, "s")["importance"]), made_up_importance.importance())
    results = read_results(paths_of(tmp_path / "s"), study="s", archive="embedded")
    content = write_report(
        [study_named("s") | {"figures": [figure]}],
        [results],
        archive_results_of(tmp_path),
        archive=ARCHIVE,
        effort="quick",
        versions={},
    )
    sections = {section["title"]: section["blocks"] for section in content["parts"][0]["sections"]}
    kinds = [block["kind"] for block in sections["Permutation importance"]]
    assert kinds == ["paragraph", "paragraph", "table", "figure"]


def test_a_study_may_ask_for_scores_at_two_thresholds_and_for_profiles(tmp_path):
    asked = {"title": "At both.", "thresholds": ["fixed_0.5", "validation"], "metrics": ["precision"]}
    profiles = {"series": [{"dataset": "A", "model": "lstm"}], "threshold": "validation"}
    figure = {"name": "box", "title": "A box.", "section": "Figures", "profiles": profiles}
    study = study_named("s") | {"score_tables": [asked], "figures": [figure]}
    content = content_of(tmp_path, study)
    sections = {section["title"]: section["blocks"] for section in content["parts"][0]["sections"]}
    table = sections["Scores"][-1]
    assert table["caption"] == "At both."
    assert [row["cells"][1]["text"] for row in table["rows"] if "cells" in row] == ["0.5", "validation"] * 4
    (shown,) = sections["Figures"]
    assert shown["caption"].startswith("A box. Skill score profiles")
    assert "LSTM on A: threshold 0.250 ± 0.000, TSS 0.850 ± 0.071" in shown["caption"]


def test_figures_of_trainings_have_a_section_with_what_they_come_to(tmp_path):
    panels = [{"metric": "true_skill_statistic", "model": "lstm"}]
    regions = {"datasets": ["A", "B"], "panels": panels}
    figure = {"name": "training_regions", "title": "Regions.", "section": "Training", "training_regions": regions}
    content = content_of(tmp_path, study_named("s") | {"figures": [figure]})
    sections = {section["title"]: section["blocks"] for section in content["parts"][0]["sections"]}
    assert [block["kind"] for block in sections["Training"]] == ["paragraph", "table", "figure"]
    # No heading without a figure beneath it.
    assert "Figures" not in sections


def test_a_study_on_a_ladder_opens_the_report_with_what_holds_and_has_a_section_on_it(tmp_path):
    content = content_of(tmp_path, with_ladder(study_named("s")))
    told, at_a_glance, answers = content["what_holds"]
    assert "(a) regions that flare strongly" in told["text"]
    assert at_a_glance["spans"][0] == ("Cycle 24", 1)
    # TSS of the LSTM at 0.5 on A and, on B, at the threshold chosen on validation: 0.85 and 0.5, bounded by .1.
    assert [row["cells"][:2] for row in at_a_glance["rows"]] == [
        ["a balanced, 50 %", ".85 [.75, .95]"],
        ["c all samples, 50 %", ".50 [.40, .60]"],
    ]
    assert "more than chance on 1 of 2 rungs tested" in answers["items"][1][1]
    sections = {section["title"]: section["blocks"] for section in content["parts"][0]["sections"]}
    assert list(sections)[:3] == ["Records, windows and samples", "The protocol ladder", "Scores"]
    for section, file in (("The protocol ladder", "figure-1.svg"), ("Calibration and value", "figure-2.svg")):
        *others, last = sections[section]
        assert last == {"kind": "figure", "file": file, "caption": f"Figure of {section}."}
        assert "table" in [block["kind"] for block in others]


def test_sections_on_calibration_strata_lists_and_leaks_tell_what_their_tables_hold(tmp_path):
    sections = {section["title"]: section["blocks"] for section in content_of(tmp_path)["parts"][0]["sections"]}
    # Of made_up_protocol: coverage of events, the class of the largest group, a second list, a leak that is declared.
    for title, told in (
        ("Calibration and value", "[0.750, 0.900]"),
        ("Where the skill is", "Zurich class of the largest group"),
        ("Other flare lists", "0.7 removed"),
        ("Leaks", "4 features have the statistics of all windows"),
    ):
        assert told in json.dumps(sections[title], ensure_ascii=False)


def test_each_figure_stands_in_its_section_and_they_are_counted_through(tmp_path):
    named = [("first", "Figures"), ("weights", "Stacking"), ("bipoles", "Explanation"), ("last", "Figures")]
    figures = [{"name": name, "title": f"The {name}.", "section": section} for name, section in named]
    studies = [study_named("s") | {"figures": figures}, study_named("t")]
    content = write_report(
        studies,
        [results_of(tmp_path, name) for name in "st"],
        archive_results_of(tmp_path),
        archive=ARCHIVE,
        effort="quick",
        versions={},
    )
    shown = [
        (section["title"], block["file"], block["caption"])
        for part in content["parts"]
        for section in part["sections"]
        for block in section["blocks"]
        if block["kind"] == "figure"
    ]
    # The archive has figure 0; files are numbered by their place among the captions, whatever section shows them.
    assert shown == [
        ("Figures", "figure-1.svg", "The first."),
        ("Figures", "figure-4.svg", "The last."),
        ("Stacking", "figure-2.svg", "The weights."),
        ("Explanation", "figure-3.svg", "The bipoles."),
        ("Figures", "figure-5.svg", "A blue box."),
    ]


def test_stacking_and_explanation_tell_their_tables_before_their_figures(tmp_path):
    study = study_named("s")
    study["figures"] = [{"name": "w", "title": "W.", "section": name} for name in ("Stacking", "Explanation")]
    content = write_report(
        [study],
        [results_of(tmp_path)],
        archive_results_of(tmp_path),
        archive=ARCHIVE,
        effort="quick",
        versions={},
    )
    sections = {section["title"]: section["blocks"] for section in content["parts"][0]["sections"]}
    assert "Figures" not in sections
    for name in ("Stacking", "Explanation"):
        kinds = [block["kind"] for block in sections[name]]
        assert kinds[-1] == "figure"
        assert "table" in kinds[:-1]
    selected = [row["cells"] for row in sections["Stacking"][2]["rows"]]
    assert selected == [["A", "LSTM", "1 of 2", "0"], ["A", "logistic regression", "1 of 2", "1"]]
    assert "0.625" in json.dumps(sections["Stacking"])  # mean weight of the LSTM over both seeds
    assert "SHARP 377" in json.dumps(sections["Explanation"])


def test_a_study_without_tests_or_published_figures_has_no_such_sections(tmp_path):
    paths = written(tmp_path, "s")
    for name in ("comparisons", "papers", "weights", "checks", "audit", "strata", "labels", "conformal"):
        path = Path(paths[name])
        path.write_text(path.read_text().splitlines()[0] + "\n")
    del paths["figures"]
    results = read_results(paths, study="s", archive="embedded")
    of_archive = archive_results_of(tmp_path)
    content = write_report([study_named("s")], [results], of_archive, archive=ARCHIVE, effort="paper", versions={})
    titles = [section["title"] for section in content["parts"][0]["sections"]]
    assert titles == ["Records, windows and samples", "Scores", "Figures", "Fits"]
    assert "Published figures" not in dict(content["facts"])
    assert "Resampling" not in content["parts"][0]["summary"][0]["text"]


def test_same_inputs_give_the_same_bytes(tmp_path):
    once, again = run(tmp_path, ["s"], "once"), run(tmp_path, ["s"], "again")
    for name in ("report", *TABLES):
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


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_the_first_page_of_a_study_on_a_ladder_is_what_holds(tmp_path):
    outputs = run(tmp_path, ["s"], look=lambda name: with_ladder(study_named(name)))
    done = subprocess.run(["pdftotext", "-layout", outputs["report"], "-"], capture_output=True, text=True, check=True)
    first, second, *_ = done.stdout.split("\f")
    assert "What holds" in first
    assert "SIMULATED DATA" in first
    assert ".85 [.75, .95]" in first
    # What was run comes after it.
    for told in ("The study s", "It holds", "Contents"):
        assert told in second
        assert told not in first


def test_the_template_shows_every_part_and_section(tmp_path):
    content = content_of(tmp_path)
    for name in ("report.typ", "report_looks.typ"):
        shutil.copyfile(Path(TEMPLATE).with_name(name), tmp_path / name)
    for position in range(2):
        (tmp_path / f"figure-{position}.svg").write_text(SVG)
    (tmp_path / "content.json").write_text(json.dumps(content))
    found = json.loads(typst.query(tmp_path / "report.typ", "heading", field="body", root=tmp_path))
    titles = [body["text"] for body in found if "text" in body]
    assert titles[0] == "The archive"
    assert "The study s" in titles
    for section in (*content["archive_chapter"]["sections"], *content["parts"][0]["sections"]):
        assert section["title"] in titles
    assert titles[-1] == "Versions"


def test_two_studies_share_one_report_and_one_table_of_each_kind(tmp_path):
    outputs = run(tmp_path, ["s", "t"])
    scores = pd.read_csv(outputs["scores"], dtype=str, keep_default_na=False)
    wanted = pd.concat([scores_of("s"), scores_of("t")]).astype(str)
    assert scores.to_numpy().tolist() == wanted.to_numpy().tolist()
    assert list(pd.read_csv(outputs["papers"])["study"]) == ["s"] * 3 + ["t"] * 3
    assert list(pd.read_csv(outputs["comparisons"])["study"]) == ["s"] * 4 + ["t"] * 4
    intervals = pd.read_csv(outputs["intervals"], dtype=str, keep_default_na=False)
    assert list(dict.fromkeys(intervals["study"])) == ["s", "t"]
    assert len(intervals) == 2 * len(intervals_of("s"))


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
        ("weights", "", r"weights\.csv: .*not readable as CSV"),
        ("intervals", "dataset,model\n", r"intervals\.csv: column .*threshold, .* missing"),
        ("audit", "check,subject,outcome,n\n", r"audit\.csv: column text missing"),
        ("strata", "", r"strata\.csv: .*not readable as CSV"),
        ("labels", "dataset,model\n", r"labels\.csv: column flare_list, .* missing"),
        ("conformal", "study,dataset\n", r"conformal\.csv: column model, .* missing"),
        ("decomposition", "dataset,model\n", r"decomposition\.csv: column blocks, brier_score, .* missing"),
        ("checks", "subject,method\n", r"checks\.csv: column check, value, n missing"),
        ("fits", "dataset,models,seeds,dataset_digest,models_digest,path\nA,lstm,0,a,b,gone\n", "gone: .* no file"),
    ],
)
def test_a_bad_input_is_told_with_its_path(tmp_path, name, text, told):
    broken(tmp_path, name, text)
    with pytest.raises(InputError, match=told):
        run(tmp_path, ["s"])
    assert not (tmp_path / "results" / "manifest.json").exists()


def test_a_figure_without_caption_is_told(tmp_path):
    paths = written(tmp_path, "s")
    paths |= written_archive_results(tmp_path / "archive")
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
