"""The rule that brings synoptic charts here, from a mirror or file by file."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import yaml

from flaredag import downloads
from flaredag.errors import InputError
from flaredag.synoptic_charts import read_charts
from made_up_charts import made_up_charts, write_fits, write_npz
from retrieve_synoptic_charts import main


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def charts():
    charts = made_up_charts((2155, 2156))
    charts.steps[:] = np.random.default_rng(3).integers(-9999, 9999, charts.steps.shape)
    charts.steps[0, 1, 2] = -32768
    return charts


@pytest.fixture
def mirror(tmp_path, charts):
    (tmp_path / "mirror" / "charts").mkdir(parents=True)
    write_npz(tmp_path / "mirror" / "charts" / "packed.npz", charts)
    return tmp_path / "mirror"


@pytest.fixture
def public(tmp_path, charts):
    """Address of a server of the two original files."""
    folder = tmp_path / "public"
    folder.mkdir()
    write_fits(folder, charts)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_proxy_no_waits(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(downloads, "BACK_OFF_SECONDS", 0.0)


def manifest_of(tmp_path, address, *, originals=True):
    def entry(path, address):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        return {"name": f"charts/{path.name}", "address": address, "bytes": len(content), "sha256": digest}

    files = [entry(tmp_path / "mirror" / "charts" / "packed.npz", "")]
    if originals:
        paths = sorted((tmp_path / "public").iterdir())
        files += [entry(path, f"{address}/{path.name}") for path in paths]
    source = {"title": "t", "form": "synoptic_charts", "licence": "l", "citation": "c", "citation_key": "k"}
    path = tmp_path / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": {"charts": source | {"files": files}}}))
    return path


def test_mirror_and_addresses_give_the_same_bytes(tmp_path, charts, mirror, public):
    manifest = manifest_of(tmp_path, public)
    main(manifest, tmp_path / "a" / "charts.nc", mirror=mirror)
    main(manifest, tmp_path / "b" / "charts.nc", mirror="")
    assert (tmp_path / "a" / "charts.nc").read_bytes() == (tmp_path / "b" / "charts.nc").read_bytes()
    np.testing.assert_array_equal(read_charts(tmp_path / "a" / "charts.nc").steps, charts.steps)
    # What had come on the way is gone.
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["charts.nc"]


def test_a_damaged_mirror_is_not_trusted(tmp_path, charts, mirror, public):
    manifest = manifest_of(tmp_path, public)
    write_npz(mirror / "charts" / "packed.npz", made_up_charts((2155, 2156)))
    main(manifest, tmp_path / "charts.nc", mirror=mirror)
    np.testing.assert_array_equal(read_charts(tmp_path / "charts.nc").steps, charts.steps)


def test_what_came_before_a_failure_is_kept(tmp_path, mirror, public):
    manifest = manifest_of(tmp_path, public)
    last = tmp_path / "public" / "hmi.Synoptic_Mr_small.2156.fits"
    content = last.read_bytes()
    last.unlink()
    with pytest.raises(InputError, match=r"Synoptic_Mr_small\.2156\.fits cannot be had"):
        main(manifest, tmp_path / "out" / "charts.nc", mirror="")
    assert not (tmp_path / "out" / "charts.nc").exists()
    last.write_bytes(content)
    (tmp_path / "public" / "hmi.Synoptic_Mr_small.2155.fits").unlink()
    main(manifest, tmp_path / "out" / "charts.nc", mirror="")
    assert (tmp_path / "out" / "charts.nc").is_file()


@pytest.mark.parametrize(
    ("given", "told"), [("", r"Mirror: none named\. It stands at no public address"), ("nowhere", "no such folder")]
)
def test_a_file_without_address_and_no_mirror(tmp_path, mirror, given, told):
    manifest = manifest_of(tmp_path, "", originals=False)
    with pytest.raises(InputError, match=told):
        main(manifest, tmp_path / "charts.nc", mirror=given and tmp_path / given)


def test_a_manifest_without_charts(tmp_path, mirror):
    manifest = manifest_of(tmp_path, "", originals=False)
    manifest.write_text(manifest.read_text().replace("synoptic_charts", "listed_flares"))
    with pytest.raises(InputError, match="names no synoptic charts"):
        main(manifest, tmp_path / "charts.nc", mirror=mirror)
