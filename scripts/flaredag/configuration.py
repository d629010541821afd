"""What the rules need to know of the configuration: studies chosen, figures, words of the report."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from flaredag.archive_files import FIGURES
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flaredag.archive_files import ArchiveFiles
    from flaredag.sources import Source

# A figure of this name, beside those that a study's configuration describes, shows all models on all data sets.
OVERVIEW = "overview"
OVERVIEW_CAPTION = "True skill statistic of every model on every data set at threshold 0.5: mean and sd over seeds."
OVERLAP_TABLES = ("matched", "regressions", "quantiles", "factors")


def chosen_effort(config: Mapping[str, Any]) -> str:
    """Name of the effort: the configuration's own, or that of its archive."""
    own = config["effort"]
    return config["archives"][config["archive"]]["effort"] if own == "of_archive" else own


def chosen_studies(config: Mapping[str, Any]) -> list[str]:
    """Studies to run: a list, or on the command line names joined by commas; InputError on one not described."""
    chosen = config["studies"]
    names = chosen.split(",") if isinstance(chosen, str) else list(chosen)
    unknown = [name for name in names if name not in config["study"]]
    if unknown:
        described = ", ".join(config["study"])
        raise InputError(f"studies: no study {', '.join(unknown)}; the configuration describes {described}.")
    return names


def check_study(name: str, study: Mapping[str, Any]) -> None:
    """InputError where a study names a data set, model or instrument that it does not have.

    What one key may hold is in the schema; this is what keys say of each other.
    """
    models = [model for fit in study["fits"].values() for model in fit["models"]]
    pairs = [one for family in study["comparisons"] for pair in family["pairs"] for one in pair.values()]
    series = [*pairs, *(one for figure in study["figures"] for one in figure["series"])]
    instruments = [one for dataset in study["datasets"].values() for one in _instruments(dataset)]
    wanted = (
        ("data set", [one["dataset"] for one in series], list(study["datasets"])),
        ("model", [*(one["model"] for one in series), *_models_of_headline(study)], models),
        ("instrument", instruments, study["instruments"]),
        ("instrument", study["instruments"], list(study["selection"]["quality_below"])),
    )
    for what, named, known in wanted:
        unknown = sorted(set(named) - set(known))
        if unknown:
            raise InputError(f"study {name}: no {what} {', '.join(unknown)}; it has {', '.join(known)}.")
    both = set(study["labels"]["positive"]) & set(study["labels"]["negative"])
    if both:
        raise InputError(f"study {name}: labels: {', '.join(sorted(both))} is positive and negative; wanted one.")


def figures_of(study: Mapping[str, Any]) -> list[str]:
    """Names of a study's figures: those that it describes, then the overview."""
    return [*(figure["name"] for figure in study["figures"]), OVERVIEW]


def figure_settings(study: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """Settings of one figure of a study; none for the overview."""
    return next((figure for figure in study["figures"] if figure["name"] == name), None)


def settings_of_datasets(study: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings of each data set of a study, with those of its splits."""
    return {name: {**own, **study["splits"]} for name, own in study["datasets"].items()}


def study_in_report(name: str, study: Mapping[str, Any]) -> dict[str, Any]:
    """What the report says of a study; of the declared leaks, those that the settings of `splits` make."""
    keys = ("title", "paper", "protocol_in_words", "headline", "published_tables", "agreement")
    return {key: study[key] for key in keys} | {
        "name": name,
        "declared_leaks": [leak["text"] for leak in study["declared_leaks"] if _is_there(leak, study["splits"])],
        "datasets": list(study["datasets"]),
        "comparisons": [{key: family[key] for key in ("name", "title")} for family in study["comparisons"]],
        "figures": [*(figure["title"] for figure in study["figures"]), OVERVIEW_CAPTION],
    }


def archive_in_report(
    name: str, archive: Mapping[str, Any], sources: Sequence[Source], figures: Sequence[str]
) -> dict[str, Any]:
    """What the report says of an archive, of the sources of its data, and of the `figures` of its chapter (names)."""
    return {
        "name": name,
        "title": archive["title"],
        "simulated": archive["simulated"],
        "figures": [{"name": figure, "title": FIGURES[figure]} for figure in figures],
        "sources": [
            {
                "title": source.title,
                "licence": source.licence,
                "citation": source.citation,
                "address": _common_folder([file.address for file in source.files]),
            }
            for source in sources
        ],
    }


def artifacts_of_archive(
    folder: str, files: ArchiveFiles, studies: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows of the manifest for all files below `folder` but logs: path, what it was made from, seeds.

    `folder`: of the archive; `files`: what it consists of. The FITS files are told by the indices of their shards.
    Fits lie in the store and are told by their lists (`fits.csv`), which stand here for the fits that scores were made
    from.
    """
    raw, curated = files.all_raw(), files.all_curated()
    rows = [{"path": path, "made_from": [], "seeds": []} for path in raw]
    rows += [{"path": path, "made_from": raw, "seeds": []} for path in curated]
    summarised = {"coverage.csv": curated, "archive.json": curated}
    compared = [path for kind in ("tables", "cubes") for path in files.curated.get(kind, [])]
    summarised |= {f"overlap/{name}.csv": compared for name in OVERLAP_TABLES}
    drawn_from = [f"{folder}/{name}" for name in summarised if name.endswith(".csv")]
    summarised |= {f"figures/{name}.svg": [*drawn_from, *compared] for name in files.figures()}
    rows += [{"path": f"{folder}/{name}", "made_from": paths, "seeds": []} for name, paths in summarised.items()]
    for name, study in studies.items():
        below = f"{folder}/{name}"
        made_from: dict[str, Sequence[str]] = {"windows.nc": curated, "samples.json": curated}
        drawn = {"datasets.nc": ["windows.nc"], "index.json": ["windows.nc"], "fits.csv": ["index.json"]}
        verified = {
            "scores.csv": ["fits.csv"],
            "curves.csv": ["fits.csv"],
            "comparisons.csv": ["scores.csv"],
            "papers.csv": ["scores.csv", "comparisons.csv", "samples.json", "index.json"],
            "checked.json": ["windows.nc", "datasets.nc", "scores.csv", "fits.csv"],
            **{f"figures/{figure}.svg": ["curves.csv", "scores.csv"] for figure in figures_of(study)},
            **{f"predictions/{dataset}.csv": ["fits.csv"] for dataset in study["datasets"]},
        }
        made_from |= {file: [f"{below}/{one}" for one in files] for file, files in (drawn | verified).items()}
        rows += [
            {
                "path": f"{below}/{file}",
                "made_from": list(files),
                "seeds": [] if file in ("windows.nc", "samples.json") else list(study["seeds"]),
            }
            for file, files in made_from.items()
        ]
    return rows


def _common_folder(addresses: Sequence[str]) -> str:
    parts = zip(*(address.split("/")[:-1] for address in addresses), strict=False)
    return "/".join(names[0] for names in itertools.takewhile(lambda names: len(set(names)) == 1, parts))


def _is_there(leak: Mapping[str, str], splits: Mapping[str, Any]) -> bool:
    setting = splits[leak["setting"]]
    return leak["value"] in ([setting] if isinstance(setting, str) else setting)


def _instruments(dataset: Mapping[str, Any]) -> list[str]:
    return [dataset["evaluated"], *dataset["added_to_training"]]


def _models_of_headline(study: Mapping[str, Any]) -> list[str]:
    return [study["headline"][role] for role in ("model", "baseline")]
