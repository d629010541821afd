"""The rule that curates published samples, by hand and on the real folds of Sun et al. 2022."""

import json

import numpy as np
import pandas as pd
import pytest

from curate_labelled_samples import KEYWORD_OF_COLUMN, curate_labelled_samples, main
from flaredag.errors import InputError
from flaredag.tables import read_flares, read_records
from flaredag.windows import count_flares

DAY = np.timedelta64(24 * 3600, "s")


def raw_samples(lists, *, arpnum="3330", **columns) -> pd.DataFrame:
    """Samples of one region, 96 minutes apart, with these flare lists."""
    t_end = pd.date_range("2013-11-01", periods=len(lists), freq="96min")
    table = {
        "prefix": "HARP",
        "arpnum": arpnum,
        "t_start": (t_end - pd.Timedelta(days=1)).astype(str),
        "t_end": t_end.astype(str),
        "label": [str(any(name[:1] in "MX" for name in text.split("|") if name)) for text in lists],
        "flares": lists,
        "FLARE_INDEX": "0.0",
        "AREA": "2059.619873",
        "USFLUX": "3.485787e+21",
        "MEANGBZ": "19.063",
        "R_VALUE": "3.103",
    }
    return pd.DataFrame(table | columns)


def curated(tmp_path, raw, instrument="sharp"):
    raw.to_csv(tmp_path / "sharp_0.csv", index=False)
    paths = [str(tmp_path / name) for name in ("table.nc", "flares.nc", "counts.json")]
    main(str(tmp_path / "sharp_0.csv"), *paths, instrument=instrument)
    return read_records(paths[:1]), read_flares(paths[1:2]), json.loads((tmp_path / "counts.json").read_text())


def test_records_and_flares_by_hand(tmp_path):
    # M1.2 leaves the lists after the record of 01:36, C1.0 after that of 03:12.
    lists = ["C1.0|M1.2", "M1.2|C1.0", "C1.0", "", "", ""]
    records, flares, counts = curated(tmp_path, raw_samples(lists))
    assert len(records) == 6
    first = records.iloc[0]
    assert (first["instrument"], first["region"], str(first["t_rec"])) == ("sharp", 3330, "2013-11-01 00:00:00")
    # TAI - UTC was 35 s.
    assert str(first["time"]) == "2013-10-31 23:59:25"
    assert first[["area", "usfluxl", "meangbl", "r_value"]].tolist() == [2059.619873, 3.485787e21, 19.063, 3.103]
    assert (first["noaa_ars"], first["quality"]) == ("", -1)
    assert np.isnan(first["longitude_min"])
    # Middles of 01:36:00 to 03:11:59 and of 03:12:00 to 04:47:59, cut to seconds.
    assert flares["start_time"].astype(str).tolist() == ["2013-11-01 02:23:59", "2013-11-01 03:59:59"]
    assert flares["goes_class"].tolist() == ["M1.2", "C1.0"]
    assert set(flares["region"]) == {3330}
    assert set(flares["instrument"]) == {"sharp"}
    assert counts["records_read"] == 6
    assert counts["regions"] == 1
    assert counts["flares_contradicting_a_list"] == 0


def test_a_flare_is_placed_between_the_lists(tmp_path):
    # In the lists of records 10 to 24, so it starts after record 9 + 24 h = record 24, and before record 25 is due.
    lists = ["M1.2" if 10 <= i <= 24 else "" for i in range(30)]
    _, flares, counts = curated(tmp_path, raw_samples(lists))
    start = np.datetime64("2013-11-01", "s") + np.arange(24, 26) * np.timedelta64(96 * 60, "s")
    assert len(flares) == 1
    assert start[0] <= flares["start_time"].to_numpy()[0] < start[1]
    assert flares["start_uncertainty"][0] == pytest.approx(48 * 60, abs=1)
    assert flares["peak_flux"][0] == pytest.approx(1.2e-5)
    assert counts["flares_contradicting_a_list"] == 0


def test_unknown_and_bare_classes_are_counted(tmp_path):
    # A list of one flare of unknown class is written as "", so it shows beside others only.
    lists = ["C|", "C|"]
    _, flares, counts = curated(tmp_path, raw_samples(lists))
    assert flares["goes_class"].tolist() == ["C"]
    assert counts["flares_read"] == 2
    assert counts["flares_of_unknown_class"] == 1
    assert counts["flares_with_bare_class"] == 1


def test_a_fold_without_flares(tmp_path):
    records, flares, counts = curated(tmp_path, raw_samples(["", ""]))
    assert (len(records), len(flares), counts["flares_read"]) == (2, 0, 0)


