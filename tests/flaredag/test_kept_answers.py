"""Answers kept from run to run."""

from datetime import date

from flaredag.kept_answers import KeptAnswers

DAY = date(2014, 3, 9)


def kept(tmp_path, as_of, final_after_days=60):
    return KeptAnswers(tmp_path / "2014_SRS.tar.gz", as_of=as_of, final_after_days=final_after_days)


def test_nothing_is_made_before_there_is_an_answer(tmp_path):
    assert kept(tmp_path, "2014-04-01").get("a", last_day=DAY) is None
    assert list(tmp_path.iterdir()) == []


def test_answer_of_the_same_question_serves_again(tmp_path):
    kept(tmp_path, "2014-04-01").keep("a", b"text")
    assert [path.name for path in tmp_path.iterdir()] == [".2014_SRS.tar.gz.answers"]
    again = kept(tmp_path, "2014-04-01")
    assert again.get("a", last_day=DAY) == b"text"
    assert again.get("b", last_day=DAY) is None


def test_answer_asked_before_it_was_final_is_asked_again(tmp_path):
    # The day ended on March 10; 60 days later is May 9.
    for as_of, serves in (("2014-05-08", None), ("2014-05-09", b"text")):
        folder = tmp_path / as_of
        kept(folder, as_of).keep("a", b"text")
        assert kept(folder, "2014-08-01").get("a", last_day=DAY) == serves


def test_newer_answer_serves_an_older_question(tmp_path):
    kept(tmp_path, "2014-04-01").keep("a", b"text")
    assert kept(tmp_path, "2014-03-20").get("a", last_day=DAY) == b"text"


def test_new_answer_takes_the_place_of_the_old(tmp_path):
    kept(tmp_path, "2014-04-01").keep("a", b"old")
    later = kept(tmp_path, "2014-04-02")
    later.keep("a", b"new")
    later.keep("a", b"newest")
    assert [path.name for path in later.folder.iterdir()] == ["a@2014-04-02"]
    assert kept(tmp_path, "2014-04-02").get("a", last_day=DAY) == b"newest"


def test_what_a_killed_run_left_half_written_is_no_answer(tmp_path):
    before = kept(tmp_path, "2014-04-01")
    before.keep("a", b"text")
    (before.folder / ".b@2014-04-01.x1y2.part").write_bytes(b"half")
    after = kept(tmp_path, "2014-04-01")
    assert after.get("b", last_day=DAY) is None
    assert [path.name for path in after.folder.iterdir()] == ["a@2014-04-01"]
