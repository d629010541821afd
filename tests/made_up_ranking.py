"""A made-up ranking of four features, two of flare history, on two data sets; and a paper's order of three of them."""

import pandas as pd

from flaredag.ranking_tables import RANKING_COLUMNS, SUBSET_COLUMNS
from flaredag.score_tables import TEST_THRESHOLD, VALIDATION_THRESHOLD

TSS, AUC = "true_skill_statistic", "area_under_roc_curve"
FEATURES = ("totusjh", "usflux", "cdec", "chis")
# TSS of seeds 0 and 1, best on test: means .5, .7, .6 and .6, so that the tie goes to the order of the features.
ALONE = {"totusjh": (0.4, 0.6), "usflux": (0.7, 0.7), "cdec": (0.5, 0.7), "chis": (0.6, 0.6)}
ORDER = ["usflux", "cdec", "chis", "totusjh"]
TOGETHER = {"usflux cdec": (0.8, 0.9), "usflux cdec chis": (0.9, 0.9), "totusjh usflux cdec chis": (0.8, 0.8)}
TASKS = {"A": "at_least_m", "B": "at_least_c"}
# The column that its header calls USFLUX is TOTUSJH and the other way about; TOTBSQ is not among ours.
PUBLISHED = (
    "task,rank,header,true,source\n"
    "at_least_m,1,USFLUX,TOTUSJH,made up\n"
    "at_least_m,2,TOTBSQ,TOTBSQ,made up\n"
    "at_least_m,3,Cdec,Cdec,made up\n"
    "at_least_m,4,TOTUSJH,USFLUX,made up\n"
)
CLAIMS = (
    "claim,kind,task,features,k,where\n"
    "the flux is first,among_first,at_least_m,USFLUX,1,section 9\n"
    "three are among the first two,among_first,at_least_m,USFLUX TOTBSQ Cdec,2,section 9\n"
    "three beat all,fewer_beat_all,at_least_m,,3,section 9\n"
)


def subset_scores(skill) -> pd.DataFrame:
    """Scores of subsets; .1 less at the threshold of validation, an area of .9, none defined for seed 1 of `chis`."""
    rows = []
    for features, of_seeds in skill.items():
        for seed, tss in enumerate(of_seeds):
            area = float("nan") if (features, seed) == ("chis", 1) else 0.9
            rows += [
                (features, seed, TEST_THRESHOLD, TSS, tss),
                (features, seed, VALIDATION_THRESHOLD, TSS, tss - 0.1),
                (features, seed, TEST_THRESHOLD, "threshold", 0.3),
                (features, seed, VALIDATION_THRESHOLD, "threshold", 0.4),
                (features, seed, "", AUC, area),
            ]
    return pd.DataFrame(rows, columns=list(SUBSET_COLUMNS))


def ranking() -> pd.DataFrame:
    """The ranking on data set A, with the paper's ranks, and on B, of whose task nothing is published."""
    from assess_features import assess_features

    scores = subset_scores(ALONE | TOGETHER)
    table = assess_features(
        dict.fromkeys(TASKS, scores),
        dict.fromkeys(TASKS, ORDER),
        study="s",
        tasks=TASKS,
        published=published(),
        cumulative_sizes=None,
    )
    assert list(table) == list(RANKING_COLUMNS)
    return table


def published() -> pd.DataFrame:
    """The paper's order as it is read."""
    return _read("read_published_order", PUBLISHED)


def claims() -> pd.DataFrame:
    """The paper's claims as they are read."""
    return _read("read_published_claims", CLAIMS)


def _read(name: str, text: str) -> pd.DataFrame:
    import tempfile
    from pathlib import Path

    from flaredag import published_rankings

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "published.csv")
        path.write_text(text)
        return getattr(published_rankings, name)(path)
