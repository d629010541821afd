"""The rule that curates GOES flare lists."""

import io
import json
import tarfile

import numpy as np
import pandas as pd
import pytest

from curate_goes_flares import main
from flaredag.errors import InputError
from flaredag.listed_flares import read_lists
from flaredag.rejections import read_rejections
from flaredag.tables import read_flares

NCEI = """\
31777110213  0409 0415 0412                                C       G15
31777110214  1720 1732 1726 S20W04SXI                      M 22    G15  1.7E-02 11158
31777110215  0144 0206 0156 S20W10SXI                      X 22    G15  1.7E-01  1158
31777110216  0509 0515 0512                                        G15          11158
31777111231  2355 0007 0001                                B 72    G15  4.9E-04
31777110217  0509 0515 051                                 C 10    G15          11158
"""
EVENT = {
    "event_starttime": "2011-02-14T17:20:00",
    "event_peaktime": "2011-02-14T17:26:00",
    "event_endtime": "2011-02-14T17:32:00",
    "fl_goescls": "M2.3",
    "ar_noaanum": 11159,
    "obs_observatory": "GOES",
    "event_coordsys": "UTC-HGS-TOPO",
    "event_coord1": 4,
    "event_coord2": -20,
    "kb_archivid": "a",
}
OTHER = {
    "event_starttime": "2011-12-31T23:55:00",
    "event_peaktime": "2012-01-01T00:01:00",
    "event_endtime": None,
    "fl_goescls": "B7.2",
    "ar_noaanum": None,
    "obs_observatory": "GOES",
}
EVENTS = """:Product: 20110213events.txt
:Date: 2011 02 13
#Event    Begin    Max       End  Obs  Q  Type  Loc/Frq   Particulars       Reg#

4080       0409   0412      0415  G15  5   XRA  1-8A      C5.3    1.9E-03   1158
"""
OUTPUTS = ("goes.nc", "goes.json", "goes.rejected.csv", "goes.disagreements.csv")
SETTINGS = {
    "preferred_order": ["ncei", "hek", "swpc"],
    "max_peak_difference_minutes": 5,
    "unscale_goes_8_to_15": False,
}


