"""Answers kept from run to run, and which shards a later `as_of` reruns."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.kept_shards import KeptShard, RegionState, as_of_of_shard
from flaredag.shards import regions_of

COLUMNS = ("HARPNUM", "T_REC", "AREA")


def row(region: int, day: str, area: str = "1.5") -> list[str]:
    return [str(region), f"{day}_01:36:00_TAI", area]


def finished_shard(
    folder: Path, shard: int, *, as_of: str, rows: list[list[str]], instrument: str = "sharp"
) -> KeptShard:
    """A shard, all of whose numbers were asked for at once."""
    kept = KeptShard(folder / f"{instrument}-{shard}.csv", shard=shard, question="q")
    kept.keep(regions_of(shard), as_of=as_of, columns=COLUMNS, rows=rows)
    kept.finish(as_of=as_of)
    return kept


def wanted(folder: Path, shard: int, as_of: str, *, days: int = 30, instrument: str = "sharp") -> str:
    return as_of_of_shard(folder, instrument, shard, as_of=as_of, final_after_days=days)


def test_nothing_kept_everything_to_ask(tmp_path: Path) -> None:
    kept = KeptShard(tmp_path / "sharp-3.csv", shard=3, question="q")
    assert kept.regions_to_ask(regions_of(3), as_of="2012-01-01", final_after_days=30) == list(range(300, 400))
    assert kept.records(COLUMNS, as_of="2012-01-01", missing="MISSING") == []
    assert wanted(tmp_path, 3, "2012-01-01") == "2012-01-01"


@pytest.mark.parametrize(
    ("last", "settled"), [("2011-05-02", True), ("2011-05-03", False), ("2011-06-01", False), ("", False)]
)
def test_a_region_is_settled_some_days_after_its_last_record(last: str, settled: bool) -> None:
    # 30 days before 2011-06-01 is 2011-05-02.
    state = RegionState(date(2011, 6, 1), date.fromisoformat(last) if last else None)
    assert state.is_settled(final_after_days=30) is settled


def test_the_newest_answer_counts_and_older_ones_go(tmp_path: Path) -> None:
    table = tmp_path / "sharp-3.csv"
    kept = KeptShard(table, shard=3, question="q")
    kept.keep([301, 302], as_of="2011-03-01", columns=COLUMNS, rows=[row(301, "2011.02.01"), row(302, "2011.02.28")])
    kept.keep([302], as_of="2011-06-01", columns=COLUMNS, rows=[row(302, "2011.02.28", "2"), row(302, "2011.03.02")])
    again = KeptShard(table, shard=3, question="q")
    assert again.records(COLUMNS, as_of="2011-06-01", missing="") == [
        row(301, "2011.02.01"),
        row(302, "2011.02.28", "2"),
        row(302, "2011.03.02"),
    ]
    assert again.states()[302] == RegionState(date(2011, 6, 1), date(2011, 3, 2))
    kept.keep([301], as_of="2011-06-02", columns=COLUMNS, rows=[])
    kept.finish(as_of="2011-06-02")
    assert len(list(kept.folder.glob("2*.json"))) == 2
    assert len(KeptShard(table, shard=3, question="q").records(COLUMNS, as_of="2012-01-01", missing="")) == 2


def test_records_of_the_last_day_do_not_count(tmp_path: Path) -> None:
    kept = finished_shard(tmp_path, 3, as_of="2011-03-01", rows=[row(301, "2011.02.01"), row(301, "2011.02.02")])
    assert kept.records(COLUMNS, as_of="2011-02-02", missing="") == [row(301, "2011.02.01")]


def test_a_column_that_came_later_is_missing_before(tmp_path: Path) -> None:
    kept = KeptShard(tmp_path / "sharp-3.csv", shard=3, question="q")
    kept.keep([301], as_of="2011-03-01", columns=COLUMNS[:2], rows=[row(301, "2011.02.01")[:2]])
    kept.keep([302], as_of="2011-03-01", columns=COLUMNS, rows=[row(302, "2011.02.01")])
    records = kept.records(COLUMNS, as_of="2011-03-01", missing="MISSING")
    assert [record[2] for record in records] == ["MISSING", "1.5"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"question": "q"}', '{"question": "q", "as_of": "?", "regions": []}']
)
def test_what_is_no_answer_is_dropped(tmp_path: Path, content: str) -> None:
    path = tmp_path / ".sharp-3" / "2011-01-01-000301.json"
    path.parent.mkdir()
    path.write_text(content)
    assert KeptShard(tmp_path / "sharp-3.csv", shard=3, question="q").answers == {}
    assert not path.exists()


def test_answers_to_another_question_are_dropped(tmp_path: Path) -> None:
    finished_shard(tmp_path, 3, as_of="2011-03-01", rows=[row(301, "2011.02.01")])
    assert KeptShard(tmp_path / "sharp-3.csv", shard=3, question="other").answers == {}


def test_a_shard_is_final_when_a_later_number_has_old_records(tmp_path: Path) -> None:
    finished_shard(tmp_path, 3, as_of="2011-06-01", rows=[row(377, "2011.02.15")])
    assert wanted(tmp_path, 3, "2012-01-01") == "2012-01-01"  # 378 may yet come
    finished_shard(tmp_path, 5, as_of="2011-06-01", rows=[row(512, "2011.05.03")])
    assert wanted(tmp_path, 3, "2012-01-01") == "2012-01-01"  # 512 was too young
    finished_shard(tmp_path, 5, as_of="2011-06-01", rows=[row(512, "2011.05.02")])
    assert wanted(tmp_path, 3, "2012-01-01") == "2011-06-01"
    assert wanted(tmp_path, 5, "2012-01-01") == "2012-01-01"
    assert wanted(tmp_path, 3, "2011-06-01") == "2011-06-01"


def test_the_last_number_of_a_shard_makes_it_final(tmp_path: Path) -> None:
    finished_shard(tmp_path, 3, as_of="2011-06-01", rows=[row(399, "2011.02.15")])
    assert wanted(tmp_path, 3, "2012-01-01") == "2011-06-01"


def test_a_region_that_may_have_grown_reruns_its_shard(tmp_path: Path) -> None:
    finished_shard(tmp_path, 3, as_of="2011-06-01", rows=[row(399, "2011.02.15"), row(340, "2011.05.31")])
    assert wanted(tmp_path, 3, "2012-01-01") == "2012-01-01"


def test_a_shard_without_records_is_as_final_as_the_next(tmp_path: Path) -> None:
    finished_shard(tmp_path, 3, as_of="2011-06-01", rows=[])
    assert wanted(tmp_path, 3, "2012-01-01") == "2012-01-01"
    finished_shard(tmp_path, 4, as_of="2011-06-01", rows=[row(400, "2011.02.15")])
    assert wanted(tmp_path, 3, "2012-01-01") == "2011-06-01"


def test_no_region_comes_after_the_end_of_smarp(tmp_path: Path) -> None:
    for instrument in ("smarp", "sharp"):
        finished_shard(tmp_path, 139, as_of="2021-12-31", rows=[row(13901, "2010.10.20")], instrument=instrument)
    assert wanted(tmp_path, 139, "2026-01-01", instrument="smarp") == "2021-12-31"
    assert wanted(tmp_path, 139, "2026-01-01") == "2026-01-01"


def test_an_earlier_day_is_made_again_only_where_it_matters(tmp_path: Path) -> None:
    finished_shard(tmp_path, 3, as_of="2012-01-01", rows=[row(399, "2011.02.15")])
    assert wanted(tmp_path, 3, "2011-02-16") == "2012-01-01"
    assert wanted(tmp_path, 3, "2011-02-15") == "2011-02-15"


def test_a_shard_not_asked_whole_is_asked_again(tmp_path: Path) -> None:
    kept = KeptShard(tmp_path / "sharp-3.csv", shard=3, question="q")
    kept.keep([399], as_of="2011-06-01", columns=COLUMNS, rows=[row(399, "2011.02.15")])
    kept.finish(as_of="2011-06-01")
    assert wanted(tmp_path, 3, "2012-01-01") == "2012-01-01"


@pytest.mark.parametrize("content", ["", "[]", '{"as_of": 3}', '{"as_of": "2011-06-01", "regions": {"a": ["b", "c"]}}'])
def test_a_state_that_is_none_counts_as_none(tmp_path: Path, content: str) -> None:
    finished_shard(tmp_path, 3, as_of="2011-06-01", rows=[row(399, "2011.02.15")])
    (tmp_path / ".sharp-3" / "state.json").write_text(content)
    assert wanted(tmp_path, 3, "2012-01-01") == "2012-01-01"


def test_a_day_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="as_of: 'today' found"):
        wanted(tmp_path, 3, "today")


@given(
    last_day=st.integers(1, 28),
    asked=st.dates(date(2011, 2, 1), date(2011, 6, 1)),
    later=st.dates(date(2011, 6, 1), date(2012, 1, 1)),
    days=st.integers(0, 60),
)
def test_a_shard_that_is_kept_would_ask_for_no_region_with_records(
    tmp_path_factory: pytest.TempPathFactory, last_day: int, asked: date, later: date, days: int
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    kept = finished_shard(folder, 3, as_of=asked.isoformat(), rows=[row(399, f"2011.02.{last_day:02d}")])
    seen = kept.regions_to_ask([399], as_of=later.isoformat(), final_after_days=days)
    before_asked = date(2011, 2, last_day) < asked
    kept_as_it_is = wanted(folder, 3, later.isoformat(), days=days) == asked.isoformat()
    assert kept_as_it_is == (asked == later or (before_asked and not seen))
