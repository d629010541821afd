"""What the rules need to know of the configuration: studies chosen, figures, words of the report."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from flaredag.archive_files import FIGURES
from flaredag.importance_settings import permuted_datasets
from flaredag.ranking_settings import (
    OF_FIRST_ONES,
    OF_SINGLE_FEATURES,
    RankingFigure,
    figures_of_ranking,
    orders_of,
    removed_in_words,
)
from flaredag.search_settings import figures_of_searches, searches_of
from flaredag.study_figures import TRAINING_KINDS, figures_of_kinds, kind_of_figure, shown_in_section
from flaredag.study_series import (
    calibrated_datasets,
    diagnosed_series,
    exported_datasets,
    models_of_ladders,
    stacked_datasets,
)
from flaredag.verification_settings import score_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flaredag.archive_files import ArchiveFiles
    from flaredag.sources import Source

# A figure of this name, beside those that a study's configuration describes, shows all models on all data sets.
OVERVIEW = "overview"
OVERVIEW_CAPTION = "True skill statistic of every model on every data set at threshold 0.5: mean and sd over seeds."
LADDER_CAPTION = (
    "The protocol ladder of {model}: TSS, BSS and AUC on each rung, mean over seeds, with 95 % intervals by resampling "
    "regions (days: rotations)."
)
DIAGNOSTICS_CAPTION = (
    "Forecasts on {dataset}: reliability by isotonic regression with 95 % bands (CORP), economic value by cost-loss "
    "ratio, and Murphy diagram, by resampling regions (days: stretches of time)."
)
# A boundary between two learners' forecasts is a line in their plane.
BOUNDARIES = "ensemble_boundaries"
N_LEARNERS_OF_BOUNDARIES = 2
IMPORTANCE_CAPTION = (
    "What each model on {dataset} loses when a group of features is taken from another test sample: TSS at the "
    "threshold of validation, and AUC, with 95 % intervals by resampling regions. Features are one group where their "
    "mean absolute rank correlation is {correlated_from} or more; importance.csv lists the members of each."
)
ENSEMBLE_FIGURES = {
    "ensemble_scores": (
        "True skill statistic on the test set of base learners and of their combinations, a point a seed (Fig. 9 of "
        "Sun et al. 2022). The oracle is fitted on the test set itself: no forecast, but the limit of what weights can "
        "do."
    ),
    "ensemble_weights": "Weight of the first learner by criterion, a point a seed (Fig. 10 of Sun et al. 2022).",
    BOUNDARIES: (
        "Forecasts of both learners on each split of one seed, the decision boundary fitted on validation (line) and "
        "on test (dashed, the oracle), and the criterion along the weight (Fig. 11 of Sun et al. 2022)."
    ),
}
RANKING_CAPTION = (
    "Features on {dataset}, ranked by the mean TSS of {model} on each alone, with standard deviations where there are "
    "several seeds or folds; the line is of the first ones together. The threshold is the best on the test split, as "
    "in the paper. Above, the paper's ranks of the same feature, by its headers and by the true names of their columns."
)
SINGLE_FEATURES_CAPTION = (
    "Each feature of {dataset} alone: mean and standard deviation over the splits of the {orders}, sorted."
)
ELIMINATION_CAPTION = (
    "Features of {dataset} removed one by one, {removed}, in the order of the {order} on each alone: mean and standard "
    "deviation over the splits of what remains. A point is of the feature below it and all to its right; dashed: all "
    "features."
)
EXPLANATION_FIGURES = {
    "explained_bipoles": (
        "Synthetic bipoles (eq. 18 of Sun et al. 2022) and their attribution maps; below, the mean probability of all "
        "networks. Red speaks for a flare, blue against it, each map in its own scale (Fig. 12)."
    ),
    "explained_probabilities": (
        "Label, probability of a CNN that has not seen the region, and GOES flares until a day (grey) after the last "
        "frame (Fig. 13)."
    ),
    "explained_attributions": (
        "Attribution maps of the last frame: red for a flare, blue against it, each map in its own scale (Fig. 14)."
    ),
    "explained_contours": (
        "First and last magnetogram (±500 G) with contours of Integrated Gradients in the last frame against the "
        "first: 99th percentile of the size of the map, smoothed by 3 px (Fig. 15)."
    ),
}
# Quiet, weak or strong, before and after (`flaredag.windows.EVOLUTION`, which is not imported here: it needs numpy).
N_EVOLUTION_TYPES = 9
OVERLAP_TABLES = ("matched", "regressions", "quantiles", "factors")


def chosen_effort(config: Mapping[str, Any]) -> str:
    """Name of the effort: the configuration's own, or that of its archive."""
    own = config["effort"]
    return config["archives"][config["archive"]]["effort"] if own == "of_archive" else own


