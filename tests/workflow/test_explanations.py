"""What a whole run says of the CNN: explained by a network that has not seen the region, and complete."""

import json
from html.parser import HTMLParser

import pandas as pd
import pytest

from flaredag.explanations import read_explanation
from flaredag.samples import read_datasets, read_windows

STUDY = "results/embedded/sun2022"


@pytest.fixture
def explained(whole):
    (one,) = json.loads(whole.path(f"{STUDY}/index.json").read_text())["explained"]
    return one


def test_a_region_is_explained_by_the_fold_that_has_not_seen_it(whole, explained):
    windows = read_windows(whole.path(f"{STUDY}/windows.nc"), "strong_vs_quiet")
    (fold,) = read_datasets(whole.path(f"{STUDY}/datasets.nc"), "SHARP_FOLDS", [explained["fold"]])
    for split in ("train", "validation"):
        assert explained["region"] not in windows.region[fold.positions[split]]
    explanation = read_explanation(whole.path(f"{STUDY}/explanations/sharp-{explained['region']}.nc"))
    assert explanation.fold == explained["fold"]
    assert explanation.region == explained["region"]
    # From quiet to flare-imminent.
    assert explanation.label[0] == 0
    assert explanation.label[-1] == 1


def test_integrated_gradients_add_up_to_what_they_explain(whole):
    checks = pd.read_csv(whole.path(f"{STUDY}/checks.csv"))
    errors = checks[
        (checks["check"] == "completeness_largest_error") & checks["method"].str.startswith("integrated_gradients")
    ]
    assert set(errors["subject"]) == set(checks["subject"])
    assert errors["value"].max() <= 0.01


class Resources(HTMLParser):
    """Collects what a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.asked += [value for name, value in attrs if name in ("src", "href") and value]


def test_the_page_of_a_region_needs_nothing_from_elsewhere(whole, explained):
    page = Resources()
    page.feed(whole.path(f"{STUDY}/explanations/sharp-{explained['region']}.html").read_text())
    assert all(one.startswith(("data:", "#")) for one in page.asked)


def test_learners_on_magnetograms_and_on_keywords_share_their_samples(whole):
    fits = pd.read_csv(whole.path(f"{STUDY}/fits.csv"))
    own = fits[fits["dataset"] == "SHARP_ONLY"]
    assert {"lstm", "cnn"} <= set(own["models"])
    assert len(set(own["dataset_digest"])) == 1