@pytest.fixture
def reports(tmp_path):
    """One file a list, all of 2011."""
    (tmp_path / "goes-xrs-report_2011.txt").write_text(NCEI)
    (tmp_path / "2011.json").write_text(json.dumps({"result": [EVENT, OTHER, {"obs_observatory": "SDO"}]}))
    with tarfile.open(tmp_path / "2011_events.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("2011_events/20110213events.txt")
        entry.size = len(EVENTS)
        archive.addfile(entry, io.BytesIO(EVENTS.encode()))
    return {
        "ncei": [str(tmp_path / "goes-xrs-report_2011.txt")],
        "hek": [str(tmp_path / "2011.json")],
        "swpc": [str(tmp_path / "2011_events.tar.gz")],
    }


def curated(folder, reports, **settings):
    paths = [folder / name for name in OUTPUTS]
    main(reports, *(str(path) for path in paths), **(SETTINGS | settings))
    return read_flares([paths[0]]), json.loads(paths[1].read_text()), read_rejections([paths[2]]), pd.read_csv(paths[3])


def test_flares_by_hand(tmp_path, reports):
    flares, counts, rejected, disagreements = curated(tmp_path / "out", reports)
    assert flares["goes_class"].tolist() == ["C5.3", "M2.2", "X2.2", "B7.2"]
    np.testing.assert_allclose(flares["peak_flux"], [5.3e-6, 2.2e-5, 2.2e-4, 7.2e-7])
    assert flares["noaa_ar"].tolist() == [11158, 11158, 11158, 0]
    assert flares["lists"].tolist() == ["ncei,swpc", "hek,ncei", "ncei", "hek,ncei"]
    assert flares["start_time"].astype(str).tolist() == [
        "2011-02-13 04:09:00", "2011-02-14 17:20:00", "2011-02-15 01:44:00", "2011-12-31 23:55:00",
    ]  # fmt: skip
    assert flares["peak_time"].astype(str).tolist()[-1] == "2012-01-01 00:01:00"
    assert flares["end_time"].astype(str).tolist()[-1] == "2012-01-01 00:07:00"
    assert (flares["region"] == -1).all()
    assert (flares["start_uncertainty"] == 0).all()
    assert rejected["reason"].tolist() == ["not observed by GOES", "no maximum time in its columns"]
    # HEK covers 2011-02-14 to 2011-12-31, flares from B on; the flare of unknown class is missed by none.
    assert disagreements.drop(columns="peak_time").to_numpy().tolist() == [
        ["class", "ncei", "M2.2", "hek", "M2.3", "M2.2"],
        ["region", "ncei", "11158", "hek", "11159", "11158"],
        ["missing", "ncei", "X2.2", "hek", np.nan, "X2.2"],
    ]
    repaired = {name: n for name, n in counts.items() if name.startswith("flares_repaired_") and n}
    assert repaired == {"flares_repaired_noaa_ar_ncei": 1, "flares_repaired_noaa_ar_swpc": 1}
    assert {name: n for name, n in counts.items() if not name.startswith("flares_repaired_")} == {
        "flares_read_ncei": 5,
        "flares_read_hek": 2,
        "flares_read_swpc": 1,
        "flares_rejected_ncei": 1,
        "flares_rejected_hek": 1,
        "flares_rejected_swpc": 0,
        "flares_repeated_ncei": 0,
        "flares_repeated_hek": 0,
        "flares_repeated_swpc": 0,
        "flares_repeated_across_lists": 0,
        "flares_in_all_lists": 0,
        "disagreements_class": 1,
        "disagreements_region": 1,
        "disagreements_missing": 1,
        "disagreements_start": 0,
        "disagreements_peak": 0,
        "flares_of_goes_8_to_15": 5,
        "flares_of_unknown_flux_scale": 0,
        "flares_unscaled": 0,
        "flares_read": 5,
        "flares_of_unknown_class": 1,
        "flares_with_bare_class": 0,
        "flares_without_noaa_ar": 1,
    }


def test_the_true_flux(tmp_path, reports):
    flares, counts, _, disagreements = curated(tmp_path / "out", reports, unscale_goes_8_to_15=True)
    assert flares["goes_class"].tolist() == ["C7.57", "M3.14", "X3.14", "C1.03"]
    assert counts["flares_unscaled"] == 4
    assert disagreements["value_a"].tolist()[0] == "M2.2"


def test_one_list_alone_and_a_published_compilation(tmp_path, reports):
    flares, counts, _, disagreements = curated(tmp_path / "out", {"ncei": reports["ncei"]}, preferred_order=["ncei"])
    assert flares["goes_class"].tolist() == ["C", "M2.2", "X2.2", "B7.2"]
    assert counts["flares_with_bare_class"] == 1
    assert counts["flares_in_all_lists"] == 5
    assert len(disagreements) == 0
    path = tmp_path / "swpc.csv"
    path.write_text(",start_time,peak_time,end_time,label,noaa_ar,obs,cls\n0,2011-02-15 01:44:00,,,X2.2,0,G15,X\n")
    lists, rejected, counts = read_lists({"swpc": [str(path), *reports["swpc"]]})
    assert lists["swpc"]["goes_class"].tolist() == ["C5.3", "X2.2"]
    assert not rejected
    assert counts == {"flares_read_swpc": 2, "flares_rejected_swpc": 0}


def test_the_order_of_the_files_does_not_matter(tmp_path, reports):
    more = tmp_path / "goes-xrs-report_2012.txt"
    more.write_text(NCEI.replace("3177711", "3177712"))
    one, other = (
        {**reports, "ncei": order} for order in ([*reports["ncei"], str(more)], [str(more), *reports["ncei"]])
    )
    curated(tmp_path / "one", one)
    curated(tmp_path / "other", dict(reversed(other.items())))
    for name in OUTPUTS:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ncei": []}, "flare lists ncei: not known, or without files; wanted files of one or more of ncei, hek, swpc"),
        ({"liu": ["x"]}, "flare lists liu: not known"),
        ({"ncei": ["absent.txt"]}, r"absent\.txt: not readable"),
        ({"hek": []}, "flare lists hek: "),
    ],
)
def test_bad_input_leaves_nothing_behind(tmp_path, reports, change, told):
    with pytest.raises(InputError, match=told):
        curated(tmp_path / "out", reports | change)
    with pytest.raises(InputError, match=r"flare lists \(none\)"):
        read_lists({})
    assert not (tmp_path / "out").exists()


def test_an_order_that_does_not_name_the_lists(tmp_path, reports):
    with pytest.raises(
        InputError, match="preferred order of the flare lists: ncei found; wanted each of hek, ncei, swpc"
    ):
        curated(tmp_path / "out", reports, preferred_order=["ncei"])
    assert not (tmp_path / "out").exists()
