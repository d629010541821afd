"""The rule that curates one flare list by itself."""

import json

import pytest

from curate_flare_list import main
from flaredag.errors import InputError
from flaredag.listed_flares import read_covered_periods
from flaredag.rejections import read_rejections
from flaredag.tables import read_flares

NCEI = {
    2011: """\
31777110214  1720 1732 1726 S20W04SXI                      M 22    G15  1.7E-02 11158
31777110215  0144 0206 0156 S20W10SXI                      X 22    G15  1.7E-01  1158
31777110217  0509 0515 051                                 C 10    G15          11158
""",
    2013: """\
31777130214  1720 1732 1726 S20W04SXI                      C 10    G15  1.7E-02 11670
""",
}
OUTPUTS = ("ncei.nc", "ncei.unscaled.nc", "ncei.covered.csv", "ncei.json", "ncei.rejected.csv")


@pytest.fixture
def reports(tmp_path):
    for year, text in NCEI.items():
        (tmp_path / f"goes-xrs-report_{year}.txt").write_text(text)
    return [str(tmp_path / f"goes-xrs-report_{year}.txt") for year in NCEI]


def curated(folder, reports):
    paths = [str(folder / name) for name in OUTPUTS]
    main(reports, *paths, name="ncei")
    return (
        *(read_flares([path]) for path in paths[:2]),
        read_covered_periods(paths[2]),
        json.loads((folder / OUTPUTS[3]).read_text()),
        read_rejections(paths[4:]),
    )


def test_a_list_by_hand(tmp_path, reports):
    flares, unscaled, covered, counts, rejected = curated(tmp_path / "out", reports)
    assert flares["goes_class"].tolist() == ["M2.2", "X2.2", "C1.0"]
    assert unscaled["goes_class"].tolist() == ["M3.14", "X3.14", "C1.43"]
    assert unscaled["peak_flux"].tolist() == pytest.approx([3.14e-5, 3.14e-4, 1.43e-6])
    same = [name for name in flares.columns if name not in ("goes_class", "peak_flux")]
    assert flares[same].equals(unscaled[same])
    assert flares["noaa_ar"].tolist() == [11158, 11158, 11670]
    # The report of 2012 is missing.
    assert covered.astype(str).to_numpy().tolist() == [
        ["2011-02-14 17:20:00", "2011-02-15 01:44:00"],
        ["2013-02-14 17:20:00", "2013-02-14 17:20:00"],
    ]
    assert (counts["flares_read"], counts["flares_unscaled"], counts["flares_of_goes_8_to_15"]) == (3, 3, 3)
    assert (counts["flares_rejected"], counts["flares_repaired_noaa_ar"]) == (1, 1)
    assert rejected["reason"].tolist() == ["no maximum time in its columns"]
    assert all(type(n) is int for n in counts.values())


def test_the_order_of_the_files_does_not_matter(tmp_path, reports):
    curated(tmp_path / "one", reports)
    curated(tmp_path / "other", reports[::-1])
    for name in OUTPUTS:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes(), name


def test_what_is_no_list_leaves_nothing_behind(tmp_path):
    with pytest.raises(InputError, match=r"absent\.txt: not readable"):
        curated(tmp_path / "out", [str(tmp_path / "absent.txt")])
    assert not (tmp_path / "out").exists()


def test_published_lists(mirror, tmp_path):
    # A third of the M and X flares of 2012 to 2014 have no NOAA region in NCEI's reports, few in SWPC's list.
    lists = {
        "ncei": [f"goes_xrs_ngdc/goes-xrs-report_{year}.txt.gz" for year in (2012, 2013, 2014, 2016)],
        "swpc": ["swpc_flares_2010_2025/ftp_20100101_20251115.csv.gz"],
    }
    unattributed = {}
    for name, files in lists.items():
        paths = [str(tmp_path / f"{name}.{suffix}") for suffix in ("nc", "unscaled.nc", "csv", "json", "rejected.csv")]
        main([str(mirror / file) for file in files], *paths, name=name)
        flares = read_flares(paths[:1])
        strong = flares[(flares["peak_flux"] > 0.99e-5) & flares["start_time"].dt.year.between(2012, 2014)]
        unattributed[name] = (len(strong), int((strong["noaa_ar"] == 0).sum()))
    assert unattributed == {"ncei": (462, 157), "swpc": (469, 15)}
    covered = read_covered_periods(str(tmp_path / "ncei.csv"))
    assert covered["begin"].dt.year.tolist() == [2012, 2016]
