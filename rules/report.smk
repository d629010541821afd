# all studies of the chosen archive -> results/report.pdf, and scores.csv, comparisons.csv, papers.csv, manifest.json


rule write_report:
    """Write the report, and beside it every figure for machines and the manifest of artifacts."""
    default_target: True
    input:
        scores=of_studies("scores.csv"),
        comparisons=of_studies("comparisons.csv"),
        papers=of_studies("papers.csv"),
        samples=of_studies("samples.json"),
        index=of_studies("index.json"),
        fits=of_studies("fits.csv"),
        figures=lambda wildcards: [
            f"results/{ARCHIVE}/{study}/figures/{name}.svg" for study in STUDIES for name in figures_of(study)
        ],
        checked=of_studies("checked.json"),
        artifacts=lambda wildcards: [row["path"] for row in intermediate_artifacts()],
        template=beside_snakefile("scripts/report.typ"),
    output:
        report="results/report.pdf",
        scores="results/scores.csv",
        comparisons="results/comparisons.csv",
        papers="results/papers.csv",
        manifest="results/manifest.json",
    log:
        "results/logs/write_report.log",
    conda:
        "../envs/write_report.yaml"
    params:
        studies=[told_in_report(study) for study in STUDIES],
        archive=told_of_archive(),
        effort=EFFORT,
        packages=["numpy", "pandas", "scikit-learn", "scipy", "scores", "snakemake", "torch", "xarray"],
        artifacts=intermediate_artifacts(),
        code=code_digest("write_report.py"),
    script:
        "../scripts/write_report.py"
