"""The rule that brings the table of SHARP keywords here, packed or region by region."""

import hashlib
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import retrieve_sharp_table
from flaredag import downloads
from flaredag.errors import InputError
from flaredag.sharp_table import KEYWORD_OF_COLUMN, original_files, read_sharp_table
from local_server import LocalServer, running

HEADER = ",".join(["TRUE_TIME", "TIME", *KEYWORD_OF_COLUMN])
VALUES = (
    "1.5e21,49.285,69.713,72.381,44.496,-0.2,1.9e12,0.0023,132.7,7.46,4.3e11,1.05e4,4.5e22,40.1,39.8,3.697,85.126251"
)
ORIGINALS = {
    "7.csv": f"{HEADER}\n2011.02.15_01:48:00_TAI,0.0,{VALUES}\n2011.02.15_02:00:00_TAI,0.2,MISSING{VALUES[6:]}\n",
    "12.csv": f"{HEADER}\n2011.02.16_00:00:00_TAI,0.0,{VALUES}\n",
    # A region without a record.
    "9.csv": f"{HEADER}\n",
}


class Repository(LocalServer):
    """Serves the tables of the regions."""

    def __init__(self) -> None:
        super().__init__()
        self.files = {f"/data/{name}": text.encode() for name, text in ORIGINALS.items()}

    def answer(self, path: str, query: dict[str, str]) -> bytes | None:
        return self.files.get(path)


@pytest.fixture
def public(monkeypatch) -> Iterator[Repository]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(downloads, "BACK_OFF_SECONDS", 0.0)
    with running(Repository()) as server:
        address = server.address + "data/{harpnum}.csv"
        monkeypatch.setattr(
            retrieve_sharp_table, "original_files", lambda digests: original_files(digests, address=address)
        )
        yield server


@pytest.fixture
def mirror(tmp_path):
    """A mirror with the packed table of the same records."""
    folder = tmp_path / "mirror" / "somebody"
    folder.mkdir(parents=True)
    value = dict(zip(KEYWORD_OF_COLUMN, map(float, VALUES.split(",")), strict=True))
    times = pd.to_datetime(["2011-02-15 01:48", "2011-02-15 02:00", "2011-02-16 00:00"]).astype("datetime64[ms]")
    table = pd.DataFrame({"HARPNUM": [7, 7, 12], "T_REC": times} | value)
    table = table.astype(dict.fromkeys(KEYWORD_OF_COLUMN, "float32") | {"HARPNUM": "int32"})
    table.loc[1, "USFLUX"] = float("nan")
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), folder / "table.parquet")
    return tmp_path / "mirror"


def manifest_of(tmp_path, mirror):
    content = (mirror / "somebody" / "table.parquet").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    file = {"name": "somebody/table.parquet", "address": "", "bytes": len(content), "sha256": digest}
    source = {"title": "t", "form": "sharp_table", "licence": "l", "citation": "c", "citation_key": "k"}
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump({"sources": {"somebody": source | {"files": [file]}}}))
    lines = [
        f"{name[:-4]},{len(text)},{hashlib.sha256(text.encode()).hexdigest()}\n" for name, text in ORIGINALS.items()
    ]
    (tmp_path / "digests.csv").write_text("HARPNUM,bytes,sha256\n" + "".join(lines))
    return tmp_path / "sources.yaml", tmp_path / "digests.csv"


def retrieved(tmp_path, manifest, *, mirror) -> pd.DataFrame:
    path = tmp_path / "raw" / "table.parquet"
    retrieve_sharp_table.main(*manifest, path, mirror=mirror)
    # What had come on the way is gone.
    assert [path.name for path in path.parent.iterdir()] == ["table.parquet"]
    records, rejected = read_sharp_table(path)
    assert not rejected
    return records


def test_mirror_and_addresses_give_the_same_records(tmp_path, mirror, public):
    manifest = manifest_of(tmp_path, mirror)
    packed = retrieved(tmp_path / "a", manifest, mirror=mirror)
    assert public.requests == []
    fetched = retrieved(tmp_path / "b", manifest, mirror="")
    assert sorted(public.requests) == [f"/data/{name}" for name in sorted(ORIGINALS)]
    pd.testing.assert_frame_equal(fetched, packed, check_exact=True)
    assert fetched["region"].tolist() == [7, 7, 12]
    assert fetched["usflux"].tolist() == pytest.approx([1.5e21, float("nan"), 1.5e21], nan_ok=True, rel=1e-7)


def test_packing_again_gives_the_same_bytes(tmp_path, mirror, public):
    manifest = manifest_of(tmp_path, mirror)
    for name in "ab":
        retrieved(tmp_path / name, manifest, mirror="")
    one, other = ((tmp_path / name / "raw" / "table.parquet").read_bytes() for name in "ab")
    assert one == other


def test_a_damaged_mirror_is_not_trusted(tmp_path, mirror, public):
    manifest = manifest_of(tmp_path, mirror)
    (mirror / "somebody" / "table.parquet").write_bytes(b"PAR1")
    assert retrieved(tmp_path, manifest, mirror=mirror)["region"].tolist() == [7, 7, 12]


def test_what_came_before_a_failure_is_kept(tmp_path, mirror, public):
    manifest = manifest_of(tmp_path, mirror)
    gone = public.files.pop("/data/9.csv")
    with pytest.raises(InputError, match=r"9\.csv cannot be had"):
        retrieved(tmp_path, manifest, mirror="")
    assert not (tmp_path / "raw" / "table.parquet").exists()
    public.files["/data/9.csv"] = gone
    public.requests.clear()
    retrieved(tmp_path, manifest, mirror="")
    assert public.requests == ["/data/9.csv"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("01:48:00_TAI", "01:48:00Z"), r"column TRUE_TIME: record 1 is .*; wanted a T_REC such as"),
        (("1.5e21", "much"), "column USFLUX: record 1 is 'much'"),
        (("USFLUX", "FLUX"), "column USFLUX missing"),
    ],
)
def test_a_table_of_another_form_is_told(tmp_path, mirror, public, monkeypatch, change, told):
    text = ORIGINALS["7.csv"].replace(*change, 1)
    public.files["/data/7.csv"] = text.encode()
    monkeypatch.setitem(ORIGINALS, "7.csv", text)
    with pytest.raises(InputError, match=told):
        retrieved(tmp_path, manifest_of(tmp_path, mirror), mirror="")
    assert not (tmp_path / "raw" / "table.parquet").exists()


def test_a_mirror_that_is_no_folder_and_a_manifest_without_the_table(tmp_path, mirror, public):
    manifest, digests = manifest_of(tmp_path, mirror)
    with pytest.raises(InputError, match="no such folder"):
        retrieved(tmp_path, (manifest, digests), mirror=tmp_path / "nowhere")
    manifest.write_text(manifest.read_text().replace("sharp_table", "listed_flares"))
    with pytest.raises(InputError, match="0 files of the form sharp_table; wanted one"):
        retrieved(tmp_path, (manifest, digests), mirror=mirror)
