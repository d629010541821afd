"""JSOC's map from HARPs to NOAA active regions."""

import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.harp_noaa import read_harp_noaa, with_noaa_numbers


def read(tmp_path, content):
    (tmp_path / "map.txt").write_text(content)
    table, rejected = read_harp_noaa(tmp_path / "map.txt")
    return list(table.itertuples(index=False, name=None)), [(r.place, r.text) for r in rejected]


def test_a_map_by_hand(tmp_path):
    pairs, rejected = read(tmp_path, "HARPNUM NOAA_ARS\n45 11077,11073\n2 11064\n\n45 11073, 11080\n")
    assert pairs == [(2, 11064), (45, 11073), (45, 11077), (45, 11080)]
    assert rejected == []


@pytest.mark.parametrize(
    "line", ["x 11064", "3 MISSING", "3", "3 11064,", "3 11064;11065", "3 11064 11065", "-3 11064"]
)
def test_a_bad_line_is_left_out(tmp_path, line):
    assert read(tmp_path, f"HARPNUM NOAA_ARS\n{line}\n2 11064\n") == ([(2, 11064)], [("line 2", line)])


def test_an_empty_map_has_whole_numbers(tmp_path):
    (tmp_path / "map.txt").write_text("HARPNUM NOAA_ARS\n")
    assert read_harp_noaa(tmp_path / "map.txt")[0].dtypes.tolist() == ["int64", "int64"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "begins with ''; wanted the header 'HARPNUM NOAA_ARS'"),
        ("<html>\n", "begins with '<html>'"),
        ("HARPNUM NOAA_ARS\n2 110", "cut off"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, content, told):
    with pytest.raises(InputError, match=rf"map\.txt: .*{told}"):
        read(tmp_path, content)


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"map\.txt: not readable"):
        read_harp_noaa(tmp_path / "map.txt")


def test_the_real_map(mirror):
    table, rejected = read_harp_noaa(mirror / "harp_noaa" / "all_harps_with_noaa_ars.txt")
    assert rejected == []
    assert table["region"].nunique() == 2217
    assert table.iloc[-1].tolist() == [12546, 13957]
    assert table.loc[table["region"] == 377, "noaa_ar"].tolist() == [11158]


def test_the_map_fills_what_sharp_lacks_and_nothing_else():
    pairs = pd.DataFrame({"region": [1, 2, 2], "noaa_ar": [11111, 11112, 11113]})
    rows = [("sharp", 1, ""), ("sharp", 2, "11999"), ("sharp", 3, ""), ("smarp", 1, "")]
    records = pd.DataFrame(rows, columns=["instrument", "region", "noaa_ars"])
    assert with_noaa_numbers(records, pairs)["noaa_ars"].tolist() == ["11111", "11999", "", ""]
    filled = with_noaa_numbers(records.assign(noaa_ars=""), pairs)
    assert filled["noaa_ars"].tolist() == ["11111", "11112,11113", "", ""]
