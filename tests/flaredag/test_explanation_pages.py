"""The page of an explained region: what is in it, that it needs nothing else, and that its script is sound."""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flaredag import explanation_pages
from flaredag.errors import InputError
from flaredag.explanation_pages import page, page_data
from made_up_explanations import METHODS, explanation

TEMPLATE = (Path(__file__).parents[2] / "scripts" / "explanation.html").read_text(encoding="utf-8")
VOID = {"meta", "img", "input", "br", "link"}
SELF_CLOSED = {"path"}


class Elements(HTMLParser):
    """Elements with their attributes, text, and scripts; every element must be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text, self.scripts = "", []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in SELF_CLOSED
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif not self.open or self.open[-1] != "style":
            self.text += data

    def named(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.elements if name == tag]


def image_of(uri: str) -> Image.Image:
    head, _, content = uri.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def data_of(html: str) -> dict:
    (text,) = [script for script in Elements(html).scripts if script.startswith("{")]
    return json.loads(text)


@pytest.fixture(scope="module")
def html() -> str:
    return page(explanation(), TEMPLATE)


def test_page_is_well_formed_and_all_places_are_filled(html):
    elements = Elements(html)
    assert html.startswith("<!doctype html>")
    assert "%%" not in html
    assert elements.named("html") == [{"lang": "en"}]
    ids = [attrs["id"] for _, attrs in elements.elements if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_page_needs_nothing_from_outside(html):
    elements = Elements(html)
    assert not [tag for tag, _ in elements.elements if tag in ("link", "iframe", "object", "a", "base")]
    assert not [attrs for _, attrs in elements.elements if {"src", "href", "srcset"} & set(attrs)]
    # The only address is the name of a vocabulary, which is not fetched.
    assert html.replace("http://www.w3.org/2000/svg", "").count("://") == 0
    assert "url(" not in html
    (policy,) = [attrs["content"] for attrs in elements.named("meta") if "http-equiv" in attrs]
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_page_says_what_it_shows(html):
    text = " ".join(Elements(html).text.split())
    assert "SHARP 377 · NOAA 11158" in text
    assert "a made-up Sun · 6 magnetograms from 2011-02-13 17:34 UTC to 2011-02-14 01:34 UTC SIMULATED" in text
    assert "which has never seen this region" in text
    assert "The data are simulated" in text
    assert "Model cnn, fold 2" in text
    # The table of all figures: the last frame, and M6.6 at 9 h.
    assert "2011-02-14 01:34 UTC 0.937 1".replace(" ", "") in text.replace(" ", "")
    assert "2011-02-14 02:34 UTC M6.60".replace(" ", "") in text.replace(" ", "")
    observed = page(explanation(simulated=False, flares=()), TEMPLATE)
    assert "simulated" not in observed.lower()
    assert "No flare in this time." in observed


def test_every_control_has_a_name_and_the_chart_a_text(html):
    elements = Elements(html)
    for attrs in elements.named("button"):
        assert attrs["aria-label"]
    (slider,) = [attrs for attrs in elements.named("input") if attrs["id"] == "frame"]
    assert slider["aria-label"] == "Frame"
    (chart,) = [attrs for attrs in elements.named("svg") if attrs.get("id") == "chart"]
    assert chart["role"] == "img"
    assert "0.08 in the first frame, 0.94 in the last" in chart["aria-label"]
    assert "Flares until a day after it: 3, the largest X2.20." in chart["aria-label"]
    assert all("alt" in attrs for attrs in elements.named("img"))


def test_label_that_is_not_known_is_explained_only_where_there_is_one(html):
    assert "label not known</span>" not in html
    assert "label not known</span>" in page(explanation(labels=(-1, 0, 0, 1, 1, 1)), TEMPLATE)


def test_text_is_escaped():
    wicked = '</script><script>alert("x")</script><b>&'
    html = page(
        replace(explanation(), archive_title=wicked, noaa_ars=wicked, model=wicked, instrument=wicked), TEMPLATE
    )
    elements = Elements(html)
    assert not elements.named("b")
    assert len(elements.named("script")) == len(Elements(page(explanation(), TEMPLATE)).named("script"))
    assert wicked in elements.text
    assert data_of(html)["name"] == f"{wicked.upper()} 377 · NOAA {wicked}"


def test_data_of_the_script_are_those_of_the_region(html):
    region, data = explanation(), data_of(html)
    assert data == json.loads(json.dumps(page_data(region)))
    assert [frame["probability"] for frame in data["frames"]] == pytest.approx(region.probability, abs=5e-5)
    assert [frame["label"] for frame in data["frames"]] == [0, 0, 0, 1, 1, 1]
    # 2011-02-13 17:34:24 UTC: 15018 days and 63264 s since 1970.
    assert data["frames"][0]["seconds"] == 15018 * 86400 + 63264
    assert data["frames"][1]["seconds"] - data["frames"][0]["seconds"] == 96 * 60
    assert (data["width"], data["height"]) == (96, 48)
    assert [method["name"] for method in data["methods"]] == list(METHODS)
    assert data["first_method"] == "integrated_gradients.first"
    assert [flare["text"] for flare in data["flares"]] == [
        "C3.00, 2011-02-13 19:34 UTC",
        "M6.60, 2011-02-14 02:34 UTC",
        "X2.20, 2011-02-14 20:34 UTC",
    ]
    assert [flare["power"] for flare in data["flares"]] == pytest.approx([-5.523, -4.180, -3.658])
    assert data["powers"] == [-6, -5, -4, -3]
    assert data["letters"]["-4"] == "X"


def test_ticks_are_at_whole_hours_and_midnight_has_its_date(html):
    data = data_of(html)
    # 8 h and a day after them: 32 h, ticks every 6 h.
    assert data["tick_seconds"] == 6 * 3600
    assert [tick["text"] for tick in data["ticks"]] == ["18:00", "Feb 14", "06:00", "12:00", "18:00", "Feb 15"]
    assert data["ticks"][1]["seconds"] == 15019 * 86400


def test_magnetogram_has_north_up_saturates_and_shows_what_is_missing():
    region = explanation(shape=(4, 6), n_frames=1)
    gauss = np.zeros((1, 4, 6), dtype=np.float32)
    gauss[0, 0], gauss[0, 3], gauss[0, 1, 2] = 900.0, -900.0, np.nan
    image = image_of(page_data(replace(region, magnetogram=gauss))["frames"][0]["image"]).convert("RGB")
    assert image.size == (6, 4)
    # The first row is south: white, at the foot.
    assert image.getpixel((0, 3)) == (255, 255, 255)
    assert image.getpixel((0, 0)) == (0, 0, 0)
    assert image.getpixel((2, 2)) == (0xD9, 0xC7, 0xA3)
    grey = image.getpixel((0, 1))
    assert len(set(grey)) == 1
    assert abs(grey[0] - 127.5) <= 3


def test_map_is_clear_where_it_is_zero_red_above_and_blue_below():
    region = explanation(shape=(4, 6), n_frames=2, cnn_pixels=4, methods=("occlusion",))
    maps = np.zeros((1, 2, 4, 4), dtype=np.float32)
    maps[0, 0, 0, 0], maps[0, 0, 3, 3], maps[0, 1, 0, 0] = 2.0, -2.0, 1.0
    images = page_data(replace(region, attribution_cnn=maps))["methods"][0]["images"]
    first, second = (image_of(uri).convert("RGBA") for uri in images)
    assert first.getpixel((0, 3)) == (0xE4, 0x11, 0x1E, 255)
    assert first.getpixel((3, 0)) == (0x1F, 0x5B, 0xFF, 255)
    assert first.getpixel((1, 1))[3] == 0
    # Half as much in another frame is half as opaque: the scale is that of all frames.
    assert second.getpixel((0, 3))[3] == pytest.approx(127.5, abs=8)


def test_contours_are_in_pixels_from_the_upper_left_corner():
    region = explanation(shape=(40, 80), n_frames=1, methods=("occlusion",))
    maps = np.zeros((1, 1, 40, 80), dtype=np.float32)
    maps[0, 0, 10, 60] = 1.0
    positive, negative = page_data(replace(region, attribution=maps))["methods"][0]["contours"][0]
    points = np.array([point.split() for point in positive.removeprefix("M").split("L")], dtype=float)
    # The middle of the pixel in column 60 and in row 10 from the south, of 40.
    assert points.mean(axis=0) == pytest.approx([60.5, 29.5], abs=0.3)
    assert negative == ""


def test_a_map_of_nothing_has_neither_colour_nor_contours(html):
    of_method = {method["name"]: method for method in data_of(html)["methods"]}["grad_cam_5"]
    assert of_method["contours"] == [["", ""]] * 6
    assert np.asarray(image_of(of_method["images"][-1]).convert("RGBA"))[..., 3].max() == 0


def test_a_page_that_would_be_large_has_smaller_images(monkeypatch):
    region = explanation(shape=(120, 240), n_frames=2)
    assert image_of(page_data(region)["frames"][0]["image"]).size == (240, 120)
    monkeypatch.setattr(explanation_pages, "MOST_CHARACTERS", 1)
    data = page_data(region)
    assert image_of(data["frames"][0]["image"]).size == (140, 70)
    assert data["width"] == 240


def test_a_template_with_an_unknown_place_is_named():
    with pytest.raises(InputError, match=r"place 'nothing' is not known; known are title,"):
        page(explanation(shape=(4, 8), n_frames=1, methods=("occlusion",)), "<h1>%%{nothing}</h1>")


@pytest.mark.skipif(shutil.which("node") is None, reason="no node to read the page's script")
def test_script_is_valid_javascript(html, tmp_path):
    (script,) = [script for script in Elements(html).scripts if not script.startswith("{")]
    (tmp_path / "page.js").write_text(script)
    checked = subprocess.run(
        ["node", "--check", str(tmp_path / "page.js")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
