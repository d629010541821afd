"""The rule that curates a published list of flares."""

import json

import pytest

from curate_listed_flares import main
from flaredag.errors import InputError
from flaredag.rejections import read_rejections
from flaredag.tables import read_flares

HEADER = ",start_time,peak_time,end_time,label,noaa_ar,obs"
ROWS = [
    "0,2011-02-15 01:44:00,2011-02-15 01:56:00,2011-02-15 02:06:00,X2.2,11158.0,G15",
    "1,2011-02-13 17:28:00,2011-02-13 17:38:00,2011-02-13 17:47:00,M6.6,11158.0,G15",
    "2,2011-02-13 17:28:00,2011-02-13 17:38:00,2011-02-13 17:47:00,M6.6,11158.0,G15",
    "3,2011-02-14 02:35:00,2011-02-14 02:42:00,2011-02-14 02:46:00,C1.6,,G15",
]


def curated(tmp_path, rows):
    (tmp_path / "list.csv").write_text("\n".join([HEADER, *rows, ""]))
    paths = [str(tmp_path / name) for name in ("swpc.nc", "swpc.json", "swpc.rejected.csv")]
    main([str(tmp_path / "list.csv")], *paths, name="swpc")
    return read_flares(paths[:1]), json.loads((tmp_path / "swpc.json").read_text()), read_rejections(paths[2:])


def test_flares_by_hand(tmp_path):
    flares, counts, rejected = curated(tmp_path, [*ROWS, "4,yesterday,,,C1.0,,G15"])
    assert flares["goes_class"].tolist() == ["M6.6", "C1.6", "X2.2"]
    last = flares.iloc[-1]
    assert [str(last[name]) for name in ("start_time", "peak_time")] == ["2011-02-15 01:44:00", "2011-02-15 01:56:00"]
    assert last["peak_flux"] == pytest.approx(2.2e-4)
    assert (last["noaa_ar"], last["region"], last["instrument"], last["lists"]) == (11158, -1, "", "swpc")
    assert (counts["flares_read"], counts["flares_repeated"], counts["flares_without_noaa_ar"]) == (3, 1, 1)
    assert counts["flares_rejected"] == len(rejected) == 1
    assert rejected["reason"].tolist() == ["start time not readable"]


def test_what_is_no_list_leaves_nothing_behind(tmp_path):
    with pytest.raises(InputError, match="none of its 1 records is a flare"):
        curated(tmp_path, ["0,yesterday,,,C1.0,,G15"])
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]
