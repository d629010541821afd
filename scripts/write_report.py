"""The report as PDF, and beside it what a machine reads: scores, comparisons, published figures, a manifest."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flaredag import (
    report_archive,
    report_audit,
    report_calibration,
    report_ensembles,
    report_explanations,
    report_first_page,
    report_importance,
    report_labels,
    report_overlapping_runs,
    report_profiles,
    report_protocol,
    report_ranking,
    report_search,
    report_sections,
    report_shipped,
    report_strata,
    report_thresholds,
    report_training,
)
from flaredag.artifacts import write_csv, write_json, written_whole
from flaredag.joblog import job_log
from flaredag.manifest import Artifact, installed_versions, rows_of_artifacts, rows_of_fits
from flaredag.report_cells import Block
from flaredag.report_inputs import (
    ONE_FILE,
    ONE_FILE_A_STUDY,
    Archive,
    ArchiveResults,
    Results,
    Study,
    check_numbers_of_files,
    intervals_over_seeds,
    joined_rows,
    read_archive_results,
    read_results,
)
from flaredag.report_pdf import compiled, figure_file
from flaredag.report_published import published_against_ours
from flaredag.store import FIT_COLUMNS

LOG = logging.getLogger("flaredag")
JOINED = ("scores", "comparisons", "papers", "intervals")


def write_report(
    studies: Sequence[Study],
    results: Sequence[Results],
    of_archive: ArchiveResults,
    *,
    archive: Archive,
    effort: str,
    versions: Mapping[str, str | None],
) -> dict[str, Any]:
    """Content of the report for its template, as JSON: what holds, what was run, archive, a part a study, provenance.

    Figures are named by their place among the captions of the archive and then of all studies (`figure_file`).
    """
    figures_of_archive = {
        figure["name"]: {"kind": "figure", "file": figure_file(i), "caption": figure["title"]}
        for i, figure in enumerate(archive["figures"])
    }
    parts, n_figures = [], len(archive["figures"])
    for study, of_study in zip(studies, results, strict=True):
        figures: dict[str, list[Block]] = {}
        for i, figure in enumerate(study["figures"]):
            caption = report_profiles.caption(figure, of_study.intervals)
            block = {"kind": "figure", "file": figure_file(n_figures + i), "caption": caption}
            figures.setdefault(figure["section"], []).append(block)
        n_figures += len(study["figures"])
        sections = {
            "Records, windows and samples": report_sections.samples(study, of_study),
            "The protocol ladder": [
                *report_protocol.protocol(study, of_study.intervals),
                *figures.get("The protocol ladder", []),
            ],
            "Scores": [
                *report_sections.scores(study, intervals_over_seeds(of_study)),
                *report_thresholds.scores_at_thresholds(study, intervals_over_seeds(of_study), of_study.scores),
            ],
            "Is the difference more than chance?": report_sections.comparisons(study, of_study),
            "Runs that overlap": report_overlapping_runs.overlapping_runs(study, of_study),
            "Training": [*report_training.training(study, of_study), *figures.get("Training", [])],
            "Figures": figures.get("Figures", []),
            "Calibration and value": [
                *report_calibration.calibration(study, of_study.intervals, of_study.decomposition, of_study.conformal),
                *figures.get("Calibration and value", []),
            ],
            "Where the skill is": report_strata.strata(study, of_study.strata),
            "Other flare lists": report_labels.labels(study, of_study.labels),
            "Leaks": report_audit.audit(study, of_study.audit, of_study.comparisons),
            "Permutation importance": [
                *report_importance.importance(study, of_study.importance),
                *figures.get("Permutation importance", []),
            ],
            "Stacking": [
                *report_ensembles.stacking(study, of_study.weights),
                *report_ensembles.scores(study, of_study.intervals),
                *figures.get("Stacking", []),
            ],
            "Explanation": [*report_explanations.explanation(of_study.checks), *figures.get("Explanation", [])],
            "Feature ranking": [
                *report_ranking.ranking(study, of_study.ranking, of_study.ranking_agreement, of_study.ranking_claims),
                *figures.get("Feature ranking", []),
            ],
            "Hyperparameter search": [
                *report_search.searches(of_study.searches),
                *figures.get("Hyperparameter search", []),
            ],
            "Published figures against this run": published_against_ours(study, of_study),
            "What the authors shipped": report_shipped.shipped(
                study, of_study.shipped_columns, of_study.shipped_scores
            ),
            "Fits": report_sections.fits(of_study),
        }
        parts.append(
            {
                "title": study["title"],
                "reference": study["paper"],
                "protocol": study["protocol_in_words"],
                "summary": report_first_page.summary(study, of_study),
                "sections": [{"title": title, "blocks": blocks} for title, blocks in sections.items() if blocks],
            }
        )
    absent = "not in the environment of the report"
    return {
        "archive": archive["name"],
        "archive_title": archive["title"],
        "simulated": archive["simulated"],
        "what_holds": report_protocol.what_holds(studies, results),
        "facts": report_first_page.facts(studies, results, archive, of_archive, effort=effort),
        "archive_chapter": report_archive.chapter(archive, of_archive, figures_of_archive),
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
    """Read what every study came to and what the archive holds; write the report, and the tables for machines.

    `inputs`: a file a study, in the order of `studies`, of each of `flaredag.report_inputs.ONE_FILE_A_STUDY`; figures,
    an SVG a caption; archive, regressions and factors, one file each; archive_figures, an SVG a caption. `outputs`:
    report, scores, comparisons, papers, intervals, manifest. `packages`: those whose versions are told. `artifacts`:
    what the manifest names besides the fits and the outputs.
    """
    check_numbers_of_files(studies, inputs, archive=archive)
    results = [
        read_results({name: inputs[name][i] for name in ONE_FILE_A_STUDY}, study=study["name"], archive=archive["name"])
        for i, study in enumerate(studies)
    ]
    of_archive = read_archive_results({name: inputs[name][0] for name in ONE_FILE})
    versions = installed_versions(packages)
    content = write_report(studies, results, of_archive, archive=archive, effort=effort, versions=versions)
    pdf = compiled(content, template=template, figures=[*inputs["archive_figures"], *inputs["figures"]])
    with written_whole(outputs["report"]) as part:
        part.write_bytes(pdf)
    for name in JOINED:
        write_csv(outputs[name], joined_rows(inputs[name]))
    made_from = {"report": [template, *(path for paths in inputs.values() for path in paths)]}
    made_from |= {name: list(inputs[name]) for name in JOINED}
    made = [Artifact(path=outputs[name], made_from=paths, seeds=[]) for name, paths in made_from.items()]
    stored = [own for of_study in results for own in (of_study.fits, of_study.subsets, of_study.searches)]
    # A search has a row for each of its settings.
    fits = pd.concat(stored)[list(FIT_COLUMNS)].drop_duplicates()
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


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.params.studies,
            {
                **{name: list(snakemake.input[name]) for name in (*ONE_FILE_A_STUDY, "figures", "archive_figures")},
                **{name: [snakemake.input[name]] for name in ONE_FILE},
            },
            dict(snakemake.output.items()),
            template=snakemake.input.template,
            archive=snakemake.params.archive,
            effort=snakemake.params.effort,
            packages=snakemake.params.packages,
            artifacts=snakemake.params.artifacts,
        )
