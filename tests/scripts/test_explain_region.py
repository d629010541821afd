import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import explain_region
from curate_cubes import main as curate_cubes
from explain_region import main
from flaredag.attributions import METHODS, attribute, positive_probabilities, standardised, to_original_resolution
from flaredag.cubes import frame_of
from flaredag.errors import InputError
from flaredag.explanations import read_explanation
from flaredag.samples import Dataset, StudyWindows, WindowImages, read_windows, write_datasets, write_windows
from flaredag.tables import NOT_GIVEN, curated_flares, write_flares
from flaredag.windows import EVOLUTION
from made_up_networks import made_up_cnn, write_checkpoint
from patch_files import file_name, patch_fits, write_index

PIXELS = 32
TIMES = [f"2011.02.{day}_{hour:02d}:00:00_TAI" for day in (13, 14) for hour in (0, 12)]
# T_REC is TAI, which was 34 s ahead of UTC.
ISSUED = np.array([f"2011-02-{day}T{hour}:59:26" for day, hour in ((12, 23), (13, 11), (13, 23), (14, 11))], "M8[s]")
SETTINGS = {
    "instrument": "sharp",
    "region": 377,
    "dataset": "SHARP_FOLDS",
    "task": "",
    "fold": 1,
    "model": "cnn",
    "n_frames": 9,
    "horizon_hours": 24,
    "strong_class": "M1.0",
    "noaa_ars": "11158",
    "archive_title": "Made up",
    "simulated": True,
}


