"""A made-up ranking of four features on two data sets, and a paper's order of three; and an elimination of three."""

import tempfile
from pathlib import Path

import pandas as pd

from flaredag import published_rankings
from flaredag.ranking_settings import BSS, TSS
from flaredag.ranking_tables import AUC, RANKING_COLUMNS
from flaredag.score_tables import FIXED_THRESHOLD, TEST_THRESHOLD, VALIDATION_THRESHOLD
from flaredag.subset_scores import SUBSET_COLUMNS

FEATURES = ("totusjh", "usflux", "cdec", "chis")
# TSS of seeds 0 and 1, best on test: means .5, .7, .6 and .6, so that the tie goes to the order of the features.
ALONE = {"totusjh": (0.4, 0.6), "usflux": (0.7, 0.7), "cdec": (0.5, 0.7), "chis": (0.6, 0.6)}
ORDER = ["usflux", "cdec", "chis", "totusjh"]
TOGETHER = {"usflux cdec": (0.8, 0.9), "usflux cdec chis": (0.9, 0.9), "totusjh usflux cdec chis": (0.8, 0.8)}
MODEL = "lstm_attention"
SETTINGS = {
    "orders": {"tss": {"model": MODEL, "metric": TSS, "threshold": TEST_THRESHOLD}},
    "directions": ["first"],
    "datasets": ["A", "B"],
}
# The column that its header calls USFLUX is TOTUSJH and the other way about; TOTBSQ is not among ours.
PUBLISHED = (
    "dataset,order,rank,header,true,source\n"
    "A*,tss,1,USFLUX,TOTUSJH,made up\n"
    "A*,tss,2,TOTBSQ,TOTBSQ,made up\n"
    "A*,tss,3,Cdec,Cdec,made up\n"
    "A*,tss,4,TOTUSJH,USFLUX,made up\n"
)
CLAIMS = (
    "claim,kind,dataset,order,features,k,where\n"
    "the flux is first,among_first,A,tss,USFLUX,1,section 9\n"
    "three are among the first two,among_first,A,tss,USFLUX TOTBSQ Cdec,2,section 9\n"
    "three beat all,fewer_beat_all,A,tss,,3,section 9\n"
)

# Features removed from both ends of two orders, by two names of one training.
REMOVED_FEATURES = ("r_value", "usflux", "area_acr")
BY_TSS, BY_BSS = "transformer", "transformer_by_brier_score"
REMOVAL = {
    "orders": {
        "tss": {"model": BY_TSS, "metric": TSS, "threshold": FIXED_THRESHOLD},
        "bss": {"model": BY_BSS, "metric": BSS},
    },
    "directions": ["first", "last"],
    "datasets": ["SHARP"],
}
# TSS and BSS of seeds 0, 1 and 2. By mean TSS r_value, usflux, area_acr; by mean BSS usflux, r_value, area_acr.
REMAINING = {
    "r_value": ((0.6, 0.7, 0.8), (0.1, 0.2, 0.3)),
    "usflux": ((0.5, 0.5, 0.5), (0.3, 0.3, 0.3)),
    "area_acr": ((0.1, 0.2, 0.3), (0.0, 0.0, 0.0)),
    "r_value usflux": ((0.65, 0.75, 0.85), (0.4, 0.4, 0.4)),
    "usflux area_acr": ((0.4, 0.5, 0.5), (0.1, 0.2, 0.3)),
    "r_value area_acr": ((0.6, 0.6, 0.6), (0.2, 0.2, 0.5)),
    "r_value usflux area_acr": ((0.7, 0.7, 0.9), (0.4, 0.5, 0.3)),
}
# Of regions: 20 of 100 are tested.
RATIO = 0.25
# The paper tells no middle rank, and its names are those of the features.
REMOVAL_PUBLISHED = (
    "dataset,order,rank,header,true,source\n"
    "SHARP*,tss,1,R_VALUE,R_VALUE,made up\n"
    "SHARP*,tss,3,AREA_ACR,AREA_ACR,made up\n"
    "SHARP*,bss,1,R_VALUE,R_VALUE,made up\n"
)
REMOVAL_CLAIMS = (
    "claim,kind,dataset,order,features,k,where\n"
    "R_VALUE is first,among_first,SHARP*,tss,R_VALUE,1,section 9\n"
    "R_VALUE is first,among_first,SHARP*,bss,R_VALUE,1,section 9\n"
    "AREA_ACR is last,among_last,SHARP*,tss,AREA_ACR,1,section 9\n"
    "it falls without the first,falls_without_first,SHARP*,tss,,1,section 9\n"
    "it falls without the first two,falls_without_first,SHARP*,tss,,2,section 9\n"
    "it stays without the last two,kept_without_last,SHARP*,tss,,2,section 9\n"
    "it stays throughout,steady_without_last,SHARP*,tss,,2,section 9\n"
    "others fall,falls_without_first,HED*,tss,,1,section 9\n"
)


