"""The manifest of published files: what is refused, and that the one of this repository is sound."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flaredag.artifacts import sha256_of_file
from flaredag.errors import InputError
from flaredag.sources import SourceFile, files_by_name, files_of_form, read_manifest

MANIFEST = Path(__file__).parents[2] / "rules" / "published_sources.yaml"
ENTRY = {
    "name": "somebody/table.csv",
    "address": "https://example.org/table.csv",
    "bytes": 6,
    "sha256": "a" * 64,
    "mirror": "somebody/table.csv.gz",
    "mirror_sha256": "0123456789abcdef" * 4,
    "instrument": "sharp",
    "shard": "0",
}


def manifest_with(tmp_path: Path, *entries: dict) -> Path:
    source = {
        "title": "t",
        "form": "labelled_samples",
        "licence": "MIT",
        "citation": "c",
        "citation_key": "k",
        "files": list(entries),
    }
    path = tmp_path / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": {"somebody": source}}))
    return path


def test_a_manifest_is_read_as_it_stands(tmp_path: Path) -> None:
    sources = read_manifest(manifest_with(tmp_path, ENTRY))
    assert sources["somebody"].licence == "MIT"
    assert sources["somebody"].files == (SourceFile(**ENTRY),)
    assert files_by_name(sources) == {"somebody/table.csv": SourceFile(**ENTRY)}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sha256": "a" * 63}, "sha256: 64 digits"),
        ({"mirror_sha256": "A" * 64}, "mirror_sha256: 64 digits"),
        ({"sha256": 12}, "sha256: text .* wanted, 12 found"),
        ({"bytes": "6"}, "bytes: a whole number wanted, '6' found"),
        ({"bytes": True}, "bytes: a whole number wanted, True found"),
        ({"bytes": 0}, "positive"),
        ({"shard": 0}, "shard: text"),
        ({"instrument": ""}, "instrument: text"),
        ({"address": "ftp://example.org/table.csv"}, "address"),
        ({"address": "file:///table.csv"}, "address"),
        ({"address": "https://me:secret@example.org/table.csv"}, "without user and password"),
        ({"name": "../table.csv"}, "name: a path below its folder"),
        ({"mirror": "/table.csv.gz"}, "mirror: a path below its folder"),
        ({"sha265": "a" * 64}, "unknown: sha265"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_place(tmp_path: Path, change: dict, told: str) -> None:
    path = manifest_with(tmp_path, ENTRY, ENTRY | change)
    with pytest.raises(InputError, match=told) as refused:
        read_manifest(path)
    assert f"{path}: source somebody: file 2" in str(refused.value)
    assert "secret" not in str(refused.value)


def without(*keys: str) -> dict:
    return {name: value for name, value in ENTRY.items() if name not in keys}


@pytest.mark.parametrize("key", ["name", "address", "bytes", "sha256"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    with pytest.raises(InputError, match=f"missing: {key}"):
        read_manifest(manifest_with(tmp_path, without(key)))


@pytest.mark.parametrize("key", ["instrument", "shard"])
def test_files_of_shards_tell_instrument_and_shard_and_others_do_not(tmp_path: Path, key: str) -> None:
    with pytest.raises(InputError, match="instrument and shard are wanted of each file of form labelled_samples"):
        read_manifest(manifest_with(tmp_path, without(key)))
    path = manifest_with(tmp_path, without("instrument", "shard"))
    path.write_text(path.read_text().replace("labelled_samples", "listed_flares"))
    assert read_manifest(path)["somebody"].files[0].shard == ""
    path = manifest_with(tmp_path, without(key))
    path.write_text(path.read_text().replace("labelled_samples", "listed_flares"))
    with pytest.raises(InputError, match="instrument and shard are not wanted of form listed_flares"):
        read_manifest(path)


def test_a_mirror_has_the_file_as_it_is_where_nothing_is_said(tmp_path: Path) -> None:
    (file,) = read_manifest(manifest_with(tmp_path, without("mirror", "mirror_sha256")))["somebody"].files
    assert (file.mirror, file.mirror_sha256) == (file.name, file.sha256)


def test_a_file_may_stand_in_mirrors_alone(tmp_path: Path) -> None:
    (file,) = read_manifest(manifest_with(tmp_path, ENTRY | {"address": ""}))["somebody"].files
    assert file.address == ""


def test_a_repeated_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"repeated: somebody/table\.csv"):
        read_manifest(manifest_with(tmp_path, ENTRY, ENTRY | {"shard": "1"}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sources: 3",
        "source: {}",
        "sources: {a: 1}",
        "sources: {a: {files: []}}",
        "sources: [",
        "{",
        "\x00",
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=str(path)):
        read_manifest(path)


def test_files_are_told_apart_by_form(tmp_path: Path) -> None:
    path = manifest_with(tmp_path, ENTRY)
    content = yaml.safe_load(path.read_text())
    window = ENTRY | {"name": "window.csv"}
    content["sources"]["windows"] = content["sources"]["somebody"] | {"form": "swansf_windows", "files": [window]}
    path.write_text(yaml.safe_dump(content))
    sources = read_manifest(path)
    assert [file.name for file in files_of_form(sources, "swansf_windows")] == ["window.csv"]
    assert [file.name for file in files_of_form(sources, "labelled_samples")] == ["somebody/table.csv"]


def test_an_unknown_form_is_refused(tmp_path: Path) -> None:
    path = manifest_with(tmp_path, ENTRY)
    path.write_text(path.read_text().replace("labelled_samples", "pictures"))
    with pytest.raises(InputError, match=r"form: one of labelled_samples, .*, harp_noaa wanted, 'pictures' found"):
        read_manifest(path)


def test_an_absent_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.yaml"):
        read_manifest(tmp_path / "absent.yaml")


def test_the_manifest_of_this_repository() -> None:
    sources = read_manifest(MANIFEST)
    files = sources["zeyusun_smarp_sharp"].files
    assert {(file.instrument, file.shard) for file in files} == {
        (instrument, shard) for instrument in ("sharp", "smarp") for shard in "01234"
    }
    for file in files:
        assert file.name == f"zeyusun_smarp_sharp/d1d1be5/{file.instrument}_{file.shard}.csv"
        stem = f"{file.instrument}_{file.shard}"
        assert file.address.endswith(f"/d1d1be5f1f5e2f7452eec5ea6d9771fd6972f49a/datasets/{file.instrument}/{stem}.csv")
        assert file.mirror == f"{file.name}.gz"
    assert len({file.sha256 for file in files} | {file.mirror_sha256 for file in files}) == 20


def test_all_files_but_what_was_packed_have_a_public_address() -> None:
    files = files_by_name(read_manifest(MANIFEST)).values()
    assert [file.name for file in files if not file.address] == [
        "hmi_synoptic_small/hmi_synoptic_small_lat45_int16.npz",
        "lucaspauker_sharp12min/sharp_12min_f32.parquet",
    ]
    # What the first of them was made of.
    charts = files_of_form(read_manifest(MANIFEST), "synoptic_charts")
    assert len(charts) == 1 + 181
    assert len({file.sha256 for file in files}) == len(files)


def test_files_of_the_mirror_are_those_of_the_manifest(mirror: Path) -> None:
    # A sample: all of them are checked as they are taken.
    sources = read_manifest(MANIFEST)
    for name in ("hayesla_region_summaries", "swpc_flares_2010_2025", "fits_sharp_377_series", "harp_noaa"):
        file = sources[name].files[-1]
        assert sha256_of_file(mirror / file.mirror) == file.mirror_sha256
    whole = ("lucaspauker_sharp12min", "hek_flares_2010_2019", "goes_xrs_reports", "noaa_region_summaries")
    for name in (*whole, "hed_series", "magpardb"):
        for file in sources[name].files:
            assert sha256_of_file(mirror / file.mirror) == file.mirror_sha256
