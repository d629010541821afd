"""The summary of a made-up archive, of one without cubes and lists, and its bytes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from flaredag.artifacts import read_json, sha256_of_file
from flaredag.errors import InputError
from made_up_archive import written_archive
from summarise_archive import files_by_kind, main


def summarise(paths: dict[str, list[str]], folder: Path) -> dict[str, str]:
    outputs = {"coverage": str(folder / "coverage.csv"), "archive": str(folder / "archive.json")}
    counts, rejected = (files_by_kind(paths, suffix) for suffix in ("_counts", "_rejected"))
    main(paths["tables"], paths["cubes"], paths["flares"], counts, rejected, paths["disagreements"], outputs)
    return outputs


def test_an_archive_is_summarised(tmp_path):
    outputs = summarise(written_archive(tmp_path), tmp_path)
    summary = read_json(outputs["archive"])
    sharp = {"records": 180, "regions": 3, "images": 180, "first": "2010-05-31", "last": "2010-06-04"}
    assert summary["instruments"]["sharp"] == sharp
    assert summary["flares"] == {"below_c": 1, "C": 1, "M": 1, "X": 1, "first": "2010-06-02", "last": "2010-07-01"}
    assert summary["counts"]["tables"]["smarp"] == {"records_read": 181, "records_repeated": 1, "regions": 3}
    (reason,) = summary["rejections"]["tables"]
    assert (reason["reason"], reason["n"]) == ("T_REC is no time", 2)
    disagreements = summary["disagreements"]
    assert disagreements["kinds"] == {"class": {"ncei": 1}, "missing": {"hek": 1}, "region": {"ncei": 1}}
    assert [one["goes_class"] for one in disagreements["examples"]] == ["M1.0", "C1.2", ""]
    # The first of 60 records is 34 s before June.
    table = pd.read_csv(outputs["coverage"]).query("instrument == 'sharp'").set_index("month")
    assert table.loc["2010-05", ["records", "regions", "images"]].tolist() == [3, 3, 3]
    assert table.loc["2010-06", ["records", "regions", "images"]].tolist() == [177, 3, 177]


def test_an_archive_without_cubes_rejections_and_second_list(tmp_path):
    paths = written_archive(tmp_path)
    bare = {name: paths[name] for name in ("tables", "flares", "tables_counts")} | {"cubes": [], "disagreements": []}
    outputs = summarise(bare, tmp_path)
    summary = read_json(outputs["archive"])
    assert summary["instruments"]["sharp"]["images"] == 0
    assert summary["rejections"] == {}
    assert summary["disagreements"] is None
    assert list(summary["counts"]) == ["tables"]
    images = pd.read_csv(outputs["coverage"])["images"].dropna()
    assert images.tolist() == [0] * 4


def test_same_inputs_give_the_same_bytes(tmp_path):
    paths = written_archive(tmp_path)
    once, again = summarise(paths, tmp_path / "once"), summarise(paths, tmp_path / "again")
    for name, path in once.items():
        assert sha256_of_file(path) == sha256_of_file(again[name])


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("disagreements", "kind,peak_time\n", "goes.disagreements.csv: column list_a"),
        ("tables_counts", '{"read": "many"}', "wanted an object of whole numbers"),
        ("cubes", "no zip", "not readable as a cube"),
    ],
)
def test_a_bad_input_is_told_and_nothing_written(tmp_path, kind, text, told):
    paths = written_archive(tmp_path)
    Path(paths[kind][0]).write_text(text)
    with pytest.raises(InputError, match=told):
        summarise(paths, tmp_path / "out")
    assert not (tmp_path / "out").exists()
