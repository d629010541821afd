"""The file of facts on shipped tables: what is refused, and that those of this repository are sound."""

from __future__ import annotations

import math

import pytest

import made_up_shipped as made_up
from flaredag.errors import InputError
from flaredag.keyword_ranges import KEYWORDS
from flaredag.score_tables import TOLD_CATEGORICAL
from flaredag.shipped_tables import read_shipped_tables


def read(tmp_path, change=lambda content: None):
    content = made_up.facts()
    change(content)
    return read_shipped_tables(made_up.written_facts(tmp_path / "facts.yaml", content))


def test_facts_are_read_as_they_stand(tmp_path):
    facts = read(tmp_path)
    assert facts.files() == ["liu/samples.csv", "liu/forecasts.csv"]
    assert facts.new_names == {"R_VALUE": "USFLUX", "USFLUX": "TOTUSJH"}
    assert facts.tables["C"].threshold == 0.5
    assert facts.tables["C"].statistics["mean"] == [1e22, 0.0, 2.5, 700.0]


def test_a_table_may_have_samples_alone(tmp_path):
    def change(content):
        content["tables"]["A"] = {"samples": "liu/samples.csv", "least_class": "M5.0", "has_new_names": True}

    facts = read(tmp_path, change)
    assert (facts.tables["A"].forecasts, facts.tables["A"].statistics) == ("", {})
    assert math.isnan(facts.tables["A"].threshold)
    assert facts.files() == ["liu/samples.csv", "liu/forecasts.csv"], "each file once"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("least_class", None, r"table C: missing: least_class"),
        ("least_clas", "C1.0", r"table C: unknown: least_clas"),
        ("has_new_names", "no", r"table C: has_new_names: true or false wanted, 'no' found"),
        ("threshold", 1.5, r"table C: forecasts 'liu/forecasts.csv' and threshold 1.5; wanted both"),
        ("threshold", "half", r"table C: threshold: a number wanted"),
        ("threshold", None, r"table C: forecasts 'liu/forecasts.csv' and threshold nan; wanted both"),
        ("forecasts", None, r"table C: forecasts '' and threshold 0.5; wanted both"),
        ("statistics", {"mean": [1.0]}, r"table C: statistics: lists of as many numbers wanted: mean"),
        ("published", {"accuracy": [0.8]}, r"table C: published: accuracy: mean and standard deviation wanted"),
    ],
)
def test_a_wrong_key_of_a_table_is_told(tmp_path, key, value, told):
    def change(content):
        table = content["tables"]["C"]
        table.pop(key, None)
        if value is not None:
            table[key] = value

    with pytest.raises(InputError, match=told):
        read(tmp_path, change)


def test_statistics_of_different_lengths_are_refused(tmp_path):
    def change(content):
        content["tables"]["C"]["statistics"]["lowest"] = [0.0]

    with pytest.raises(InputError, match="lists of as many numbers wanted"):
        read(tmp_path, change)


def test_other_faults_of_the_file_are_told(tmp_path):
    with pytest.raises(InputError, match=r"split_years: testing: first and last year wanted, 2015 found"):
        read(tmp_path, lambda content: content["split_years"].update(testing=2015))
    with pytest.raises(InputError, match=r"table C: a mapping with samples.* wanted, 'here' found"):
        read(tmp_path, lambda content: content["tables"].update(C="here"))
    (tmp_path / "broken.yaml").write_text("tables: [")
    with pytest.raises(InputError, match=r"broken\.yaml: cannot be read as YAML"):
        read_shipped_tables(tmp_path / "broken.yaml")
    with pytest.raises(InputError, match="cannot be read as YAML"):
        read_shipped_tables(tmp_path / "absent.yaml")


@pytest.mark.parametrize("path", sorted(made_up.PAPERS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_facts_of_this_repository_are_sound(path):
    facts = read_shipped_tables(path)
    # A renaming is a permutation but for the names at its ends, and knows every keyword.
    assert len(set(facts.new_names.values())) == len(facts.new_names)
    assert {name.lower() for name in [*facts.new_names, *facts.new_names.values()]} <= KEYWORDS.keys()
    for table in facts.tables.values():
        assert set(table.published) <= set(TOLD_CATEGORICAL)
        for lowest, mean, highest in zip(
            *(table.statistics.get(name, []) for name in ("lowest", "mean", "highest")), strict=True
        ):
            assert lowest <= mean <= highest
