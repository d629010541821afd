"""Studies as a configuration has them, that of the repository and a small one."""

from pathlib import Path

import pytest
import yaml

from flaredag.archive_files import ArchiveFiles
from flaredag.studies import study_on_archive

ROOT = Path(__file__).resolve().parents[1]
TABLES = ArchiveFiles(shards=[], raw={}, curated={"tables": ["t.nc"], "flares": ["f.nc"]})
WITH_CUBES = ArchiveFiles(shards=[], raw={}, curated=TABLES.curated | {"cubes": ["c.zarr.zip"]})
CRITERIA = ["brier_score", "accuracy"]


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


CYCLES = [
    {"number": 23, "begin": "1996-08-01", "maximum": "2001-11-01", "end": "2008-12-01"},
    {"number": 24, "begin": "2008-12-01", "maximum": "2014-04-01", "end": "2019-12-01"},
]


def on(study, files, *, archive="embedded", with_cases=True):
    served = study_on_archive(study, files, archive=archive, with_cases=with_cases)
    return served | {"solar_cycles": CYCLES}


@pytest.fixture
def study(config):
    """The study of the paper on the simulated Sun, which has magnetograms."""
    return on(config["study"]["sun2022"], WITH_CUBES)


def pair(a, b):
    """A pair of (data set, model) each."""
    return {side: dict(zip(("dataset", "model"), one, strict=True)) for side, one in (("a", a), ("b", b))}


@pytest.fixture
def small():
    """A study of two models on keywords and two on magnetograms, as it stands in a configuration."""
    return {
        "source": {"tables": "tables", "flares": "flares", "magnetograms": "cubes"},
        "magnetograms": {"sizes_compared_within": "window", "standardised_by": "sharp"},
        "instruments": ["sharp"],
        "selection": {"quality_below": {"sharp": 1}},
        "labels": {"positive": ["QUIET->STRONG"], "negative": ["QUIET->QUIET"]},
        "seeds": [0, 1, 2],
        "splits": {"test_fraction": 0.2, "validation_fraction": 0.1},
        "datasets": {
            "ONLY": {"evaluated": "sharp", "added_to_training": []},
            "FOLDS": {"evaluated": "sharp", "added_to_training": [], "folds": 4, "models": ["cnn"]},
            "SOME": {"evaluated": "sharp", "added_to_training": [], "models": ["cnn", "lstm"]},
        },
        "fits": {
            "networks": {"models": ["lstm"], "seeds_per_job": 5},
            "magnetogram_networks": {"models": ["cnn", "cnn_b"], "seeds_per_job": 1},
            "baselines": {"models": ["tree"], "seeds_per_job": 5},
        },
        "headline": {"model": "lstm", "baseline": "tree"},
        "ensembles": [
            {"name": "two", "learners": ["lstm", "cnn"], "criteria": CRITERIA},
            {"name": "three", "learners": ["lstm", "cnn", "tree"], "criteria": CRITERIA},
        ],
        "explanation": {
            "dataset": "FOLDS",
            "model": "cnn",
            "regions": {"embedded": 2, "jsoc": [377]},
            "cases": [{"region": 5}],
            "bipoles": {"dataset": "ONLY"},
        },
        "comparisons": [
            {"name": "nets", "pairs": [pair(("ONLY", "lstm"), ("ONLY", "cnn"))]},
            {
                "name": "mixed",
                "pairs": [
                    pair(("ONLY", "lstm"), ("ONLY", "tree")),
                    pair(("FOLDS", "cnn"), ("ONLY", "cnn")),
                    pair(("ONLY", "three_average"), ("ONLY", "lstm")),
                    pair(("ONLY", "two_best"), ("ONLY", "lstm")),
                ],
            },
            {"name": "each", "on_every_dataset": [{"a": "lstm", "b": "tree"}, {"a": "cnn", "b": "cnn_b"}]},
        ],
        "figures": [
            {"name": "one", "title": "One", "series": [{"dataset": "ONLY", "model": name} for name in ("lstm", "cnn")]},
            {"name": "pixels", "title": "Two", "series": [{"dataset": "FOLDS", "model": "cnn"}]},
        ],
    }


@pytest.fixture
def climbing(small):
    """The small study on a ladder from the balanced task to one forecast a day, as it stands in a configuration."""
    on_rungs = {"evaluated": "sharp", "added_to_training": [], "task": "m_24h", "undersampled": ["train"]}
    on_rungs |= {"models": ["lstm", "cnn", "tree"]}
    small["labels"] |= {"horizon_hours": 24, "strong_class": "M1.0"}
    small["labels"]["tasks"] = {"m_24h": {}, "c_48h": {"horizon_hours": 48, "strong_class": "C1.0"}}
    small["windows"] = {"cadence_minutes": 96, "n_steps": 16, "max_bad_records": 2}
    small["splits"]["undersampled"] = ["train", "validation", "test"]
    for own in small["datasets"].values():
        own["task"] = "m_24h"
    small["datasets"] |= {
        "NATURAL": on_rungs | {"undersampled": ["train", "validation"]},
        "ALL": on_rungs,
        "BY_TIME": on_rungs | {"split_by": "time", "first_seeds": 2, "models": ["lstm", "tree"]},
        "BY_CYCLE": on_rungs | {"split_by": "cycle", "tested_cycle": 24, "task": "c_48h", "models": ["tree"]},
    }
    small["full_disk"] = {
        "DISK": {"made_from": "BY_TIME", "issue_hour": 0, "max_age_hours": 12, "flares": {"embedded": "flares_hek"}}
    }
    rungs = {"balanced": "ONLY", "natural_rate": "NATURAL", "all_samples": "ALL"}
    rungs |= {"by_time": "BY_TIME", "by_cycle": "BY_CYCLE", "full_disk": "DISK"}
    small["ladders"] = [{"name": "one", "title": "Cycle 24", "rungs": rungs}]
    small["label_lists"] = {"embedded": ["hek", "ncei"]}
    small["declared_leaks"] = [
        {"text": "Free of charge."},
        {"text": "Dear.", "priced": {"metrics": ["accuracy"], "pairs": [pair(("ONLY", "lstm"), ("NATURAL", "lstm"))]}},
    ]
    return small


def in_training_folds(study, **changes):
    """The study with a data set in training folds, over whose runs two models are compared."""
    own = {"evaluated": "sharp", "added_to_training": [], "split_by": "time", "training_folds": 5}
    study["datasets"]["IN_FIVE"] = own | {"models": ["lstm", "tree"]} | changes
    study["overlapping_runs"] = {"datasets": ["IN_FIVE"], "a": "lstm", "b": "tree", "n_thresholds": 201}
    study["windows"] = {"cadence_minutes": 96, "n_steps": 16}
    study["labels"]["horizon_hours"] = 24
    return study
