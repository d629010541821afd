"""The rule that ranks the features of a data set."""

import pandas as pd

import made_up_ranking as made_up
from flaredag.artifacts import write_csv
from flaredag.ranking_tables import ORDER_COLUMNS
from rank_features import rank_features


def test_the_order_is_that_of_all_batches_together(tmp_path):
    paths = []
    for i, names in enumerate((("totusjh", "usflux"), ("cdec", "chis"))):
        paths.append(str(tmp_path / f"{i}.csv"))
        write_csv(paths[-1], made_up.subset_scores({name: made_up.ALONE[name] for name in names}))
    order = rank_features(paths, made_up.FEATURES)
    assert order["feature"].tolist() == made_up.ORDER
    assert list(order) == list(ORDER_COLUMNS)
    # The order in which files are given changes nothing.
    pd.testing.assert_frame_equal(rank_features(paths[::-1], made_up.FEATURES), order)
