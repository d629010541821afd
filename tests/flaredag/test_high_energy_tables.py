"""The published HED parameters and their flares: what is read, refused, and left out with its reason."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.high_energy_tables import KEYWORD_OF_COLUMN, read_high_energy_flares, read_high_energy_series
from made_up_high_energy import flare, series, written_flares, written_series


def read_series(tmp_path, *tables):
    return read_high_energy_series(written_series(tmp_path / "series.csv", *tables))


def read_flares(tmp_path, *lines):
    return read_high_energy_flares(written_flares(tmp_path / "flares.csv", *lines))


def told(rejected) -> list[tuple[str, str]]:
    return [(one.place, one.reason) for one in rejected]


class TestSeries:
    def test_by_hand(self, tmp_path):
        records, rejected = read_series(tmp_path, series(n=2), series(11999, "C", last="2014-03-10 12:24", n=1))
        assert not rejected
        assert records["region"].tolist() == [11158, 11158, 11999]
        assert records["level"].tolist() == ["M", "M", "C"]
        assert records["t_rec"].astype(str).tolist() == [
            *("2011-02-15 00:36:00", "2011-02-15 01:12:00"),
            "2014-03-10 12:24:00",
        ]
        assert records["hed_e_total"].tolist() == pytest.approx([2e22, 2.02e22, 2e22])
        assert records["hed_gbh_mean"].tolist() == pytest.approx([1.1e-4, 1.111e-4, 1.1e-4])
        assert {records[name].dtype for name in KEYWORD_OF_COLUMN.values()} == {np.dtype(np.float64)}
        # Places are lines of the file.
        assert records.index.tolist() == [2, 3, 4]

    @pytest.mark.parametrize(
        ("column", "text", "reason"),
        [
            ("AR", "1158", "AR not from 11000 to 99999"),
            ("AR", "111580", "AR not from 11000 to 99999"),
            ("AR", "377", "AR not from 11000 to 99999"),
            ("AR", "11158.0", "AR not a whole number"),
            ("AR", "", "AR not a whole number"),
            ("level", "X", "level neither C nor M"),
            ("level", "", "level neither C nor M"),
            ("time", "20110215", "time not a time"),
            ("time", "201102300036", "time not a time"),
            ("time", "2011-02-15T00", "time not a time"),
            ("time", "201102150030", "time off the grid of 12 minutes"),
            ("time", "201102150048", "time off the region's steps of 36 minutes"),
            ("energy", "1.54E+", "energy not a number"),
            ("ALP_MEAN", "?", "ALP_MEAN not a number"),
        ],
    )
    def test_a_record_that_cannot_be_used_is_left_out_and_the_others_stay(self, tmp_path, column, text, reason):
        table = series(n=6)
        table.loc[3, column] = text
        records, rejected = read_series(tmp_path, table)
        assert told(rejected) == [("line 5", reason)]
        assert rejected[0].source.endswith("series.csv")
        assert text in rejected[0].text.split(",")
        assert records.index.tolist() == [2, 3, 4, 6, 7]

    def test_values_that_are_not_given_stay_missing(self, tmp_path):
        table = series(n=3)
        table.loc[0, "energy"], table.loc[1, "energy"], table.loc[2, "uj_mean"] = "", "inf", "NaN"
        records, rejected = read_series(tmp_path, table)
        assert not rejected
        assert records["hed_e_total"].isna().tolist() == [True, True, False]
        assert records["hed_uj_mean"].isna().tolist() == [False, False, True]

    def test_records_that_contradict_each_other_are_left_out_and_repetitions_stay(self, tmp_path):
        table = series(n=6)
        other = table.loc[[2]].assign(energy="3e22")
        records, rejected = read_series(tmp_path, table, other, table.loc[[4]])
        assert told(rejected) == [(f"line {n}", "differs from another record of its region and time") for n in (4, 8)]
        assert records.index.tolist() == [2, 3, 5, 6, 7, 9]

    def test_a_region_of_both_levels_is_left_out_as_a_whole(self, tmp_path):
        table = series(n=4)
        table.loc[2, "level"] = "C"
        # A bad level says nothing of the region, and a record that is bad otherwise does.
        other = series(11999, "C", last="2014-03-10 12:24", n=3)
        other.loc[1, "level"] = "?"
        third = series(12000, "C", last="2014-03-10 12:24", n=3)
        third.loc[0, "level"], third.loc[0, "energy"] = "M", "?"
        records, rejected = read_series(tmp_path, table, other, third)
        assert set(records["region"]) == {11999}
        assert told(rejected) == [
            *((f"line {n}", "region of both levels") for n in range(2, 6)),
            ("line 7", "level neither C nor M"),
            ("line 9", "energy not a number"),
            *((f"line {n}", "region of both levels") for n in (10, 11)),
        ]

    def test_steps_are_those_that_most_records_of_the_region_have(self, tmp_path):
        late, early = series(n=3), series(11999, last="2014-03-10 12:24", n=2)
        late.loc[0, "time"] = "201102150012"
        # 24 and 0 minutes after a multiple of 36 since midnight: of equally many the lower is the region's.
        early.loc[1, "time"] = "201403101236"
        records, rejected = read_series(tmp_path, late, early)
        assert told(rejected) == [(f"line {n}", "time off the region's steps of 36 minutes") for n in (2, 5)]
        assert records.index.tolist() == [3, 4, 6]

    def test_a_parameter_that_never_changes_is_none(self, tmp_path):
        constant = series(n=5).assign(shear_mean="53.0")
        # In four records that may happen.
        short = series(11999, last="2014-03-10 12:24", n=4).assign(shear_mean="53.0")
        records, rejected = read_series(tmp_path, constant, short)
        assert told(rejected) == [(f"line {n}", "shear_mean constant over its region") for n in range(2, 7)]
        assert set(records["region"]) == {11999}

    def test_lines_of_another_length_are_left_out(self, tmp_path):
        path = tmp_path / "series.csv"
        written_series(path, series(n=2))
        path.write_text(path.read_text() + "11158,M,201102150148\n")
        records, rejected = read_high_energy_series(path)
        assert told(rejected) == [("line 4", "wrong number of fields")]
        assert len(records) == 2

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("", "empty; wanted a header"),
            ("\x00\x01PAR1", "cut off"),
            ("AR,level,time\n11158,M,201102150112\n", "column energy, shear_mean.* missing"),
            ("AR,level,time,energy,shear_mean,uj_mean,uhc_mean,GBH_MEAN,ALP_MEAN", "no end: cut off"),
            ("AR,level,time,energy,shear_mean,uj_mean,uhc_mean,GBH_MEAN,ALP_MEAN\n", "none of its 0 records"),
            (
                "AR,level,time,energy,shear_mean,uj_mean,uhc_mean,GBH_MEAN,ALP_MEAN\n1158,M,201102150112,1,1,1,1,1,1\n",
                r"none of its 1 records can be used \(line 2: AR not from 11000 to 99999\)",
            ),
        ],
    )
    def test_what_is_no_series_is_refused(self, tmp_path, content, words):
        path = tmp_path / "series.csv"
        path.write_text(content)
        with pytest.raises(InputError, match=rf"series\.csv: .*{words}"):
            read_high_energy_series(path)

    def test_an_absent_file_is_told(self, tmp_path):
        with pytest.raises(InputError, match=r"absent\.csv: not readable"):
            read_high_energy_series(tmp_path / "absent.csv")

    @settings(max_examples=30)
    @given(order=st.permutations(range(16)))
    def test_the_order_of_the_lines_does_not_matter(self, tmp_path_factory, order):
        table = pd.concat([series(n=8), series(11999, "C", n=8)], ignore_index=True)
        table.loc[2, "time"] = "201102150030"
        table.loc[3, "time"] = table.loc[4, "time"]
        table.loc[9, "level"] = "M"
        folder = tmp_path_factory.mktemp("series")
        records, rejected = read_series(folder, table.iloc[list(order)])
        lines = np.array(order)[records.index - 2]
        assert sorted(lines) == [0, 1, 5, 6, 7]
        assert len(rejected) == 11


class TestFlares:
    def test_by_hand(self, tmp_path):
        flares, rejected = read_flares(
            tmp_path, flare(), flare(12740, "2019-05-06 05:03", "M1.0"), flare(12014, "2014-03-25 09:10", "C6.0")
        )
        assert not rejected
        assert flares["region"].tolist() == [11158, 12740, 12014]
        assert flares["start_time"].astype(str).tolist()[0] == "2011-02-15 01:44:00"
        assert flares["peak_time"].astype(str).tolist()[0] == "2011-02-15 01:56:00"
        assert flares["end_time"].astype(str).tolist()[0] == "2011-02-15 02:06:00"
        assert flares["goes_class"].tolist() == ["X2.2", "M1.0", "C6.0"]
        assert flares["start_agrees"].all()
        assert flares["region_agrees"].all()

    @pytest.mark.parametrize("tstart", ["2017-05-06 05:03", "2019-05-04 05:03", "nothing", ""])
    def test_where_two_starts_differ_that_of_the_key_is_taken_and_the_peak_is_not_known(self, tmp_path, tstart):
        flares, rejected = read_flares(tmp_path, flare(12740, "2019-05-06 05:03", "M1.0", tstart=tstart))
        assert not rejected
        assert flares["start_time"].astype(str).tolist() == ["2019-05-06 05:03:00"]
        assert not flares["start_agrees"].any()
        assert flares[["peak_time", "end_time"]].isna().all().all()

    def test_a_peak_before_the_start_is_not_known(self, tmp_path):
        flares, _ = read_flares(tmp_path, flare(tpeak="2011-02-15 01:40", tfinal="?"))
        assert flares["start_agrees"].all()
        assert flares[["peak_time", "end_time"]].isna().all().all()

    def test_where_two_regions_differ_that_of_the_key_is_taken(self, tmp_path):
        flares, rejected = read_flares(tmp_path, flare(11532, "2012-07-30 15:39", "M1.1", arnum="11536"))
        assert not rejected
        assert flares["region"].tolist() == [11532]
        assert flares["region_agrees"].tolist() == [False]

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"key": "20110215_0144_11158"}, "KEY not a time, a region and a class"),
            ({"key": "20110230_0144_11158_X2.2"}, "KEY not a time, a region and a class"),
            ({"key": "20110215_0144_1158_X2.2"}, "KEY not a time, a region and a class"),
            ({"key": "20110215_0144_11158_B2.2"}, "KEY not a time, a region and a class"),
            ({"key": "20110215_0144_11158_X2.2 or so"}, "KEY not a time, a region and a class"),
            ({"flux": "2.20E-05"}, "peak flux not that of its class"),
            ({"flux": "much"}, " IXPEAK [W/m^2] not a number"),
        ],
    )
    def test_a_flare_that_cannot_be_used_is_left_out(self, tmp_path, changes, reason):
        flares, rejected = read_flares(tmp_path, flare(**changes), flare(12014, "2014-03-25 09:10", "C6.0"))
        assert told(rejected) == [("line 2", reason)]
        assert flares["region"].tolist() == [12014]

    def test_a_region_with_several_flares_is_left_out_and_one_given_twice_is_not(self, tmp_path):
        twice = flare(12014, "2014-03-25 09:10", "C6.0")
        flares, rejected = read_flares(
            tmp_path, flare(), twice, flare(start="2011-02-16 14:19", goes_class="M1.6"), twice
        )
        assert told(rejected) == [(f"line {n}", "region with several flares") for n in (2, 4)]
        assert flares["region"].tolist() == [12014]

    @pytest.mark.parametrize(
        ("content", "words"),
        [("INDEX,KEY\n1,2\n", "column  KEY,.* missing"), ("", "empty"), (None, "none of its 1 records can be used")],
    )
    def test_what_is_no_list_is_refused(self, tmp_path, content, words):
        path = written_flares(tmp_path / "flares.csv", flare(key="?"))
        if content is not None:
            (tmp_path / "flares.csv").write_text(content)
        with pytest.raises(InputError, match=rf"flares\.csv: .*{words}"):
            read_high_energy_flares(path)


@pytest.fixture(scope="module")
def published(mirror):
    folder = mirror / "hed_magpardb"
    series_read = read_high_energy_series(folder / "Flare24hrlastnew.csv")
    return *series_read, *read_high_energy_flares(folder / "MagParDB.csv")


class TestPublished:
    def test_all_records_can_be_read(self, published):
        records, rejected, flares, rejected_flares = published
        assert not rejected
        assert not rejected_flares
        assert (len(records), records["region"].nunique(), len(flares)) == (11_974, 332, 323)
        of_region = records.groupby("region")["level"].agg(["size", "first"])
        assert of_region.loc[of_region["size"] >= 30, "first"].value_counts().to_dict() == {"C": 189, "M": 99}
        assert records.duplicated(["region", "t_rec"]).sum() == 0
        # No sign, unlike in the list of flares.
        assert records["hed_alp_mean"].min() > 0

    def test_the_key_is_right_where_it_and_another_column_differ(self, published):
        records, _, flares, _ = published
        flares = flares.set_index("region")
        last = records.groupby("region")["t_rec"].max()
        for region in (12740, 12871):
            assert not flares.loc[region, "start_agrees"]
            before = flares.loc[region, "start_time"] - last[region]
            assert pd.Timedelta(0) < before < pd.Timedelta("1h")
        assert (~flares["start_agrees"]).sum() == 2
        assert flares.index[~flares["region_agrees"]].tolist() == [11532]
        assert 11532 in last.index
        # That region's ARNUM.
        assert 11536 not in last.index

    def test_the_headers_name_the_same_parameters(self, published, mirror):
        # Before the flare each parameter of the series agrees best with that of its own name in the list, in ranks.
        records, _, flares, _ = published
        columns = ["E_TOTAL[erg cm^-1]", "SHEAR[DEG]", "UJ_MEAN[mA m^-2]", "UHC_MEAN[G^2 m^-1]", "GBH_MEAN[G m^-1]"]
        listed = pd.read_csv(mirror / "hed_magpardb" / "MagParDB.csv", skipinitialspace=True).rename(columns=str.strip)
        listed = listed[columns].set_axis(flares["region"])
        before = records.merge(flares[["region", "start_time"]], on="region").query("t_rec < start_time")
        before = before.sort_values("t_rec").groupby("region").last()
        for column, name in zip(columns, KEYWORD_OF_COLUMN.values(), strict=False):
            ranks = [before[name].corr(listed[other], method="spearman") for other in columns]
            assert columns[int(np.argmax(ranks))] == column
            assert (before[name] / listed[column]).median() == pytest.approx(1.0, abs=0.15)
