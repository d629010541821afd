"""The rule that holds our ranking against a paper's."""

import pandas as pd

import made_up_ranking as made_up
from compare_rankings import main
from flaredag.artifacts import write_csv
from flaredag.ranking_tables import AGREEMENT_COLUMNS, CLAIM_COLUMNS, read_agreement, read_claims


def compared(folder, *, published):
    ranking, order, claims = (folder / f"{name}.csv" for name in ("ranking", "order", "claims_of_paper"))
    write_csv(ranking, made_up.ranking())
    order.write_text(made_up.PUBLISHED)
    claims.write_text(made_up.CLAIMS)
    outputs = {name: str(folder / f"{name}.csv") for name in ("agreement", "claims")}
    given = ([str(order)], [str(claims)]) if published else ([], [])
    main(str(ranking), *given, outputs, study="s", tasks=made_up.TASKS)
    return outputs


def test_agreement_and_claims_are_written(tmp_path):
    outputs = compared(tmp_path, published=True)
    agreement, claims = read_agreement(outputs["agreement"]), read_claims(outputs["claims"])
    assert agreement["spearman"].tolist() == [1, -1]
    assert claims["verdict"].tolist() == ["yes", "no", "yes", "no", "yes"]
    assert set(agreement["study"]) == set(claims["study"]) == {"s"}


def test_without_a_published_order_there_are_no_rows(tmp_path):
    outputs = compared(tmp_path, published=False)
    for name, columns in (("agreement", AGREEMENT_COLUMNS), ("claims", CLAIM_COLUMNS)):
        assert list(pd.read_csv(outputs[name])) == list(columns)
        assert pd.read_csv(outputs[name]).empty
