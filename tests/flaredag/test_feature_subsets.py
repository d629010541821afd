"""Subsets of features in batches, where their scores lie, and what a ranking may name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.feature_subsets import (
    batches_of_subsets,
    cumulative_subsets,
    features_in_order,
    individual_subsets,
)
from flaredag.store import stored_fit

FEATURES = ("a", "b", "c", "d", "e")
SEEDS = {str(seed): {"digest": f"{seed:016x}"} for seed in range(3)}
RANKING = {"model": "lstm", "datasets": ["ONLY"], "seeds": [0, 2], "subsets_per_job": 2}


def batches(subsets=None, **changes):
    given = {"features": FEATURES, "settings": {"hidden_size": 8}, "code": "c" * 16, "environment": "e" * 16}
    subsets = individual_subsets(FEATURES, 2) if subsets is None else subsets
    return batches_of_subsets(subsets, SEEDS, RANKING, dataset="ONLY", store="s", **given | changes)


def test_every_feature_is_a_subset_of_its_own():
    assert individual_subsets(FEATURES, 2) == [[("a",), ("b",)], [("c",), ("d",)], [("e",)]]


def test_the_first_of_a_ranking_are_dealt_out_in_the_studys_order():
    # k = 2, 3, 4, 5 of e c a b d, two a job; k = 1 is an individual subset.
    found = cumulative_subsets(["e", "c", "a", "b", "d"], FEATURES, 2)
    assert found == [[("c", "e"), ("a", "b", "c", "e")], [("a", "c", "e"), FEATURES]]


def test_one_feature_has_nothing_to_add_to():
    assert cumulative_subsets(["a"], ["a"], 8) == []
    # Two of them, and all.
    assert cumulative_subsets(["e", "c", "a", "b", "d"], FEATURES, 8, [3, 2]) == [
        [("c", "e"), ("a", "c", "e"), tuple(FEATURES)]
    ]


@given(st.permutations(FEATURES), st.integers(1, 6))
def test_no_subset_is_in_two_batches(order, per_job):
    batched = [*individual_subsets(FEATURES, per_job), *cumulative_subsets(order, FEATURES, per_job)]
    subsets = [subset for batch in batched for subset in batch]
    assert len(set(subsets)) == len(subsets) == 2 * len(FEATURES) - 1
    assert all(1 <= len(batch) <= per_job for batch in batched)


class TestBatches:
    def test_a_batch_tells_what_it_is_made_from(self):
        first = batches()[0]
        assert first.made_from == {
            "seeds": [0, 2],
            "models": {"lstm": {"hidden_size": 8}},
            "datasets": {"0": "0" * 16, "2": f"{2:016x}"},
            "features": list(FEATURES),
            "subsets": [["a"], ["b"]],
            "code": "c" * 16,
            "environment": "e" * 16,
        }
        assert first.folder == f"s/subsets/{first.dataset_digest}/{first.models_digest}"

    def test_what_it_is_made_from_names_its_folder(self):
        before = [batch.folder for batch in batches()]
        assert len(set(before)) == 3
        assert [batch.folder for batch in batches()] == before
        for changes in (
            {"settings": {"hidden_size": 9}},
            {"code": "d" * 16},
            {"environment": "f" * 16},
            {"features": FEATURES[::-1]},
            {"subsets": [[("a",), ("c",)]]},
        ):
            assert not set(before) & {batch.folder for batch in batches(**changes)}

    def test_a_made_up_path_is_refused(self):
        known = batches()
        asked = {"kind": "subsets", "dataset_digest": known[0].dataset_digest}
        found = stored_fit({"study": known}, **asked, models_digest=known[1].models_digest)
        assert found == ("study", known[1])
        with pytest.raises(InputError, match="no study of this configuration asks for such a fit"):
            stored_fit({"study": known}, **asked, models_digest="0" * 16)


class TestOrder:
    def test_is_that_of_the_ranks(self, tmp_path):
        path = tmp_path / "order.csv"
        path.write_text("feature,rank,mean,sd\nb,2,0.5,0.1\na,1,0.6,\nc,3,0.4,0.1\n")
        assert features_in_order(path) == ["a", "b", "c"]

    @pytest.mark.parametrize(
        "text", ["feature,rank\na,1\nb,3\n", "feature,rank\na,1\na,2\n", "feature,rank\na,first\n", "rank\n1\n"]
    )
    def test_that_is_none_is_told(self, tmp_path, text):
        path = tmp_path / "order.csv"
        path.write_text(text)
        with pytest.raises(InputError, match=r"order\.csv: wanted a row a feature with its rank"):
            features_in_order(path)
