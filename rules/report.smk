# all studies of the chosen archive -> results/report.pdf, and scores.csv, intervals.csv, comparisons.csv, papers.csv, manifest.json

ARTIFACTS = configuration.artifacts_of_archive(f"results/{ARCHIVE}", ARCHIVES[ARCHIVE], STUDIES)
ARCHIVE_FIGURES = ARCHIVES[ARCHIVE].figures()


rule write_report:
    """Write the report, and beside it every figure for machines and the manifest of artifacts."""
    input:
        scores=of_studies("scores.csv"),
        comparisons=of_studies("comparisons.csv"),
        papers=of_studies("papers.csv"),
        samples=of_studies("samples.json"),
        index=of_studies("index.json"),
        fits=of_studies("fits.csv"),
        weights=of_studies("weights.csv"),
        checks=of_studies("checks.csv"),
        intervals=of_studies("intervals.csv"),
        audit=of_studies("audit.csv"),
        strata=of_studies("strata.csv"),
        labels=of_studies("labels.csv"),
        conformal=of_studies("conformal.csv"),
        decomposition=of_studies("decomposition.csv"),
        importance=of_studies("importance.csv"),
        shipped_columns=of_studies("shipped_columns.csv"),
        shipped_scores=of_studies("shipped_scores.csv"),
        ranking=of_studies("ranking.csv"),
        ranking_agreement=of_studies("ranking_agreement.csv"),
        ranking_claims=of_studies("ranking_claims.csv"),
        subsets=of_studies("subsets.csv"),
        searches=of_studies("searches.csv"),
        runs=of_studies("runs.csv"),
        runs_comparison=of_studies("runs_comparison.csv"),
        training_curves=of_studies("training_curves.csv"),
        pages=lambda wildcards: [
            page for name in STUDIES for suffix in (".html", ".gif") for page in regions_explained(name, suffix)
        ],
        figures=[
            f"results/{ARCHIVE}/{name}/figures/{figure['name']}.svg"
            for name, study in STUDIES.items()
            for figure in configuration.figures_of(study)
        ],
        exported=[
            f"results/{ARCHIVE}/{name}/predictions/{dataset}.csv"
            for name, study in STUDIES.items()
            for dataset in study_series.exported_datasets(study)
        ],
        optima=[
            f"results/{ARCHIVE}/{name}/optima.yaml"
            for name, study in STUDIES.items()
            if search_settings.searches_of(study)
        ],
        checked=of_studies("checked.json"),
        archive=f"results/{ARCHIVE}/archive.json",
        regressions=f"results/{ARCHIVE}/overlap/regressions.csv",
        factors=f"results/{ARCHIVE}/overlap/factors.csv",
        archive_figures=[f"results/{ARCHIVE}/figures/{name}.svg" for name in ARCHIVE_FIGURES],
        artifacts=lambda wildcards: [row["path"] for row in [*ARTIFACTS, *artifacts_explained()]],
        template=beside_snakefile("scripts/report.typ"),
        looks=beside_snakefile("scripts/report_looks.typ"),
    output:
        report="results/report.pdf",
        scores="results/scores.csv",
        comparisons="results/comparisons.csv",
        papers="results/papers.csv",
        intervals="results/intervals.csv",
        manifest="results/manifest.json",
    log:
        "results/logs/write_report.log",
    conda:
        "../envs/write_report.yaml"
    params:
        studies=[configuration.study_in_report(name, study) for name, study in STUDIES.items()],
        archive=configuration.archive_in_report(
            ARCHIVE,
            config["archives"][ARCHIVE],
            list(SOURCES.values()) if ARCHIVE == "published" else [],
            ARCHIVE_FIGURES,
            not_served=[name for name in studies.chosen_studies(config) if name not in STUDIES],
        ),
        effort=EFFORT,
        packages=[
            "numpy",
            "pandas",
            "scikit-learn",
            "scipy",
            "scores",
            "snakemake",
            "torch",
            "xarray",
        ],
        artifacts=lambda wildcards: [*ARTIFACTS, *artifacts_explained()],
        code=code_digest("write_report.py"),
    script:
        "../scripts/write_report.py"