def figures_of(study: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Figures of a study: `name`, `title` and the `section` of the report in which each is shown.

    Those of some kinds have besides, under their kind, what their captions and tables tell of.
    """
    described = [figure for figure in study["figures"] if kind_of_figure(figure) not in TRAINING_KINDS]
    overview = {"name": OVERVIEW, "title": OVERVIEW_CAPTION}
    shown = {"Figures": [*(shown_in_section(figure) for figure in described), overview]}
    if trained := figures_of_kinds(study, TRAINING_KINDS):
        shown["Training"] = [shown_in_section(figure) for figure in trained]
    if study["ladders"]:
        shown["The protocol ladder"] = [
            {"name": f"ladder_{model}", "title": LADDER_CAPTION.format(model=model.replace("_", " "))}
            for model in models_of_ladders(study)
        ]
    shown["Calibration and value"] = [
        {"name": f"diagnostics_{dataset.lower()}", "title": DIAGNOSTICS_CAPTION.format(dataset=dataset)}
        for dataset in dict.fromkeys(one["dataset"] for one in diagnosed_series(study))
    ]
    shown["Permutation importance"] = [
        {
            "name": f"importance_{dataset.lower()}",
            "title": IMPORTANCE_CAPTION.format(dataset=dataset, correlated_from=study["importance"]["correlated_from"]),
        }
        for dataset in permuted_datasets(study)
    ]
    if study["ranking"]:
        shown["Feature ranking"] = [
            {"name": name, "title": _caption_of_ranking(figure, study["ranking"])}
            for name, figure in figures_of_ranking(study["ranking"])
        ]
    shown["Hyperparameter search"] = figures_of_searches(study)
    if study["ensembles"]:
        two = len(study["ensembles"][0]["learners"]) == N_LEARNERS_OF_BOUNDARIES
        shown["Stacking"] = [
            {"name": name, "title": title} for name, title in ENSEMBLE_FIGURES.items() if two or name != BOUNDARIES
        ]
    if study["explanation"]:
        shown["Explanation"] = [{"name": name, "title": title} for name, title in EXPLANATION_FIGURES.items()]
    return [figure | {"section": section} for section, figures in shown.items() for figure in figures]


def figure_settings(study: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """Settings of one figure of verification of a study; none for the overview."""
    return next((figure for figure in study["figures"] if figure["name"] == name), None)


def study_in_report(name: str, study: Mapping[str, Any]) -> dict[str, Any]:
    """What the report says of a study; of the declared leaks, those that the study's settings make."""
    keys = ("title", "paper", "headline", "agreement")
    left_out = [f"Left out: {', '.join(one['datasets'])}. {one['why']}" for one in study.get("left_out", [])]
    return {key: study[key] for key in keys} | {
        "protocol_in_words": " ".join([study["protocol_in_words"], *left_out]),
        "published_tables": study.get("published_tables", {}),
        "name": name,
        "declared_leaks": [leak["text"] for leak in study["declared_leaks"] if _is_there(leak, study)],
        "datasets": exported_datasets(study),
        "ladders": list(study["ladders"]),
        "comparisons": [{key: family[key] for key in ("name", "title")} for family in study["comparisons"]],
        "ensembles": list(study["ensembles"]),
        "figures": figures_of(study),
        "ranking": {key: study["ranking"][key] for key in ("orders", "directions")} if study["ranking"] else None,
        "score_tables": score_tables(study),
        "sample_units": {dataset: own["unit"] for dataset, own in study["datasets"].items() if "unit" in own},
    }


def archive_in_report(
    name: str,
    archive: Mapping[str, Any],
    sources: Sequence[Source],
    figures: Sequence[str],
    *,
    not_served: Sequence[str],
) -> dict[str, Any]:
    """What the report says of an archive, of the sources of its data, and of the `figures` of its chapter (names).

    `not_served`: studies that were asked for, and that it has no data for.
    """
    return {
        "name": name,
        "title": archive["title"],
        "simulated": archive["simulated"],
        "not_served": list(not_served),
        "figures": [{"name": figure, "title": FIGURES[figure]} for figure in figures],
        "sources": [
            {
                "title": source.title,
                "licence": source.licence,
                "citation": source.citation,
                "address": _common_folder([file.address for file in source.files if file.address]),
            }
            for source in sources
        ],
    }


def artifacts_of_archive(
    folder: str, files: ArchiveFiles, studies: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows of the manifest for all files below `folder` but logs: path, what it was made from, seeds.

    `folder`: of the archive; `files`: what it consists of. The FITS files are told by the indices of their shards.
    Fits and scores of feature subsets lie in the store and are told by their lists (`fits.csv`, `subsets.csv`), which
    stand here for what scores were made from.
    """
    raw, curated = files.all_raw(), files.all_curated()
    rows = [{"path": path, "made_from": [], "seeds": []} for path in raw]
    rows += [{"path": path, "made_from": raw, "seeds": []} for path in curated]
    summarised = {"coverage.csv": curated, "archive.json": curated}
    compared = [path for kind in ("tables", "cubes") for path in files.curated.get(kind, [])]
    summarised |= {f"overlap/{name}.csv": compared for name in OVERLAP_TABLES}
    of_tables = [f"{folder}/{name}" for name in summarised if name.endswith(".csv")]
    summarised |= {f"figures/{name}.svg": [*of_tables, *compared] for name in files.figures()}
    rows += [{"path": f"{folder}/{name}", "made_from": paths, "seeds": []} for name, paths in summarised.items()]
    for name, study in studies.items():
        below = f"{folder}/{name}"
        made_from: dict[str, Sequence[str]] = {"windows.nc": curated, "samples.json": curated}
        made_from |= {f"shipped_{name}.csv": curated for name in ("forecasts", "columns")}
        made_without_seeds = {*made_from, "shipped_scores.csv"}
        drawn = {"datasets.nc": ["windows.nc"], "index.json": ["windows.nc"], "fits.csv": ["index.json"]}
        stacked = stacked_datasets(study)
        ensembles = {
            f"ensembles/{dataset}{suffix}": ["fits.csv"] for dataset in stacked for suffix in (".nc", ".weights.csv")
        }
        figures = {figure["name"]: figure["section"] for figure in figures_of(study)}
        drawn_from = {
            "Figures": ["curves.csv", "scores.csv"],
            "Training": ["training_curves.csv", "scores.csv", "index.json"],
            "The protocol ladder": ["intervals.csv"],
            "Calibration and value": ["diagnostics.csv", "decomposition.csv"],
            "Permutation importance": ["importance.csv"],
            "Feature ranking": ["ranking.csv"],
            "Hyperparameter search": ["searches.csv"],
            "Stacking": ["scores.csv", *ensembles],
            "Explanation": ["index.json", "fits.csv"],
        }
        calibrated = {
            f"calibrated/{dataset}{suffix}": ["fits.csv", "index.json"]
            for dataset in calibrated_datasets(study)
            for suffix in (".nc", ".conformal.csv")
        }
        full_disk = {
            f"full_disk/{disk}.nc": [f"calibrated/{own['made_from']}.nc", "windows.nc", "datasets.nc"]
            for disk, own in study["full_disk"].items()
        }
        permuted = [f"importance/{dataset}.csv" for dataset in permuted_datasets(study)]
        orders = {f"ranking/{name}.csv": ["index.json"] for name in (study["ranking"] or {}).get("datasets", [])}
        forecasts = ["fits.csv", *ensembles, *(path for path in calibrated if path.endswith(".nc")), *full_disk]
        verified = {
            **ensembles,
            **calibrated,
            **full_disk,
            "scores.csv": forecasts,
            "curves.csv": forecasts,
            "intervals.csv": [*forecasts, "scores.csv"],
            "differences.csv": [*forecasts, "scores.csv"],
            "comparisons.csv": ["scores.csv", "differences.csv", "index.json"],
            "strata.nc": ["windows.nc"],
            "strata.csv": ["fits.csv", "strata.nc"],
            "labels.csv": ["fits.csv", "windows.nc"],
            "conformal.csv": [path for path in calibrated if path.endswith(".csv")],
            "audit.csv": ["windows.nc", "datasets.nc", "index.json", "fits.csv", "scores.csv"],
            "diagnostics.csv": forecasts,
            "decomposition.csv": forecasts,
            **{path: ["windows.nc", "datasets.nc", "fits.csv"] for path in permuted},
            "importance.csv": permuted,
            "runs.csv": ["fits.csv"],
            "runs_comparison.csv": ["fits.csv"],
            "training_curves.csv": ["fits.csv"],
            "papers.csv": ["scores.csv", "comparisons.csv", "samples.json", "index.json", "runs.csv"],
            "shipped_scores.csv": ["shipped_forecasts.csv"],
            **orders,
            "subsets.csv": ["index.json", *orders],
            "ranking.csv": ["subsets.csv", *orders],
            "ranking_agreement.csv": ["ranking.csv"],
            "ranking_claims.csv": ["ranking.csv"],
            "searches.csv": ["index.json"],
            **({"optima.yaml": ["searches.csv"]} if searches_of(study) else {}),
            "weights.csv": [path for path in ensembles if path.endswith(".csv")],
            "checks.csv": ["fits.csv"],
            "checked.json": ["windows.nc", "datasets.nc", "scores.csv", "fits.csv"],
            **{f"figures/{name}.svg": drawn_from[section] for name, section in figures.items()},
            **{
                f"predictions/{dataset}.csv": ["fits.csv", *([f"ensembles/{dataset}.nc"] if dataset in stacked else [])]
                for dataset in exported_datasets(study)
            },
        }
        made_from |= {file: [f"{below}/{one}" for one in files] for file, files in (drawn | verified).items()}
        rows += [
            {
                "path": f"{below}/{file}",
                "made_from": list(files),
                "seeds": [] if file in made_without_seeds else list(study["seeds"]),
            }
            for file, files in made_from.items()
        ]
    return rows


def _caption_of_ranking(figure: RankingFigure, ranking: Mapping[str, Any]) -> str:
    """Caption of one figure of a study's ranking."""
    orders, dataset = orders_of(ranking), figure.dataset
    if figure.kind == OF_FIRST_ONES:
        (order,) = orders.values()
        return RANKING_CAPTION.format(dataset=dataset, model=order.model.replace("_", " "))
    if figure.kind == OF_SINGLE_FEATURES:
        listed = " and the ".join(order.in_words() for order in orders.values())
        return SINGLE_FEATURES_CAPTION.format(dataset=dataset, orders=listed)
    removed = removed_in_words(ranking["directions"])
    return ELIMINATION_CAPTION.format(dataset=dataset, order=orders[figure.order].in_words(), removed=removed)


def _common_folder(addresses: Sequence[str]) -> str:
    parts = zip(*(address.split("/")[:-1] for address in addresses), strict=False)
    return "/".join(names[0] for names in itertools.takewhile(lambda names: len(set(names)) == 1, parts))


def _is_there(leak: Mapping[str, Any], study: Mapping[str, Any]) -> bool:
    if "setting" not in leak:
        return True
    # Samples in neither class: a task that leaves out some types of evolution.
    if leak["setting"] == "labels":
        return len(study["labels"]["positive"]) + len(study["labels"]["negative"]) < N_EVOLUTION_TYPES
    if leak["setting"] == "windows":
        return leak["value"] in study["windows"]
    if "." in leak["setting"]:
        block, _, key = leak["setting"].partition(".")
        return study.get(block, {}).get(key) == leak["value"]
    places = (study["splits"], *study["datasets"].values())
    given = [place[leak["setting"]] for place in places if leak["setting"] in place]
    return any(leak["value"] in ([one] if isinstance(one, str) else one) for one in given)
