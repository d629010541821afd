from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.explanations import write_bipoles, write_explanation
from flaredag.plots_bipoles import SWEPT
from made_up_explanations import bipoles, explanation
from plot_explanations import OF_BIPOLES, OF_REGIONS, main

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def explained(tmp_path_factory) -> dict[str, list[str] | str]:
    """Two explained regions, explained bipoles and their sweep by two networks."""
    folder = tmp_path_factory.mktemp("explained")
    regions = []
    for region in (12, 377):
        regions.append(str(folder / f"sharp-{region}.nc"))
        write_explanation(regions[-1], explanation(region, n_frames=3))
    of_bipoles = bipoles(methods=("integrated_gradients.zero", "occlusion"))
    write_bipoles(folder / "bipoles.nc", of_bipoles)
    table = pd.DataFrame({name: getattr(of_bipoles, name) for name in SWEPT})
    table = pd.concat([table.assign(seed=seed, probability=of_bipoles.probability) for seed in (0, 1)])
    table.to_csv(folder / "bipoles.csv", index=False)
    return {
        "explanations": regions,
        "bipoles": str(folder / "bipoles.nc"),
        "sweep": str(folder / "bipoles.csv"),
    }


def test_every_kind_is_drawn_and_another_process_writes_the_same_bytes(explained, tmp_path):
    kinds = (OF_BIPOLES, *OF_REGIONS)
    figures = [tmp_path / f"{kind}.svg" for kind in kinds]
    for kind, figure in zip(kinds, figures, strict=True):
        main(**explained, figure=figure, kind=kind, mark="SIMULATED")
        assert figure.read_text().startswith("<?xml")
    assert sorted(tmp_path.iterdir()) == sorted(figures)
    code = (
        "from plot_explanations import main\n"
        f"for kind in {kinds!r}:\n"
        f"    main(**{explained!r}, figure={str(tmp_path)!r} + '/other_' + kind, kind=kind, mark='SIMULATED')\n"
    )
    environment = os.environ | {"PYTHONHASHSEED": "123", "PYTHONPATH": str(SCRIPTS)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    for kind, figure in zip(kinds, figures, strict=True):
        assert (tmp_path / f"other_{kind}").read_bytes() == figure.read_bytes()


def test_an_unknown_kind_is_named(explained, tmp_path):
    with pytest.raises(InputError, match=r"no figure 'explained_nothing'.*explained_bipoles, explained_prob"):
        main(**explained, figure=tmp_path / "figure.svg", kind="explained_nothing", mark="")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("amplitude_gauss,separation_deg\n1,2\n", "column tilt_deg, probability missing"),
        ("amplitude_gauss,separation_deg,tilt_deg,probability\n1,2,3,x\n", "record 1 is 'x'"),
    ],
)
def test_a_bad_sweep_is_named_and_nothing_written(explained, tmp_path, text, said):
    bad = tmp_path / "bad.csv"
    bad.write_text(text)
    with pytest.raises(InputError, match=rf"bad\.csv: .*{said}"):
        main(**explained | {"sweep": bad}, figure=tmp_path / "figure.svg", kind=OF_BIPOLES, mark="")
    assert list(tmp_path.iterdir()) == [bad]