def subset_scores(skill) -> pd.DataFrame:
    """Scores of subsets; .1 less at the threshold of validation, an area of .9, none defined for seed 1 of `chis`."""
    rows = []
    for features, of_seeds in skill.items():
        for seed, tss in enumerate(of_seeds):
            area = float("nan") if (features, seed) == ("chis", 1) else 0.9
            rows += [
                (MODEL, features, seed, TEST_THRESHOLD, TSS, tss),
                (MODEL, features, seed, VALIDATION_THRESHOLD, TSS, tss - 0.1),
                (MODEL, features, seed, TEST_THRESHOLD, "threshold", 0.3),
                (MODEL, features, seed, VALIDATION_THRESHOLD, "threshold", 0.4),
                (MODEL, features, seed, "", AUC, area),
            ]
    return pd.DataFrame(rows, columns=list(SUBSET_COLUMNS))


def removal_scores() -> pd.DataFrame:
    """Scores of what remains; the model by TSS has no BSS, and the other one no TSS, that would change anything."""
    rows = [
        (model, features, seed, threshold, metric, value)
        for features, figures in REMAINING.items()
        for model, threshold, metric, of_seeds in (
            (BY_TSS, FIXED_THRESHOLD, TSS, figures[0]),
            (BY_TSS, "", BSS, (0.9, 0.9, 0.9)),
            (BY_BSS, FIXED_THRESHOLD, TSS, (0.9, 0.9, 0.9)),
            (BY_BSS, "", BSS, figures[1]),
        )
        for seed, value in enumerate(of_seeds)
    ]
    return pd.DataFrame(rows, columns=list(SUBSET_COLUMNS))


def ranking() -> pd.DataFrame:
    """The ranking on data set A, with the paper's ranks, and on B, of which nothing is published."""
    datasets = SETTINGS["datasets"]
    scores = subset_scores(ALONE | TOGETHER)
    in_order = {dataset: {"tss": ORDER} for dataset in datasets}
    return _assessed(dict.fromkeys(datasets, scores), in_order, SETTINGS, published(), float("nan"))


def removal(ratio: float = RATIO) -> pd.DataFrame:
    """The elimination on data set SHARP, with the paper's ranks; `ratio`: test regions to those of training."""
    in_order = {"tss": ["r_value", "usflux", "area_acr"], "bss": ["usflux", "r_value", "area_acr"]}
    return _assessed({"SHARP": removal_scores()}, {"SHARP": in_order}, REMOVAL, removal_published(), ratio)


def published() -> pd.DataFrame:
    """The paper's order as it is read."""
    return _read("read_published_order", PUBLISHED)


def claims() -> pd.DataFrame:
    """The paper's claims as they are read."""
    return _read("read_published_claims", CLAIMS)


def removal_published() -> pd.DataFrame:
    """The paper's orders of the elimination."""
    return _read("read_published_order", REMOVAL_PUBLISHED)


def removal_claims() -> pd.DataFrame:
    """The paper's claims of the elimination."""
    return _read("read_published_claims", REMOVAL_CLAIMS)


def _assessed(scores, in_order, settings, published, ratio) -> pd.DataFrame:
    from assess_features import assess_features

    ratios = dict.fromkeys(scores, ratio)
    table = assess_features(scores, in_order, study="s", settings=settings, published=published, ratios=ratios)
    assert list(table) == list(RANKING_COLUMNS)
    return table


def _read(name: str, text: str) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "published.csv")
        path.write_text(text)
        return getattr(published_rankings, name)(path, ["tss", "bss"])
