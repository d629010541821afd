"""The animation of an explained region: its frames, colours and size."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from flaredag import explanation_animations
from flaredag.attribution_panels import NEGATIVE, POSITIVE
from flaredag.explanation_animations import LAST_FRAME_MS, write_animation
from made_up_explanations import METHODS, explanation


def frames_of(path) -> list[np.ndarray]:
    frames = []
    with Image.open(path) as image:
        for position in range(image.n_frames):
            image.seek(position)
            frames.append(np.asarray(image.convert("RGB")))
    return frames


def pixels_of(colour: str, frame: np.ndarray) -> int:
    wanted = np.rint(255 * np.array(to_rgb(colour)))
    return int((frame == wanted).all(axis=-1).sum())


def test_animation_has_all_frames_rests_on_the_last_and_is_repeated(tmp_path):
    path = tmp_path / "region.gif"
    write_animation(path, explanation(n_frames=3))
    with Image.open(path) as image:
        assert image.n_frames == 3
        assert image.info["loop"] == 0
        image.seek(2)
        assert image.info["duration"] == LAST_FRAME_MS
    first, _, last = frames_of(path)
    assert tuple(first[0, 0]) == (255, 255, 255)
    # Against the first frame as baseline there is nothing to enclose in it.
    for colour in (POSITIVE, NEGATIVE):
        assert pixels_of(colour, first) == 0
        assert pixels_of(colour, last) > 20
    assert list(tmp_path.iterdir()) == [path]


def test_same_region_same_bytes(tmp_path):
    for name in ("one.gif", "other.gif"):
        write_animation(tmp_path / name, explanation(n_frames=2))
    assert (tmp_path / "one.gif").read_bytes() == (tmp_path / "other.gif").read_bytes()


def test_a_long_sequence_is_thinned_until_the_file_is_small_and_keeps_its_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(explanation_animations, "SIZES", ((40, 9), (40, 3)))
    monkeypatch.setattr(explanation_animations, "MOST_BYTES", 1)
    shown = []
    drawn = explanation_animations.animation_frames

    def remembered(region, frames, *, dpi):
        shown.append(frames.tolist())
        return drawn(region, frames, dpi=dpi)

    monkeypatch.setattr(explanation_animations, "animation_frames", remembered)
    write_animation(tmp_path / "region.gif", explanation(n_frames=7, shape=(12, 24)))
    assert shown == [[0, 1, 2, 3, 4, 5, 6], [0, 3, 6]]
    assert len(frames_of(tmp_path / "region.gif")) == 3


def test_a_region_without_flares_methods_of_the_contours_or_second_frame_is_drawn(tmp_path):
    path = tmp_path / "region.gif"
    write_animation(path, explanation(n_frames=1, flares=(), methods=METHODS[:2], shape=(40, 16)))
    assert len(frames_of(path)) == 1
