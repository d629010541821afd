"""The rule that audits anybody's file: findings of a clean one, an error for a leak, another future."""

import numpy as np
import pandas as pd
import pytest

from audit_samples import audit_samples, main
from flaredag.audited_samples import read_audited_samples
from flaredag.errors import InputError
from made_up_samples import made_up_rows

CUT = "2012-01-20T00:00:00Z"


@pytest.fixture
def written(tmp_path):
    """A function that writes tables as CSV files and gives the arguments of `main`."""

    def write(table, altered=None, altered_from=""):
        for name, content in (("audited", table), ("altered", altered)):
            if content is not None:
                content.to_csv(tmp_path / f"{name}.csv", index=False)
        return {
            "audited": str(tmp_path / "audited.csv"),
            "altered": [] if altered is None else [str(tmp_path / "altered.csv")],
            "audit": str(tmp_path / "audit.csv"),
            "window_hours": 24,
            "horizon_hours": 24,
            "altered_from": altered_from,
        }

    return write


def altered(table):
    later = (table["time"] > pd.Timestamp("2012-01-20")).to_numpy()
    return table.assign(
        area=np.where(later, 7.0, table["area"]), label=np.where(later, 1 - table["label"], table["label"])
    )


def test_a_clean_file(written, tmp_path):
    main(**written(made_up_rows(), altered(made_up_rows()), CUT))
    table = pd.read_csv(tmp_path / "audit.csv")
    assert list(table.columns) == ["check", "subject", "outcome", "n", "text"]
    assert set(table["outcome"]) == {"clean"}
    assert "feature_knows_the_future" in set(table["check"])


def test_a_leak_fails_and_leaves_no_file(written, tmp_path):
    leaking = made_up_rows().assign(max_class=lambda table: table["label"])
    with pytest.raises(InputError, match=r"audited.csv: 1 leaks of .*max_class equals the label"):
        main(**written(leaking))
    assert not (tmp_path / "audit.csv").exists()


def test_a_feature_that_knows_the_future_fails(written):
    table = made_up_rows()
    smoothed = table.assign(area=table["area"].rolling(5, center=True, min_periods=1).mean())
    again = altered(table)
    again = again.assign(area=again["area"].rolling(5, center=True, min_periods=1).mean())
    with pytest.raises(InputError, match=r"feature_knows_the_future.* area \("):
        main(**written(smoothed, again, CUT))


@pytest.mark.parametrize("altered_from", ["", "soon"])
def test_another_future_without_a_time(written, altered_from):
    with pytest.raises(InputError, match=r"altered_from: .* is no time; wanted when the altered future begins"):
        main(**written(made_up_rows(), made_up_rows(), altered_from))


def test_another_future_of_other_columns_or_of_samples_given_twice(written):
    table = made_up_rows()
    with pytest.raises(InputError, match="columns area are in one of the two tables alone"):
        main(**written(table, table.drop(columns="area"), CUT))
    with pytest.raises(InputError, match="samples of one region and time are there twice"):
        main(**written(table, pd.concat([table, table.head(1)]), CUT))


def test_the_function_takes_what_is_read(written):
    paths = written(made_up_rows())
    table = audit_samples(
        read_audited_samples(paths["audited"]), None, subject="x", window_hours=1, horizon_hours=1, altered_from=""
    )
    assert set(table["subject"]) == {"x"}
    assert set(table["outcome"]) == {"clean"}
