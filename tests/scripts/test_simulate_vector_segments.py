"""The rule simulate_vector_segments: files of listed records alone, the same bytes of the same list."""

import pandas as pd
import pytest

import simulate_sun
from flaredag.artifacts import read_json
from flaredag.errors import InputError
from flaredag.fits_files import indexed_files, named_record
from flaredag.record_lists import read_record_list, write_record_list
from flaredag.simulated_regions import number_of
from flaredag.vector_segments import MAPS
from simulate_vector_segments import main

SEED = 7
SETTINGS = {"seed": SEED, "bad_record_fraction": 0.05, "gaps_per_region": 1.0}
NUMBERS = [number_of("sharp", k, SEED) for k in (2, 3)]


@pytest.fixture(scope="module")
def keywords(tmp_path_factory):
    """Keyword table of two regions."""
    folder = tmp_path_factory.mktemp("sun")
    paths = [str(folder / name) for name in ("keywords.csv", "sharp-0.json", "flares.csv")]
    simulate_sun.main(*paths, instrument="sharp", numbers=NUMBERS, **SETTINGS)
    return folder / "keywords.csv"


def simulated(tmp_path, keywords, *, rows=slice(3, 40, 12)):
    """Index of the vector field of some records of each region, and the list of these."""
    records = read_record_list(keywords, instrument="sharp")
    some = pd.concat([own.iloc[rows] for _, own in records.groupby("region")], ignore_index=True)
    write_record_list(tmp_path / "days.csv", some, instrument="sharp")
    index = tmp_path / "vector_segments/sharp-0.json"
    main(str(tmp_path / "days.csv"), str(index), **SETTINGS)
    return index, some


def test_five_files_of_each_listed_record(tmp_path, keywords):
    index, some = simulated(tmp_path, keywords)
    files, folder = indexed_files(index)
    listed = {(region, t_rec.to_numpy()) for region, t_rec in some.itertuples(index=False, name=None)}
    assert len(listed) == 8
    named = {named_record(file.name) for file in files}
    assert named == {(*record, segment) for record in listed for segment in MAPS}
    assert sorted(path.name for path in folder.iterdir()) == [file.name for file in files]


def test_same_list_same_bytes_and_what_lay_there_is_cleared(tmp_path, keywords):
    one, _ = simulated(tmp_path / "one", keywords)
    stray = tmp_path / "two/vector_segments/sharp-0/stray.fits"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"left by a killed job")
    two, _ = simulated(tmp_path / "two", keywords)
    assert not stray.exists()
    assert one.read_bytes() == two.read_bytes()
    assert indexed_files(one)[0] == indexed_files(two)[0]


def test_an_empty_list_makes_an_empty_index(tmp_path, keywords):
    index, _ = simulated(tmp_path, keywords, rows=slice(0, 0))
    assert read_json(index) == {"files": []}


def test_a_number_that_no_region_has_is_told(tmp_path):
    unknown = next(number for number in range(200) if number not in {number_of("sharp", k, SEED) for k in range(40)})
    records = pd.DataFrame({"region": [unknown], "t_rec": pd.to_datetime(["2010-06-05"]).astype("datetime64[s]")})
    write_record_list(tmp_path / "days.csv", records, instrument="sharp")
    with pytest.raises(InputError, match=f"sharp {unknown}: no simulated region"):
        main(str(tmp_path / "days.csv"), str(tmp_path / "sharp-0.json"), **SETTINGS)
    assert not (tmp_path / "sharp-0.json").exists()
