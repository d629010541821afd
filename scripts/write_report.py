"""The report as PDF, and beside it what a machine reads: scores, comparisons, published figures, a manifest."""

import json
import logging
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict
from xml.etree import ElementTree

import pandas as pd
import typst

from flaredag import report_sections
from flaredag.artifacts import read_json, write_csv, write_json, written_whole
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.manifest import Artifact, installed_versions, rows_of_artifacts, rows_of_fits
from flaredag.report_cells import ordered, ranges, words
from flaredag.report_sections import VERDICTS, Results, Study
from flaredag.score_tables import read_scores
from flaredag.store import FIT_COLUMNS
from flaredag.tables import numbers, read_raw_csv

LOG = logging.getLogger("flaredag")
COMPARISON_NUMBERS = ("difference", "statistic", "p", "p_holm", "low", "high")
COMPARISON_COLUMNS = ("metric", "a", "b", "family", *COMPARISON_NUMBERS)
PAPER_NUMBERS = ("paper", "paper_sd", "got", "got_sd", "n")
PAPER_COLUMNS = ("table", "dataset", "model", "metric", "agrees", "why", *PAPER_NUMBERS)
ONE_FILE_A_STUDY = ("scores", "comparisons", "papers", "samples", "index", "fits")
JOINED = ("scores", "comparisons", "papers")


class Source(TypedDict):
    """Where data come from; `address` may be empty."""

    title: str
    licence: str
    citation: str
    address: str


class Archive(TypedDict):
    """The archive that the run was made on."""

    name: str
    title: str
    simulated: bool
    sources: Sequence[Source]


def write_report(
    studies: Sequence[Study],
    results: Sequence[Results],
    *,
    archive: Archive,
    effort: str,
    versions: Mapping[str, str | None],
) -> dict[str, Any]:
    """Content of the report for its template, as JSON: facts and answers of the first page, a part a study, provenance.

    Figures are named by their place among the captions of all studies (`figure_file`).
    """
    parts, n_figures = [], 0
    for study, of_study in zip(studies, results, strict=True):
        figures = [
            {"kind": "figure", "file": figure_file(n_figures + i), "caption": caption}
            for i, caption in enumerate(study["figures"])
        ]
        n_figures += len(figures)
        sections = {
            "Records, windows and samples": report_sections.samples(study, of_study),
            "Scores": report_sections.scores(study, of_study),
            "Is the difference more than chance?": report_sections.comparisons(study, of_study),
            "Figures": figures,
            "Published figures against this run": report_sections.papers(study, of_study),
            "Fits": report_sections.fits(of_study),
        }
        parts.append(
            {
                "title": study["title"],
                "reference": study["paper"],
                "protocol": study["protocol_in_words"],
                "summary": report_sections.summary(study, of_study),
                "sections": [{"title": title, "blocks": blocks} for title, blocks in sections.items() if blocks],
            }
        )
    absent = "not in the environment of the report"
    return {
        "archive": archive["name"],
        "archive_title": archive["title"],
        "simulated": archive["simulated"],
        "facts": _facts(studies, results, archive, effort),
        "parts": parts,
        "sources": [dict(source) | {"citation": source["citation"].rstrip(".")} for source in archive["sources"]],
        "versions": [[name, number or absent] for name, number in versions.items()],
    }


def main(
    studies: Sequence[Study],
    inputs: Mapping[str, Sequence[str]],
    outputs: Mapping[str, str],
    *,
    template: str,
    archive: Archive,
    effort: str,
    packages: Sequence[str],
    artifacts: Sequence[Artifact],
) -> None:
    """Read what every study came to; write the report, and the tables for machines.

    `inputs`: scores, comparisons, papers, samples, index and fits, a file a study in the order of `studies`; figures,
    an SVG a caption. `outputs`: report, scores, comparisons, papers, manifest. `packages`: those whose versions are
    told. `artifacts`: what the manifest names besides the fits and the outputs.
    """
    _check_inputs(studies, inputs)
    results = [
        _read_results(
            {name: inputs[name][i] for name in ONE_FILE_A_STUDY}, study=study["name"], archive=archive["name"]
        )
        for i, study in enumerate(studies)
    ]
    versions = installed_versions(packages)
    content = write_report(studies, results, archive=archive, effort=effort, versions=versions)
    pdf = compiled(content, template=template, figures=inputs["figures"])
    with written_whole(outputs["report"]) as part:
        part.write_bytes(pdf)
    for name in JOINED:
        write_csv(outputs[name], _joined(inputs[name]))
    made_from = {"report": [template, *(path for paths in inputs.values() for path in paths)]}
    made_from |= {name: list(inputs[name]) for name in JOINED}
    made = [Artifact(path=outputs[name], made_from=paths, seeds=[]) for name, paths in made_from.items()]
    fits = pd.concat([of_study.fits for of_study in results])
    rows = [*rows_of_artifacts([*artifacts, *made]), *rows_of_fits(fits.to_dict("records"))]
    write_json(
        outputs["manifest"],
        {
            "archive": archive["name"],
            "simulated": archive["simulated"],
            "effort": effort,
            "studies": [study["name"] for study in studies],
            "versions": versions,
            "artifacts": sorted(rows, key=lambda row: row["path"]),
        },
    )
    LOG.info("%s: %d bytes; %s: %d artifacts", outputs["report"], len(pdf), outputs["manifest"], len(rows))


