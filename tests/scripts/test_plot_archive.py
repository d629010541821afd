"""Each figure of a made-up archive: drawn, the same bytes in another process, and which magnetograms are shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from compare_instruments import main as compare
from flaredag.errors import InputError
from made_up_archive import written_archive
from plot_archive import FRAME_COLUMNS, main, passages_shown, read_passages, regions_of
from summarise_archive import main as summarise

SCRIPTS = Path(__file__).parents[2] / "scripts"
FIGURES = ("coverage", "magnetograms", "regressions", "quantiles")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> dict[str, dict[str, list[str]]]:
    """Inputs of each figure."""
    folder = tmp_path_factory.mktemp("archive")
    paths = written_archive(folder)
    outputs = {
        name: str(folder / f"{name}.csv") for name in ("matched", "regressions", "quantiles", "factors", "coverage")
    }
    summary = {"coverage": outputs["coverage"], "archive": str(folder / "archive.json")}
    summarise(paths["tables"], paths["cubes"], paths["flares"], {}, {}, [], summary)
    settings = {"max_time_difference_minutes": 48, "max_longitude_deg": 70, "pixel_sampling_hours": 8}
    settings |= {"quality_below": {"sharp": 65536, "smarp": 262144}}
    of_each = [{name: paths[f"{name}_{kind}"] for name in ("sharp", "smarp")} for kind in ("tables", "cubes")]
    compare(*of_each, outputs, settings=settings)
    return {
        "coverage": {"coverage": [outputs["coverage"]]},
        "magnetograms": {name: paths[name] for name in ("cubes", "tables", "flares")},
        "regressions": {name: [outputs[name]] for name in ("matched", "regressions")},
        "quantiles": {name: [outputs[name]] for name in ("quantiles", "factors")},
    }


def draw(inputs, path: Path, figure: str) -> Path:
    main(inputs[figure], str(path), figure=figure, max_longitude_deg=70, mark="SIMULATED")
    return path


def test_the_figures_are_drawn_and_another_process_writes_the_same_bytes(inputs, tmp_path):
    paths = {figure: draw(inputs, tmp_path / f"{figure}.svg", figure) for figure in FIGURES}
    code = (
        "from plot_archive import main\n"
        f"for name, of_one in {inputs!r}.items():\n"
        f"    path = {str(tmp_path)!r} + f'/other-{{name}}.svg'\n"
        "    main(of_one, path, figure=name, max_longitude_deg=70, mark='SIMULATED')\n"
    )
    environment = os.environ | {"PYTHONHASHSEED": "123", "PYTHONPATH": str(SCRIPTS)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    for figure, path in paths.items():
        assert path.read_text().startswith("<?xml")
        assert path.read_bytes() == (tmp_path / f"other-{figure}.svg").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2 * len(FIGURES)


def test_magnetograms_are_embedded_and_small(inputs, tmp_path):
    text = draw(inputs, tmp_path / "magnetograms.svg", "magnetograms").read_text()
    # Three regions of each instrument, three frames each.
    assert text.count("data:image/png;base64") == 18
    assert len(text) < 200_000


def test_regions_shown_reach_from_the_most_to_the_least_flaring(inputs):
    passages = read_passages(inputs["magnetograms"], max_longitude_deg=70)
    named = [(passage.instrument, passage.region, passage.noaa_ars, passage.largest_flare) for passage in passages]
    # The X2.0 of NOAA 11074 is a month after its patch was seen.
    assert named[:3] == [
        ("sharp", "11", "11072", "M1.0"),
        ("sharp", "12", "11073, 11074", ""),
        ("sharp", "13", "11075", ""),
    ]
    assert [one[1] for one in named[3:]] == ["1301", "1300", "1302"]
    first = passages[0].frames
    # Records 0 and 59 are the ends; of the 59 good ones the middle is number 29, record 30 as the sixth is bad.
    times = [np.datetime64("2010-05-31T23:59:26") + n * np.timedelta64(96, "m") for n in (0, 30, 59)]
    assert [frame.time for frame in first] == times
    assert all(frame.width_to_height == 2.0 for frame in first)
    assert first[0].gauss.shape == (16, 16)


def frames(n: int, **columns: object) -> pd.DataFrame:
    start = np.datetime64("2010-06-01", "s")
    table = pd.DataFrame({"time": start + np.arange(n) * np.timedelta64(96, "m")}).assign(
        instrument="sharp", region=1, longitude_min=0.0, longitude_max=10.0, height_pixels=1, width_pixels=2
    )
    return table.assign(bad_image=False, index=np.arange(n), **columns)


def test_frames_beyond_the_limit_or_bad_are_not_shown_nor_regions_with_fewer_than_three():
    regions = regions_of(
        pd.DataFrame(
            {"instrument": "sharp", "region": [1], "noaa_ars": [""], "time": np.array(["2010-06-01"], "M8[s]")}
        )
    )
    flares = pd.DataFrame({"noaa_ar": [5], "start_time": np.array(["2010-06-01"], "M8[s]"), "goes_class": "C1.0"})
    flares = flares.assign(peak_flux=1e-6)
    table = frames(6)
    assert set(FRAME_COLUMNS) <= set(table)
    table.loc[0, "longitude_min"] = -70.1
    table.loc[5, "longitude_max"] = 70.1
    table.loc[2, "bad_image"] = True
    shown = passages_shown(table, regions, flares, max_longitude_deg=70)
    assert shown["index"].tolist() == [1, 3, 4]
    assert shown["goes_class"].tolist() == [""] * 3
    table.loc[3, "bad_image"] = True
    assert passages_shown(table, regions, flares, max_longitude_deg=70).empty


def test_an_unknown_figure_and_a_bad_table_are_told_and_nothing_written(inputs, tmp_path):
    with pytest.raises(InputError, match="figure pie: wanted coverage, magnetograms, regressions or quantiles"):
        main(inputs["coverage"], str(tmp_path / "pie.svg"), figure="pie", max_longitude_deg=70, mark="")
    table = tmp_path / "coverage.csv"
    table.write_text("instrument,month\n")
    with pytest.raises(InputError, match=r"coverage\.csv: column records"):
        main(
            {"coverage": [str(table)]}, str(tmp_path / "coverage.svg"), figure="coverage", max_longitude_deg=70, mark=""
        )
    assert list(tmp_path.iterdir()) == [table]
