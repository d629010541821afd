"""SHARP against SMARP on a made-up archive, on one without overlap or cubes, and on the real published tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from compare_instruments import main
from flaredag.artifacts import sha256_of_file
from flaredag.fusion import FACTOR_COLUMNS, MATCHED_COLUMNS, QUANTILE_COLUMNS
from flaredag.tables import write_records
from made_up_archive import written_archive

SETTINGS = {
    "max_time_difference_minutes": 48,
    "max_longitude_deg": 70,
    "pixel_sampling_hours": 8,
    "quality_below": {"sharp": 65536, "smarp": 262144},
}
TABLES = ("matched", "regressions", "quantiles", "factors")


def compare(paths: dict[str, list[str]], folder: Path) -> dict[str, pd.DataFrame]:
    outputs = {name: str(folder / f"{name}.csv") for name in TABLES}
    of_each = [{name: paths.get(f"{name}_{kind}", []) for name in ("sharp", "smarp")} for kind in ("tables", "cubes")]
    main(*of_each, outputs, settings=SETTINGS)
    return {name: pd.read_csv(path) for name, path in outputs.items()}


def test_patches_seen_by_both_are_compared(tmp_path):
    found = compare(written_archive(tmp_path), tmp_path)
    # 60 records of each of two pairs, less the one of bad quality; 60 records take the patches from -60 to -8 degrees.
    pairs = found["matched"].groupby(["region_sharp", "region_smarp"]).size()
    assert pairs.to_dict() == {(11, 1301): 59, (12, 1302): 59}
    lines = found["regressions"].set_index("keyword")
    assert lines["n"].tolist() == [118] * 4
    assert lines.loc["usfluxl", ["slope", "pearson_r"]].tolist() == pytest.approx([1.2, 1.0], abs=1e-5)
    assert lines.loc["r_value", ["slope", "intercept"]].tolist() == pytest.approx([1.0, 0.5], abs=1e-5)
    factors = found["factors"].set_index("region_sharp")
    # SMARP's pixels are 1.1 times SHARP's, but for the steps of 0.5 G of the cubes. 60 records of 96 minutes are 12
    # times 8 hours.
    assert factors["factor"].to_numpy() == pytest.approx([1.1] * 3, abs=1e-3)
    assert factors.loc[11, ["latitude_deg", "pixels_sharp"]].tolist() == [10.0, 12 * 16 * 16]
    assert factors.loc[-1, "pixels_smarp"] == 2 * 12 * 16 * 16
    quantiles = found["quantiles"]
    assert quantiles.groupby("region_sharp").size().to_dict() == {-1: 200, 11: 200, 12: 200}
    assert (quantiles.groupby("region_sharp")["sharp_gauss"].diff().dropna() >= 0).all()


def test_images_that_one_cube_lacks_are_left_out(tmp_path):
    paths = written_archive(tmp_path)
    other = written_archive(tmp_path / "other")
    # A cube of SHARP that holds SMARP's regions has none of SHARP's.
    found = compare(paths | {"sharp_cubes": other["smarp_cubes"]}, tmp_path)
    assert len(found["matched"]) == 118
    assert found["factors"].empty
    assert list(found["quantiles"]) == list(QUANTILE_COLUMNS)


def test_without_cubes_keywords_alone_are_compared(tmp_path):
    paths = written_archive(tmp_path)
    found = compare({name: path for name, path in paths.items() if not name.endswith("cubes")}, tmp_path)
    assert len(found["matched"]) == 118
    assert list(found["factors"]) == list(FACTOR_COLUMNS)
    assert found["factors"].empty


def test_without_overlap_there_are_headers_alone(tmp_path):
    from made_up_archive import records_of

    paths = written_archive(tmp_path)
    later = records_of("smarp")
    year = np.timedelta64(365, "D")
    write_records(
        paths["smarp_tables"][0],
        later.assign(t_rec=later["t_rec"] + year, time=later["time"] + year),
        instrument="smarp",
    )
    found = compare(paths, tmp_path)
    assert list(found["matched"]) == list(MATCHED_COLUMNS)
    assert [len(found[name]) for name in TABLES] == [0, 4, 0, 0]
    assert found["regressions"]["n"].tolist() == [0] * 4
    assert found["regressions"]["slope"].isna().all()


def test_same_inputs_give_the_same_bytes(tmp_path):
    paths = written_archive(tmp_path)
    for name in ("once", "again"):
        compare(paths, tmp_path / name)
    for name in TABLES:
        once, again = (sha256_of_file(tmp_path / folder / f"{name}.csv") for folder in ("once", "again"))
        assert once == again


def test_the_published_tables_do_not_overlap(published_folds, tmp_path):
    paths = {"sharp_tables": [], "smarp_tables": []}
    for number, fold in enumerate(published_folds):
        path = tmp_path / f"{number}.nc"
        write_records(path, fold.records, instrument=fold.instrument)
        paths[f"{fold.instrument}_tables"].append(str(path))
    # SMARP ends on 2010-10-24, SHARP begins on 2010-10-29.
    assert compare(paths, tmp_path)["matched"].empty