def compiled(content: Mapping[str, Any], *, template: str, figures: Sequence[str]) -> bytes:
    """PDF of `content` by a typst `template`. Same content, same bytes: no date, and no fonts but those of typst."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        try:
            shutil.copyfile(template, root / "report.typ")
            for i, figure in enumerate(figures):
                _check_svg(figure)
                shutil.copyfile(figure, root / figure_file(i))
        except OSError as error:
            raise InputError(
                f"{error.filename}: {error.strerror}; the report needs it. Run snakemake again."
            ) from error
        (root / "content.json").write_text(json.dumps(content))
        try:
            return typst.compile(root / "report.typ", root=root, format="pdf", ignore_system_fonts=True)
        except typst.TypstError as error:
            raise InputError(f"{template}: typst cannot make the report: {error}. Mend the template.") from error


def figure_file(position: int) -> str:
    """Name of a figure where the template finds it."""
    return f"figure-{position}.svg"


def _check_svg(path: str) -> None:
    # Typst would not say which figure it cannot read.
    try:
        root = ElementTree.parse(path).getroot().tag
    except ElementTree.ParseError as error:
        root = str(error)
    if not root.endswith("}svg"):
        raise InputError(f"{path}: not an SVG figure ({root}). Delete the file to have it made again.")


def _facts(studies: Sequence[Study], results: Sequence[Results], archive: Archive, effort: str) -> list[list[str]]:
    """Name what was run: archive, studies, effort; data sets, models, seeds; how many published figures agree."""
    scores = pd.concat([of_study.scores for of_study in results])
    verdicts = pd.concat([of_study.papers for of_study in results])["agrees"]
    datasets = ordered(scores["dataset"], [name for study in studies for name in study["datasets"]])
    facts = [
        ["Archive", f"{archive['name']}: {archive['title']}"],
        ["Studies", ", ".join(study["name"] for study in studies)],
        ["Effort", effort],
        ["Data sets", ", ".join(datasets)],
        ["Models", ", ".join(words(name) for name in scores["model"].unique())],
        ["Seeds", ranges(sorted(set(scores["seed"])))],
    ]
    if len(verdicts):
        counts = (f"{(verdicts == verdict).sum()} {plural}" for verdict, (_, plural, _) in VERDICTS.items())
        facts.append(["Published figures", f"{len(verdicts)}: {', '.join(counts)}"])
    return facts


def _check_inputs(studies: Sequence[Study], inputs: Mapping[str, Sequence[str]]) -> None:
    wanted = dict.fromkeys(ONE_FILE_A_STUDY, len(studies)) | {
        "figures": sum(len(study["figures"]) for study in studies)
    }
    for name, n_wanted in wanted.items():
        if len(inputs[name]) != n_wanted:
            raise InputError(
                f"{len(inputs[name])} files of {name} for {len(studies)} studies, wanted {n_wanted}: one a "
                f"{'caption' if name == 'figures' else 'study'}. Mend the input of the rule."
            )


def _read_results(paths: Mapping[str, str], *, study: str, archive: str) -> Results:
    scores = read_scores(paths["scores"], study=study)
    if set(scores["archive"]) != {archive}:
        raise InputError(
            f"{paths['scores']}: scores of archive {', '.join(sorted(set(scores['archive'])))}; this report is of "
            f"{archive}. Delete the file to have it made again."
        )
    papers = _read_numbers(paths["papers"], PAPER_COLUMNS, PAPER_NUMBERS)
    unknown = sorted(set(papers["agrees"]) - set(VERDICTS))
    if unknown:
        raise InputError(
            f"{paths['papers']}: agrees is {', '.join(unknown)}; wanted {', '.join(VERDICTS)}. Delete the file to have "
            "it made again."
        )
    objects = {name: read_json(paths[name]) for name in ("samples", "index")}
    for name, content in objects.items():
        if not isinstance(content, dict):
            raise InputError(f"{paths[name]}: holds no JSON object. Delete the file to have it made again.")
    return Results(
        scores=scores,
        comparisons=_read_numbers(paths["comparisons"], COMPARISON_COLUMNS, COMPARISON_NUMBERS),
        papers=papers,
        fits=read_raw_csv(paths["fits"], FIT_COLUMNS),
        **objects,
    )


def _read_numbers(path: str, columns: Sequence[str], numeric: Sequence[str]) -> pd.DataFrame:
    text = read_raw_csv(path, columns)
    return text.assign(**{name: numbers(text.loc[:, name], path=path) for name in numeric})


def _joined(paths: Sequence[str]) -> pd.DataFrame:
    """Rows of all files, texts as they are; InputError where their columns differ."""
    tables = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in paths]
    for path, table in zip(paths, tables, strict=True):
        if list(table) != list(tables[0]):
            raise InputError(
                f"{path} has the columns {', '.join(table)}, {paths[0]} has {', '.join(tables[0])}; wanted the same. "
                "Delete both to have them made again."
            )
    return pd.concat(tables, ignore_index=True)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.params.studies,
            {name: list(snakemake.input[name]) for name in (*ONE_FILE_A_STUDY, "figures")},
            dict(snakemake.output.items()),
            template=snakemake.input.template,
            archive=snakemake.params.archive,
            effort=snakemake.params.effort,
            packages=snakemake.params.packages,
            artifacts=snakemake.params.artifacts,
        )
