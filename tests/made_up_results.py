"""Results of a made-up study of two seeds, as the scripts write them, for the tests of the report."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import made_up_protocol
from flaredag.artifacts import write_csv, write_json
from flaredag.importance_tables import IMPORTANCE_COLUMNS
from flaredag.overlapping_run_tables import RUN_COLUMNS, RUN_COMPARISON_COLUMNS
from flaredag.ranking_tables import AGREEMENT_COLUMNS, CLAIM_COLUMNS, RANKING_COLUMNS
from flaredag.report_inputs import ArchiveResults, Results, read_archive_results, read_results
from flaredag.score_tables import CATEGORICAL_METRICS, METRICS
from flaredag.search_tables import SEARCH_COLUMNS
from flaredag.shipped_results import NAMED_COLUMNS, SHIPPED_SCORE_COLUMNS
from flaredag.store import FIT_COLUMNS
from flaredag.training_curves import TRAINING_CURVE_COLUMNS

TEMPLATE = str(Path(__file__).parents[1] / "scripts" / "report.typ")
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#0072B2"/></svg>'
)
# True skill statistic of seeds 0 and 1, at both thresholds.
TSS = {("A", "lstm"): (0.8, 0.9), ("A", "logistic_regression"): (0.7, 0.6), ("B", "lstm"): (0.5, 0.5)}
TSS |= {("B", "logistic_regression"): (0.6, 0.7)}

# Tables of a study as `made_up_protocol` has them.
MADE_UP_TABLES = ("audit", "strata", "labels", "conformal", "decomposition")
# Of a study whose authors shipped nothing.
NOT_SHIPPED = {"shipped_columns": NAMED_COLUMNS, "shipped_scores": SHIPPED_SCORE_COLUMNS}
# Of a study that has no features permuted.
NOT_PERMUTED = {"importance": IMPORTANCE_COLUMNS}
# Of a study without a feature ranking.
NOT_RANKED = {"ranking": RANKING_COLUMNS, "ranking_agreement": AGREEMENT_COLUMNS, "ranking_claims": CLAIM_COLUMNS}
NOT_RANKED |= {"subsets": FIT_COLUMNS}
# Of a study that searches no hyperparameters.
NOT_SEARCHED = {"searches": SEARCH_COLUMNS}
# Of a study without runs that overlap.
NO_RUNS = {"runs": RUN_COLUMNS, "runs_comparison": RUN_COMPARISON_COLUMNS}
# Of a study whose figures show no training.
NO_TRAININGS = {"training_curves": TRAINING_CURVE_COLUMNS}


def study_named(name: str) -> dict:
    return {
        "name": name,
        "title": f"The study {name}",
        "paper": "Somebody 1999",
        "protocol_in_words": "Half of the `samples` & all of the #tags are $odd_ones.",
        "declared_leaks": ["Looks into `the_future`."],
        "headline": {"model": "lstm", "baseline": "logistic_regression", "metric": "true_skill_statistic"},
        "datasets": ["B", "A"],
        "ladders": [],
        "comparisons": [{"name": "one", "title": "Is it better?"}],
        "published_tables": {"6": "Scores"},
        "ensembles": [
            {
                "name": "stack",
                "learners": ["lstm", "logistic_regression"],
                "criteria": ["brier_score"],
                "grid_points": [],
                "best_by": "true_skill_statistic",
            }
        ],
        "figures": [{"name": "box", "title": "A blue box.", "section": "Figures"}],
        "ranking": None,
        "score_tables": [],
        "sample_units": {},
        "agreement": {"standard_deviations": 2, "relative_difference": 0.1, "significance": 0.05},
    }


ARCHIVE = {
    "name": "embedded",
    "title": "a made-up Sun",
    "simulated": True,
    "not_served": [],
    "sources": [{"title": "Nowhere", "licence": "none", "citation": "Nobody.", "address": "https://example.org/x_y"}],
    "figures": [{"name": "coverage", "title": "Records of each month."}],
}
ARCHIVE_SUMMARY = {
    "instruments": {
        "sharp": {"records": 1234, "regions": 12, "images": 900, "first": "2010-05-01", "last": "2010-06-30"},
        "smarp": {"records": 0, "regions": 0, "images": 0, "first": "", "last": ""},
    },
    "flares": {"below_c": 3, "C": 20, "M": 4, "X": 1, "first": "2010-05-02", "last": "2010-06-29"},
    "counts": {
        "flares": {"goes": {"flares_read": 30, "flares_of_strange_kind": 2}},
        "tables": {"sharp": {"records_read": 1240, "regions": 12}, "smarp": {"records_read": 0, "regions": 0}},
    },
    "rejections": {
        "tables": [
            {
                "reason": "T_REC is no time",
                "n": 6,
                "example": {"source": "raw/sharp-0.csv", "place": "line 7", "text": "2010.06.31_00:00:00_TAI"},
            }
        ]
    },
    "disagreements": {
        "kinds": {"class": {"ncei": 12}, "missing": {"hek": 4}},
        "n": 16,
        "examples": [
            {
                "kind": "class",
                "goes_class": "M2.0",
                "peak_time": "2010-06-12 00:57",
                "list_a": "hek",
                "value_a": "M2.0",
                "list_b": "ncei",
                "value_b": "M2.1",
                "kept": "M2.0",
            }
        ],
    },
}
# Seeds 0 and 1 of A: the LSTM has the weights 0.75 and 0.5, and is the best on validation once.
WEIGHTS = (
    "dataset,seed,ensemble,learners,criterion,solver,fitted_on,model,learner,weight,value,value_on_test,duality_gap\n"
)
WEIGHTS += "".join(
    f"A,{seed},stack,lstm+logistic_regression,{fit},lstm,{weight},{values}\n"
    f"A,{seed},stack,lstm+logistic_regression,{fit},logistic_regression,{1 - weight},{values}\n"
    for seed, fit, weight, values in (
        (0, "brier_score,convex,validation,stack_brier_score", 0.75, "0.11,0.12,1e-15"),
        (0, "true_skill_statistic,select_best,validation,stack_best", 1, "0.8,0.7,"),
        (1, "brier_score,convex,validation,stack_brier_score", 0.5, "0.13,0.14,1e-15"),
        (1, "true_skill_statistic,select_best,validation,stack_best", 0, "0.6,0.5,"),
    )
)
CHECKS = (
    "subject,method,check,value,n\n"
    "bipoles,integrated_gradients.zero,completeness_largest_error,0.0012,60\n"
    "sharp-377,integrated_gradients.zero,completeness_largest_error,0.25,9\n"
    "sharp-377,grad_cam_5,inversion_line_concentration,,0\n"
)
REGRESSIONS = (
    "keyword,slope,intercept,pearson_r,n\n"
    "usfluxl,1.2,-3.5e+20,0.97,800\nmeangbl,2,8.3,0.8,800\nr_value,0.8,-0.09,0.9,800\narea,,,,0\n"
)
FACTORS = "region_sharp,factor\n11,1.05\n12,1.15\n-1,1.1\n"


def with_ladder(study: dict) -> dict:
    """The study with its data sets on a ladder, and a figure in each of the sections that this brings."""
    sections = ("The protocol ladder", "Calibration and value")
    figures = [{"name": f"f{i}", "title": f"Figure of {each}.", "section": each} for i, each in enumerate(sections)]
    rungs = {"balanced": "A", "all_samples": "B"}
    return study | {"ladders": [{"name": "up", "title": "Cycle 24", "rungs": rungs}], "figures": figures}


def scores_of(name: str) -> pd.DataFrame:
    rows = []
    for (dataset, model), of_seeds in TSS.items():
        for seed, tss in enumerate(of_seeds):
            for metric in METRICS:
                value = {"true_skill_statistic": tss, "n_samples": 20, "n_events": 10}.get(metric, 0.25)
                # One seed forecast no event.
                value = "" if metric == "false_alarm_ratio" and seed == 1 else value
                thresholds = ("fixed_0.5", "validation") if metric in CATEGORICAL_METRICS else ("",)
                rows += [("embedded", name, dataset, seed, model, "p", each, metric, value) for each in thresholds]
    columns = ["archive", "study", "dataset", "seed", "model", "protocol", "threshold", "metric", "value"]
    return pd.DataFrame(rows, columns=columns)


def intervals_of(name: str) -> pd.DataFrame:
    """Means of `scores_of` over the seeds, each bounded by .1 to both sides, by rotation by .2."""
    key = ["archive", "study", "dataset", "model", "protocol", "threshold", "metric"]
    values = scores_of(name).assign(value=lambda scores: pd.to_numeric(scores["value"]))
    table = values.groupby(key, sort=False)["value"].agg(value="mean", sd="std", n_seeds="count").reset_index()
    for suffix, half in (("", 0.1), ("_rotation", 0.2)):
        table = table.assign(**{f"low{suffix}": table["value"] - half, f"high{suffix}": table["value"] + half})
    return table.assign(n_regions=40, n_rotations=20)


def comparisons_of(name: str) -> pd.DataFrame:
    """The LSTM against the regression on both data sets, over seeds and by resampled regions."""
    of_datasets = {
        "A": (0.2, 0.1, 0.3, {"paired_t_one_sided": (0.001, 0.002), "region_block_bootstrap": (0.01, 0.02)}),
        "B": (-0.15, -0.3, 0.0, {"paired_t_one_sided": (0.8, 0.8), "region_block_bootstrap": (0.9, 0.9)}),
    }
    rows = [
        {"study": name, "dataset": dataset, "metric": "true_skill_statistic"}
        | {"a": f"{dataset} lstm", "b": f"{dataset} logistic_regression", "difference": difference, "test": test}
        | {"statistic": 9.0, "p": p, "p_holm": p_holm, "low": low, "high": high, "family": "one"}
        | {"detectable_difference": 0.12}
        for dataset, (difference, low, high, tests) in of_datasets.items()
        for test, (p, p_holm) in tests.items()
    ]
    return pd.DataFrame(rows)


def written(folder: Path, name: str) -> dict[str, str]:
    """Write results of a study; paths by the name of the input."""
    folder = folder / name
    fit = folder / "store" / "abc" / "networks-def"
    fit.mkdir(parents=True)
    (fit / "predictions.nc").write_bytes(b"predictions")
    scores_of(name).to_csv(folder / "scores.csv", index=False)
    tables = {"intervals": intervals_of(name), "comparisons": comparisons_of(name)} | {
        each: getattr(made_up_protocol, each)() for each in MADE_UP_TABLES
    }
    empty = NOT_SHIPPED | NOT_PERMUTED | NOT_RANKED | NOT_SEARCHED | NO_RUNS | NO_TRAININGS
    tables |= {each: pd.DataFrame(columns=list(columns)) for each, columns in empty.items()}
    for each, table in tables.items():
        write_csv(folder / f"{each}.csv", table, float_format="%.10g")
    (folder / "papers.csv").write_text(
        "study,table,dataset,model,metric,threshold,paper,paper_sd,got,got_sd,n,agrees,why\n"
        f"{name},6,A,lstm,true_skill_statistic,fixed_0.5,0.884,0.032,0.85,0.07,2,yes,\n"
        f"{name},6,B,lstm,true_skill_statistic,fixed_0.5,0.8,0.05,0.5,0.0,2,no,Too few regions.\n"
        f"{name},8,A,lstm vs cnn,accuracy p,,0.001,,,,,not_run,No CNN here.\n"
    )
    write_json(
        folder / "samples.json",
        {
            "evolution": {"sharp": {"QUIET->QUIET": 12345, "QUIET->STRONG": 7}},
            "samples": {"sharp": {"positive": 7, "negative": 12345, "event_rate": 7 / 12352}},
            "records": {"all": {"windows_possible": 99999}, "sharp": {"records": 88888, "records_kept": 77777}},
        },
    )
    one_split = {"positive": 5, "negative": 5}
    splits = {split: one_split for split in ("train", "validation", "test")}
    seeds = {seed: {"digest": "d", "splits": splits, "regions": dict.fromkeys(splits, 3)} for seed in "01"}
    entries = {dataset: {"task": "", "seeds": seeds} for dataset in "AB"}
    write_json(folder / "index.json", {"datasets": entries, "explained": []})
    (folder / "weights.csv").write_text(WEIGHTS)
    (folder / "checks.csv").write_text(CHECKS)
    (folder / "fits.csv").write_text(
        f"dataset,models,seeds,dataset_digest,models_digest,path\nA,lstm,0 1,0123456789abcdef,fedcba,{fit}\n"
    )
    (folder / "figure.svg").write_text(SVG)
    return paths_of(folder)


def written_archive_results(folder: Path) -> dict[str, str]:
    """Write what was found of an archive; paths by the name of the input."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"archive": "archive.json", "archive_figures": "coverage.svg"}
    names |= {name: f"{name}.csv" for name in ("regressions", "factors")}
    paths = {name: str(folder / file) for name, file in names.items()}
    write_json(paths["archive"], ARCHIVE_SUMMARY)
    for name, text in {"archive_figures": SVG, "regressions": REGRESSIONS, "factors": FACTORS}.items():
        Path(paths[name]).write_text(text)
    return paths


def archive_results_of(folder: Path) -> ArchiveResults:
    """Write what was found of an archive and read it as the report does."""
    return read_archive_results(written_archive_results(folder / "archive"))


def paths_of(folder: Path) -> dict[str, str]:
    """Paths of the results of a study in `folder`, by the name of the input."""
    names = {"figures": "figure.svg", "samples": "samples.json", "index": "index.json"}
    tables = (
        "scores",
        "comparisons",
        "papers",
        "fits",
        "weights",
        "checks",
        "intervals",
        *MADE_UP_TABLES,
        *NOT_SHIPPED,
        *NOT_PERMUTED,
        *NOT_RANKED,
        *NOT_SEARCHED,
        *NO_RUNS,
        *NO_TRAININGS,
    )
    names |= {each: f"{each}.csv" for each in tables}
    return {each: str(folder / file) for each, file in names.items()}


def results_of(folder: Path, name: str = "s") -> Results:
    """Write results of a study and read them as the report does."""
    return read_results(written(folder, name), study=name, archive="embedded")


def tables_in(blocks: list[dict]) -> list[dict]:
    return [block for block in blocks if block["kind"] == "table"]
