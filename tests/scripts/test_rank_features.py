"""The rule that ranks the features of a data set."""

import pandas as pd

import made_up_ranking as made_up
from flaredag.artifacts import write_csv
from flaredag.feature_subsets import features_in_order
from flaredag.ranking_settings import orders_of
from flaredag.ranking_tables import ORDER_COLUMNS
from rank_features import main, rank_features


def test_the_order_is_that_of_all_batches_together(tmp_path):
    paths = []
    for i, names in enumerate((("totusjh", "usflux"), ("cdec", "chis"))):
        paths.append(str(tmp_path / f"{i}.csv"))
        write_csv(paths[-1], made_up.subset_scores({name: made_up.ALONE[name] for name in names}))
    written = []
    # The order in which files are given changes nothing.
    for given in (paths, paths[::-1]):
        ranking = tmp_path / "ranking.csv"
        main(given, str(ranking), features=made_up.FEATURES, settings=made_up.SETTINGS)
        assert features_in_order(ranking, ["tss"]) == {"tss": made_up.ORDER}
        written.append(ranking.read_bytes())
    assert written[0] == written[1]


def test_every_order_has_its_rows():
    table = rank_features(made_up.removal_scores(), made_up.REMOVED_FEATURES, orders_of(made_up.REMOVAL))
    assert list(table) == list(ORDER_COLUMNS)
    found = table[["order", "rank", "feature"]].to_records(index=False).tolist()
    assert found == [
        *[("tss", 1, "r_value"), ("tss", 2, "usflux"), ("tss", 3, "area_acr")],
        *[("bss", 1, "usflux"), ("bss", 2, "r_value"), ("bss", 3, "area_acr")],
    ]
    pd.testing.assert_series_equal(table["mean"], pd.Series([0.7, 0.5, 0.2, 0.3, 0.2, 0.0], name="mean"))