def image(number, shape=(130, 260)):
    """A bipole that grows, on noise."""
    x, y = np.meshgrid(np.linspace(-1, 1, shape[1]), np.linspace(-1, 1, shape[0]))
    noise = np.random.default_rng(number).normal(0, 20, shape)
    return (noise + (1 + number) * 1500 * x * np.exp(-6 * (x**2 + y**2))).round(1)


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A cube of one region of four images, the third a pixel wider; its files, flares and networks of three seeds."""
    monkeypatch.setattr("flaredag.attributions.MOST_STEPS", 50)
    images = [image(number, (130, 261 if number == 2 else 260)) for number in range(4)]
    patches = {file_name(377, t): patch_fits(one, T_REC=t) for t, one in zip(TIMES, images, strict=True)}
    index = write_index(tmp_path / "raw" / "sharp-3.json", patches)
    cube = tmp_path / "cubes" / "sharp-3.zarr.zip"
    curate_cubes(
        str(index),
        str(cube),
        str(tmp_path / "counts.json"),
        str(tmp_path / "rejected.csv"),
        instrument="sharp",
        shard=3,
        settings={"pixels": PIXELS, "sharp_to_smarp": "subsample"},
    )
    classes = {"2011-02-13T17:28": "M6.6", "2011-02-13T09:00": "C1.0", "2011-02-20T00:00": "X1.0"}
    flares = pd.DataFrame({"start_time": np.array(list(classes), "M8[s]"), "goes_class": list(classes.values())})
    nothing = {"peak_time": np.datetime64("NaT"), "end_time": np.datetime64("NaT"), "start_uncertainty": 0.0}
    flares = flares.assign(**nothing, noaa_ar=11158, instrument="", region=NOT_GIVEN, lists="")
    write_flares(tmp_path / "flares.nc", curated_flares(flares)[0])
    for seed in (0, 1, 2):
        write_checkpoint(tmp_path / f"{seed}.safetensors", {f"cnn/{seed}": made_up_cnn(seed, pixels=PIXELS)})
    return {
        "windows": None,
        "datasets": None,
        "cube": str(cube),
        "segments": str(index),
        "tables": [],
        "flares": [str(tmp_path / "flares.nc")],
        "checkpoint": str(tmp_path / "1.safetensors"),
    }


@pytest.fixture
def few_methods(monkeypatch):
    monkeypatch.setattr(explain_region, "METHODS", ("guided_backpropagation", "integrated_gradients.first"))


def explained(archive, folder, others=None, **changes):
    outputs = {"explanation": str(folder / "sharp-377.nc"), "checks": str(folder / "sharp-377.checks.csv")}
    main(archive, others or {}, outputs, settings=SETTINGS | changes)
    return read_explanation(outputs["explanation"]), pd.read_csv(outputs["checks"])


def test_a_region_of_a_cube_is_explained_by_every_method(archive, tmp_path):
    found, checks = explained(archive, tmp_path)
    assert (found.instrument, found.region, found.noaa_ars, found.model, found.fold) == (
        "sharp",
        377,
        "11158",
        "cnn",
        1,
    )
    assert found.simulated
    assert found.methods == METHODS
    # Through the strongest flare that the images cover, of 13 February 17:28; the C flare before gives no label.
    assert found.issue_time.tolist() == ISSUED[:3].tolist()
    assert found.label.tolist() == [1, 1, 0]
    assert found.flare_peak_flux.tolist() == [1e-6, 6.6e-5]
    # The last frame's size; the first are a pixel narrower.
    assert found.magnetogram.shape == (3, 130, 261)
    np.testing.assert_allclose(found.magnetogram[2], image(2, (130, 261)), atol=0.06)
    assert np.corrcoef(found.magnetogram[0][:, :260].ravel(), image(0).ravel())[0, 1] > 0.9
    seen = frame_of(image(1).astype(np.float32), instrument="sharp", pixels=PIXELS, sharp_to_smarp="subsample")
    np.testing.assert_allclose(found.magnetogram_cnn[1], seen, atol=0.31)
    network = made_up_cnn(1, pixels=PIXELS)
    images = standardised(network, found.magnetogram_cnn)
    np.testing.assert_allclose(found.probability, positive_probabilities(network.network, images))
    wanted = attribute(network.network, images, images[:1], "deep_lift.first")
    place = METHODS.index("deep_lift.first")
    np.testing.assert_array_equal(found.attribution_cnn[place], wanted)
    np.testing.assert_array_equal(found.attribution[place], to_original_resolution(wanted, (130, 261)))
    assert set(checks["subject"]) == {"sharp-377"}
    assert set(checks.query("check == 'inversion_line_concentration'")["method"]) == {"field", *METHODS}


@pytest.mark.usefixtures("few_methods")
def test_same_inputs_same_bytes(archive, tmp_path):
    content = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        explained(archive, tmp_path / name)
        content.append([path.read_bytes() for path in sorted((tmp_path / name).iterdir())])
    assert content[0] == content[1]
    assert len(content[0]) == 2


@pytest.fixture
def study(archive, tmp_path):
    """The archive with windows of regions 377 and 378, and three folds and seeds that have seen one or the other."""
    names = ["QUIET->QUIET", "QUIET->STRONG", "STRONG->STRONG", "STRONG->QUIET"] + ["QUIET->QUIET"] * 4
    evolution = np.array([EVOLUTION.index(name) for name in names], dtype=np.int8)
    n, region = 8, np.repeat([377, 378], 4)
    zero = np.zeros(n)
    images = WindowImages(
        cubes=("sharp-3",),
        cube=zero.astype(np.int16),
        frame=np.tile(np.arange(4, dtype=np.int32), 2),
        frame_digest=zero.astype(np.int64),
        mean_gauss=zero,
        mean_square_gauss2=zero,
        longitude_deg=zero.astype(np.float32),
        latitude_deg=zero.astype(np.float32),
    )
    windows = StudyWindows(
        instruments=("sharp", "smarp"),
        feature_names=("area",),
        features=zero[:, None],
        step_record=np.arange(n, dtype=np.int32)[:, None],
        instrument=zero.astype(np.int8),
        region=region.astype(np.int32),
        split_group=region.astype(np.int64),
        issue_time=np.tile(ISSUED, 2),
        evolution=evolution,
        label=np.array([0, 1, 1, -1, 0, 0, 0, 0], dtype=np.int8),
        images=images,
    )
    write_windows(tmp_path / "windows.nc", {"flare": windows})

    def fold(seed, tested):
        test, rest = np.flatnonzero(region == tested), np.flatnonzero(region != tested)
        positions = {"train": rest[:2], "validation": rest[2:], "test": test}
        return Dataset(seed, positions, np.zeros((2, 1)), np.ones((2, 1)), 0.0, 50.0)

    drawn = {"SHARP_FOLDS": [fold(0, 378), fold(1, 377)], "SHARP_ONLY": [fold(0, 377), fold(2, 378)]}
    write_datasets(tmp_path / "datasets.nc", drawn)
    return archive | {"windows": str(tmp_path / "windows.nc"), "datasets": str(tmp_path / "datasets.nc")}


@pytest.mark.usefixtures("few_methods")
def test_windows_tell_the_sequence_and_which_networks_have_not_seen_the_region(study, tmp_path):
    others = {"SHARP_ONLY": [str(tmp_path / "0.safetensors"), str(tmp_path / "2.safetensors")]}
    found, checks = explained(study, tmp_path, others)
    # From quiet to the last window before the flare.
    assert found.issue_time.tolist() == ISSUED[:2].tolist()
    assert found.label.tolist() == [0, 1]
    # Seed 0 tests the region, seed 2 has seen it: one pair of networks, on the frame that is not its own baseline.
    stable = checks.query("check == 'stability_rank_correlation'")
    assert stable["n"].tolist() == [1]


@pytest.mark.usefixtures("few_methods")
def test_flares_before_and_after_are_those_of_the_task_of_the_data_set(study, tmp_path):
    windows = read_windows(study["windows"])
    quiet = np.full_like(windows.evolution, EVOLUTION.index("QUIET->QUIET"))
    write_windows(study["windows"], {"strong": windows, "never": dataclasses.replace(windows, evolution=quiet)})
    assert explained(study, tmp_path, task="strong")[0].label.tolist() == [0, 1]
    # Without a strong flare all windows of the region are shown.
    assert explained(study, tmp_path, task="never")[0].label.tolist() == [0] * 4
    (tmp_path / "sharp-377.nc").unlink()
    with pytest.raises(InputError, match="no task ''; it has strong, never"):
        explained(study, tmp_path)
    assert not (tmp_path / "sharp-377.nc").exists()


@pytest.mark.usefixtures("few_methods")
def test_a_fold_that_has_seen_the_region_does_not_explain_it(study, tmp_path):
    archive = study | {"checkpoint": str(tmp_path / "0.safetensors")}
    with pytest.raises(
        InputError, match=r"sharp 377 is among the training or validation samples of SHARP_FOLDS, fold 0"
    ):
        explained(archive, tmp_path, fold=0)
    with pytest.raises(InputError, match=r"sharp 379: no window of it"):
        explained(study, tmp_path, region=379)
    assert not list(tmp_path.glob("sharp-37*"))


@pytest.mark.usefixtures("few_methods")
def test_tables_tell_the_noaa_numbers(archive, tmp_path, monkeypatch):
    records = pd.DataFrame(
        {"instrument": "sharp", "region": [377, 377, 376], "noaa_ars": ["11158", "11161,11158", "11150"]}
    )
    monkeypatch.setattr(explain_region, "read_records", lambda paths: records)
    found, _ = explained(archive | {"tables": ["a table"]}, tmp_path, noaa_ars="")
    assert found.noaa_ars == "11158,11161"
    assert len(found.flare_start) == 2


@pytest.mark.usefixtures("few_methods")
def test_a_region_without_noaa_number_has_no_flares_and_no_labels(archive, tmp_path):
    found, _ = explained(archive, tmp_path, noaa_ars="")
    assert found.label.tolist() == [-1] * 4
    assert len(found.flare_start) == 0


@pytest.mark.usefixtures("few_methods")
def test_networks_of_other_images_or_seeds_are_refused(archive, tmp_path):
    with pytest.raises(InputError, match=r"1\.safetensors: no cnn of seed 4; it has \[1\]"):
        explained(archive, tmp_path, fold=4)
    other = write_checkpoint(tmp_path / "64.safetensors", {"cnn/1": made_up_cnn(1, pixels=64)})
    with pytest.raises(InputError, match=r"magnetograms of \(32, 32\) pixels; the network was fitted on \(64, 64\)"):
        explained(archive | {"checkpoint": str(other)}, tmp_path)
    assert not list(tmp_path.glob("sharp-377*"))


@pytest.mark.usefixtures("few_methods")
def test_files_that_are_not_those_of_the_cube_are_refused(archive, tmp_path):
    index = tmp_path / "raw" / "sharp-3.json"
    first = file_name(377, TIMES[0])
    content = json.loads(index.read_text())
    (index.with_suffix("") / first).unlink()
    with pytest.raises(InputError, match=rf"sharp-3\.json: {first}: file missing"):
        explained(archive, tmp_path)
    content["files"] = [entry for entry in content["files"] if entry["name"] != first]
    index.write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"does not list {first}"):
        explained(archive, tmp_path)


@pytest.mark.usefixtures("few_methods")
def test_the_cube_of_another_shard_is_refused(study, tmp_path):
    moved = tmp_path / "sharp-4.zarr.zip"
    Path(study["cube"]).rename(moved)
    with pytest.raises(InputError, match=r"sharp-4\.zarr\.zip: the magnetograms of sharp 377 are in sharp-3"):
        explained(study | {"cube": str(moved)}, tmp_path)


@pytest.mark.usefixtures("few_methods")
def test_real_magnetograms_of_harp_377_are_explained_through_the_x_flare(archive, tmp_path, mirror):
    folder = mirror / "fits_sharp_377_series"
    stamps = ("20110213_000000", "20110214_120000", "20110215_010000", "20110215_020000", "20110215_030000")
    names = [f"hmi.sharp_cea_720s.377.{stamp}_TAI.magnetogram.fits" for stamp in stamps]
    found = {name: folder / name for name in names if (folder / name).is_file()}
    if len(found) < len(names):
        pytest.skip(f"{folder}: lacks some of {names}")
    index, cube = write_index(tmp_path / "real" / "sharp-3.json", found), tmp_path / "real" / "sharp-3.zarr.zip"
    paths = [str(index), str(cube), str(tmp_path / "c.json"), str(tmp_path / "r.csv")]
    curate_cubes(*paths, instrument="sharp", shard=3, settings={"pixels": PIXELS, "sharp_to_smarp": "subsample"})
    flare = {"start_time": np.array(["2011-02-15T01:44"], "M8[s]"), "goes_class": ["X2.2"], "noaa_ar": [11158]}
    nothing = {"peak_time": np.datetime64("NaT"), "end_time": np.datetime64("NaT"), "start_uncertainty": 0.0}
    table = pd.DataFrame(flare).assign(**nothing, instrument="", region=NOT_GIVEN, lists="")
    write_flares(tmp_path / "x.nc", curated_flares(table)[0])
    real = archive | {"cube": str(cube), "segments": str(index), "flares": [str(tmp_path / "x.nc")]}
    explanation, checks = explained(real, tmp_path)
    assert explanation.label.tolist() == [0, 1, 1, 0]
    assert explanation.issue_time[-1] == np.datetime64("2011-02-15T01:59:26")
    assert explanation.magnetogram.shape == (4, 377, 744)
    assert explanation.magnetogram.min() < -2000
    # The sheared line of this region, between strong sunspots of both polarities.
    assert checks.query("method == 'field'")["value"].item() > 3
