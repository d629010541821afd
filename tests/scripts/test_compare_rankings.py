"""The rule that holds our ranking against a paper's."""

import pandas as pd
import pytest

import made_up_ranking as made_up
from compare_rankings import main
from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.ranking_tables import AGREEMENT_COLUMNS, CLAIM_COLUMNS, read_agreement, read_claims


def compared(folder, table, texts, settings):
    ranking, order, claims = (folder / f"{name}.csv" for name in ("ranking", "order", "claims_of_paper"))
    write_csv(ranking, table)
    for path, text in zip((order, claims), texts, strict=False):
        path.write_text(text)
    outputs = {name: str(folder / f"{name}.csv") for name in ("agreement", "claims")}
    given = ([str(order)], [str(claims)]) if texts else ([], [])
    main(str(ranking), *given, outputs, study="s", settings=settings)
    return outputs


def test_agreement_and_claims_are_written(tmp_path):
    outputs = compared(tmp_path, made_up.ranking(), [made_up.PUBLISHED, made_up.CLAIMS], made_up.SETTINGS)
    agreement, claims = read_agreement(outputs["agreement"]), read_claims(outputs["claims"])
    assert agreement["spearman"].tolist() == [1, -1]
    assert claims["verdict"].tolist() == ["yes", "no", "yes", "no", "yes"]
    assert set(agreement["study"]) == set(claims["study"]) == {"s"}


def test_each_order_is_held_against_its_own(tmp_path):
    texts = [made_up.REMOVAL_PUBLISHED, made_up.REMOVAL_CLAIMS]
    outputs = compared(tmp_path, made_up.removal(), texts, made_up.REMOVAL)
    agreement, claims = read_agreement(outputs["agreement"]), read_claims(outputs["claims"])
    assert agreement[["order", "n_published", "n_first_shared"]].to_numpy().tolist() == [["tss", 2, 1], ["bss", 1, 0]]
    assert claims["order"].tolist() == ["tss", "bss", *["tss"] * 5]
    assert claims["verdict"].tolist() == ["yes", "no", "yes", "no", "yes", "yes", "yes"]


def test_without_a_published_order_there_are_no_rows(tmp_path):
    outputs = compared(tmp_path, made_up.ranking(), [], made_up.SETTINGS)
    for name, columns in (("agreement", AGREEMENT_COLUMNS), ("claims", CLAIM_COLUMNS)):
        assert list(pd.read_csv(outputs[name])) == list(columns)
        assert pd.read_csv(outputs[name]).empty


def test_an_order_that_the_study_does_not_have_is_told(tmp_path):
    texts = [made_up.REMOVAL_PUBLISHED, made_up.REMOVAL_CLAIMS]
    with pytest.raises(InputError, match=r"order\.csv: order bss; the study's `ranking` has tss"):
        compared(tmp_path, made_up.ranking(), texts, made_up.SETTINGS)
