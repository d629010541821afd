"""Subsets of features in batches, and where their scores lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.feature_subsets import (
    batches_of_subsets,
    cumulative_sizes,
    cumulative_subsets,
    features_in_order,
    individual_subsets,
    together,
)
from flaredag.ranking_settings import FIRST, LAST
from flaredag.store import stored_fit

FEATURES = ("a", "b", "c", "d", "e")
ORDER = ["e", "c", "a", "b", "d"]
ENTRIES = {str(seed): {"digest": f"{seed:016x}"} for seed in range(3)}
SOME_ORDERS = st.lists(st.permutations(FEATURES), min_size=1, max_size=3)
SOME_DIRECTIONS = st.sampled_from([[FIRST], [LAST], [FIRST, LAST]])
SOME_SIZES = st.none() | st.lists(st.integers(2, 7), min_size=1, max_size=3, unique=True)


def batches(subsets=None, **changes):
    given = {"features": FEATURES, "models": {"lstm": {"hidden_size": 8}}, "code": "c" * 16, "environment": "e" * 16}
    subsets = individual_subsets(FEATURES, 2) if subsets is None else subsets
    return batches_of_subsets(subsets, ENTRIES, dataset="ONLY", seeds=[0, 2], store="s", **given | changes)


def test_every_feature_is_a_subset_of_its_own():
    assert individual_subsets(FEATURES, 2) == [[("a",), ("b",)], [("c",), ("d",)], [("e",)]]


def test_the_first_of_a_ranking_are_dealt_out_in_the_studys_order():
    # k = 2, 3, 4, 5 of e c a b d, two a job; k = 1 is an individual subset.
    found = cumulative_subsets([ORDER], FEATURES, 2, directions=[FIRST])
    assert found == [[("c", "e"), ("a", "b", "c", "e")], [("a", "c", "e"), FEATURES]]


def test_the_last_of_a_ranking_are_what_is_left_without_the_first():
    assert together(ORDER, 2, LAST) == ["b", "d"]
    (found,) = cumulative_subsets([ORDER], FEATURES, 8, directions=[LAST])
    assert found == [("b", "d"), ("a", "b", "d"), ("a", "b", "c", "d"), FEATURES]


def test_one_feature_has_nothing_to_add_to():
    assert cumulative_subsets([["a"]], ["a"], 8, directions=[FIRST, LAST]) == []
    # Two of them, and all.
    assert cumulative_subsets([ORDER], FEATURES, 8, directions=[FIRST], sizes=[3, 2]) == [
        [("c", "e"), ("a", "c", "e"), FEATURES]
    ]


def test_a_subset_that_orders_and_directions_share_is_there_once():
    # Of both orders the first two are a and b, and the last three c, d and e; each has all.
    orders = [["a", "b", "c", "d", "e"], ["b", "a", "e", "d", "c"]]
    (found,) = cumulative_subsets(orders, FEATURES, 9, directions=[FIRST, LAST], sizes=[2, 3])
    # From the smallest to the greatest; of one size by order and direction.
    assert found == [
        *[("a", "b"), ("d", "e"), ("c", "d")],
        *[("a", "b", "c"), ("c", "d", "e"), ("a", "b", "e")],
        FEATURES,
    ]


@given(SOME_ORDERS, SOME_DIRECTIONS, SOME_SIZES, st.integers(1, 6))
def test_each_subset_that_is_wanted_is_in_one_batch_and_no_other_is(orders, directions, sizes, per_job):
    batched = [
        *individual_subsets(FEATURES, per_job),
        *cumulative_subsets(orders, FEATURES, per_job, directions=directions, sizes=sizes),
    ]
    subsets = [subset for batch in batched for subset in batch]
    assert len(set(subsets)) == len(subsets)
    wanted = {
        frozenset(order[:k] if direction == FIRST else order[5 - k :])
        for order in orders
        for direction in directions
        for k in (range(1, 6) if sizes is None else [k for k in {1, 5, *sizes} if k <= 5])
    }
    assert {frozenset(subset) for subset in subsets} == wanted | {frozenset([name]) for name in FEATURES}
    assert all(list(subset) == sorted(subset) for subset in subsets)
    assert all(1 <= len(batch) <= per_job for batch in batched)


@given(SOME_ORDERS, SOME_DIRECTIONS, st.integers(1, 6))
def test_no_batch_has_much_more_to_fit_than_another(orders, directions, per_job):
    dealt = cumulative_subsets(orders, FEATURES, per_job, directions=directions)
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1
    # Dealt out one by one from the smallest on, so that the n-th subsets of the batches are neighbours.
    for sizes in zip(*([len(subset) for subset in batch] for batch in dealt), strict=False):
        assert list(sizes) == sorted(sizes)


@given(st.permutations(FEATURES), st.integers(1, 5))
def test_first_and_last_are_all(order, k):
    assert [*together(order, k, FIRST), *together(order, len(order) - k, LAST)] == order


def test_sizes_are_one_those_asked_for_and_all():
    assert cumulative_sizes(5) == [1, 2, 3, 4, 5]
    assert cumulative_sizes(5, [3, 9]) == [1, 3, 5]
    assert cumulative_sizes(1, [3]) == [1]


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
            {"models": {"lstm": {"hidden_size": 9}}},
            {"models": {"lstm": {"hidden_size": 8}, "lstm_b": {"hidden_size": 8, "kept_epoch": "last"}}},
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
        path.write_text("order,feature,rank,mean,sd\nx,b,2,0.5,0.1\ny,b,1,0.5,0.1\nx,a,1,0.6,\ny,a,2,0.4,0.1\n")
        assert features_in_order(path, ["x", "y"]) == {"x": ["a", "b"], "y": ["b", "a"]}
        assert features_in_order(path, ["y"]) == {"y": ["b", "a"]}

    @pytest.mark.parametrize(
        "text",
        [
            "order,feature,rank\nx,a,1\nx,b,3\n",
            "order,feature,rank\nx,a,1\nx,a,2\n",
            "order,feature,rank\nx,a,first\n",
            "feature,rank\na,1\n",
            "order,feature,rank\ny,a,1\n",
        ],
    )
    def test_that_is_none_is_told(self, tmp_path, text):
        path = tmp_path / "order.csv"
        path.write_text(text)
        with pytest.raises(InputError, match=r"order\.csv: order x: wanted a row a feature with its rank"):
            features_in_order(path, ["x"])