def test_the_order_of_samples_does_not_matter(tmp_path):
    raw = pd.concat([raw_samples(["", "C1.0", ""]), raw_samples(["M1.0", ""], arpnum="12")])
    records, flares, _ = curated(tmp_path, raw)
    turned, turned_flares, counts = curated(tmp_path, raw.iloc[::-1])
    pd.testing.assert_frame_equal(turned, records)
    pd.testing.assert_frame_equal(turned_flares, flares)
    assert counts["records_unsorted"] > 0


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"prefix": ["HARP", "TARP"]}, r"sharp_0\.csv: record 2 has prefix 'TARP'; wanted 'HARP' in a table of sharp"),
        ({"arpnum": ["3330", "12.5"]}, r"sharp_0\.csv: column arpnum: record 2 is '12\.5'"),
        ({"t_end": ["2013-11-01 00:00:00", "later"]}, r"sharp_0\.csv: column t_end: record 2 is 'later'"),
        ({"R_VALUE": ["3.1", "three"]}, r"sharp_0\.csv: column R_VALUE: record 2 is 'three'"),
        (
            {"t_end": "2013-11-01 00:00:00", "AREA": ["1000", "1001"]},
            r"sharp_0\.csv: region 3330 has records of .* differ",
        ),
    ],
)
def test_bad_input_leaves_nothing_behind(tmp_path, columns, told):
    with pytest.raises(InputError, match=told):
        curated(tmp_path, raw_samples(["", ""], **columns))
    assert [path.name for path in tmp_path.iterdir()] == ["sharp_0.csv"]


def test_a_missing_column_is_told_and_an_instrument_confused(tmp_path):
    with pytest.raises(InputError, match="column MEANGBZ missing; found prefix, arpnum"):
        curated(tmp_path, raw_samples([""]).drop(columns="MEANGBZ"))
    with pytest.raises(InputError, match="prefix 'HARP'; wanted 'TARP' in a table of smarp"):
        curated(tmp_path, raw_samples([""]), instrument="smarp")


def n_flares_ahead(fold, flares):
    """Flares in the 24 h from each record of the fold, both ends included, flare UTC compared with T_REC."""
    region, begins = fold.records["region"].to_numpy(), fold.records["t_rec"].to_numpy()
    starts = flares["start_time"].to_numpy()
    return count_flares(region, begins, begins + DAY, flares["region"].to_numpy(), starts, closed="both")


def in_order_of_records(fold):
    """Raw rows in the order of the curated records."""
    region, t_end = fold.raw["arpnum"].astype(int), fold.raw["t_end"]
    return fold.raw.iloc[np.lexsort((t_end.to_numpy(dtype=str), region.to_numpy()))]


class TestRealFolds:
    def test_no_record_is_lost(self, published_folds):
        n_records = {"sharp": 0, "smarp": 0}
        for fold in published_folds:
            n_records[fold.instrument] += len(fold.records)
            assert len(fold.records) == len(fold.raw)
            assert fold.counts["values_missing"] == fold.counts["values_outside_range"] == 0
        assert n_records == {"sharp": 112_182, "smarp": 165_151}
        assert sum(n_records.values()) == 277_333

    def test_labels_of_the_rebuilt_flares_are_the_published_ones(self, published_folds):
        n_positive = {"sharp": 0, "smarp": 0}
        for fold in published_folds:
            published = (in_order_of_records(fold)["label"] == "True").to_numpy()
            strong = fold.flares[fold.flares["peak_flux"] > 0.999e-5]
            np.testing.assert_array_equal(n_flares_ahead(fold, strong) > 0, published)
            n_positive[fold.instrument] += int(published.sum())
        # As counted when the tables were taken over.
        assert n_positive == {"sharp": 2945, "smarp": 4280}

    def test_every_list_holds_as_many_flares_as_published(self, published_folds):
        for fold in published_folds:
            lists = in_order_of_records(fold)["flares"]
            # The unknown class "" stands between bars.
            n_published = [sum(name != "" for name in text.split("|")) for text in lists]
            np.testing.assert_array_equal(n_flares_ahead(fold, fold.flares), n_published)
            assert fold.counts["flares_contradicting_a_list"] == 0

    @pytest.mark.parametrize(
        ("first", "second"), [(a, b) for a in KEYWORD_OF_COLUMN for b in KEYWORD_OF_COLUMN if a < b]
    )
    def test_swapped_columns_of_a_real_file_are_refused(self, published_folds, first, second):
        raw = published_folds[0].raw.rename(columns={first: second, second: first})
        with pytest.raises(InputError, match="are columns swapped"):
            curate_labelled_samples(raw, instrument="sharp", path="sharp_0.csv")
