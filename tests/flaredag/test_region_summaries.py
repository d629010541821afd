"""NOAA's daily region summaries."""

import gzip
import io
import tarfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.region_summaries import SUMMARY_COLUMNS, latest_rows, read_region_summaries, read_text

TEXT = """\
:Product: 0306SRS.txt
:Issued: 2015 Mar 06 0030 UTC
# Prepared jointly by the U.S. Dept. of Commerce, NOAA,
# Space Weather Prediction Center and the U.S. Air Force.
#
Joint USAF/NOAA Solar Region Summary
SRS Number 65 Issued at 0030Z on 06 Mar 2015
Report compiled from data received at SWO on 05 Mar
I.  Regions with Sunspots.  Locations Valid at 05/2400Z
Nmbr Location  Lo  Area  Z   LL   NN Mag Type
{spots}
IA. H-alpha Plages without Spots.  Locations Valid at 05/2400Z Mar
Nmbr  Location  Lo
{plages}
II. Regions Due to Return 06 Mar to 08 Mar
Nmbr Lat    Lo
{returning}
"""
SPOTTED = "2293 N05W53   342  0065 Cao  10   09 Beta"
SAMPLES = Path((find_spec("sunpy") or find_spec("flaredag")).origin).parent / "data" / "test" / "SRS"


def text(*, spots=SPOTTED, plages="2292  S08W84   013", returning="2288 S08    185"):
    return TEXT.format(spots=spots, plages=plages, returning=returning)


def read(content, member="SRS/20150306SRS.txt"):
    summary, rejected = read_text(content, source="2015_SRS.tar.gz", member=member)
    rows, _ = latest_rows([summary] if summary else [])
    return rows, [(rejection.reason, rejection.text) for rejection in rejected]


def archive(path, members):
    """A tar.gz of `members`: name -> text."""
    with tarfile.open(path, "w:gz") as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content.encode())
            file.addfile(info, io.BytesIO(content.encode()))
    return path


def test_a_text_by_hand():
    rows, rejected = read(text())
    assert rejected == []
    assert list(rows.columns) == list(SUMMARY_COLUMNS)
    assert rows["section"].tolist() == ["I", "IA", "II"]
    assert rows["noaa_ar"].tolist() == [12293, 12292, 12288]
    assert rows["issue_time"].unique().tolist() == [pd.Timestamp("2015-03-06 00:30")]
    assert rows["valid_time"].unique().tolist() == [pd.Timestamp("2015-03-06 00:00")]
    assert rows["latitude_deg"].tolist() == [5.0, -8.0, -8.0]
    np.testing.assert_array_equal(rows["longitude_deg"], [53.0, 84.0, np.nan])
    assert rows["carrington_longitude_deg"].tolist() == [342.0, 13.0, 185.0]
    np.testing.assert_array_equal(rows["area_microhemisphere"], [65.0, np.nan, np.nan])
    assert rows["mcintosh"].tolist() == ["Cao", "", ""]
    np.testing.assert_array_equal(rows["longitude_extent_deg"], [10.0, np.nan, np.nan])
    np.testing.assert_array_equal(rows["n_spots"], [9.0, np.nan, np.nan])
    assert rows["mount_wilson"].tolist() == ["Beta", "", ""]


def test_a_bad_line_is_left_out_and_the_others_stay():
    for line, reason in (
        ("2293 N05W53   342  0065 Xao  10   09 Beta", "McIntosh class not known"),
        ("Region 2293 has decayed.", "text among the regions"),
        ("\u00b2293 N05W53   342  0065 Cao  10   09 Beta", "text among the regions"),
    ):
        rows, rejected = read(text(spots=f"{line}\n2294 N06W10   299  0010 Axx  01   01 Alpha"))
        assert rejected == [(reason, line)]
        assert rows["noaa_ar"].tolist() == [12294, 12292, 12288]


def test_sections_of_none_and_regions_without_longitudes():
    assert len(read(text(spots="None", plages="NONE", returning="None"))[0]) == 0
    rows, rejected = read(text(plages="2292  S08W84", returning="2288 S08"))
    assert rejected == []
    assert rows["carrington_longitude_deg"].isna().tolist() == [False, True, True]


def test_what_follows_the_last_section():
    comment = "2288 S08    185\nIII. COMMENTS\n2000 has begun.\n"
    assert read(text(returning=comment))[1] == []
    rows, rejected = read(text(returning="None\n***CORRECTION***\n2288 S08    185"))
    assert rejected == [("region after the end of the sections", "2288 S08    185")]
    assert rows["section"].tolist() == ["I", "IA"]


def test_a_region_given_twice():
    other = SPOTTED.replace("0065", "0070")
    rows, rejected = read(text(spots=f"{SPOTTED}\n{SPOTTED}\n{other}"))
    assert rejected == [("region repeated", SPOTTED), ("region given twice, differently", other)]
    assert rows["area_microhemisphere"].tolist()[0] == 65.0
    returning = "2288 S08    185"
    assert read(text(returning=f"{returning}\n{returning}"))[1] == [("region repeated", returning)]
    # A region may be in two sections: it lost its spots during the day.
    rows, rejected = read(text(plages="2293  N05W53   342"))
    assert rejected == []
    assert rows["noaa_ar"].tolist()[:2] == [12293, 12293]


@pytest.mark.parametrize(
    ("issued", "member", "wanted", "reasons"),
    [
        (":Issued: 2015 Mar 06 1220 UTC", "20150306SRS.txt", "2015-03-06 12:20", []),
        (":Issued: 2015 March 5 2200 UTC", "20150306SRS.txt", "2015-03-05 22:00", []),
        (":Issued: 2015 Mar 06 0030 UTC", "SRS.txt", "2015-03-06 00:30", []),
        (":Issued: today", "20150306SRS.txt", "2015-03-06 00:30", ["issue time unreadable"]),
        (":Issued: 2015 Mar 06 0099 UTC", "20150306SRS.txt", "2015-03-06 00:30", ["issue time unreadable"]),
        ("", "20150306SRS.txt", "2015-03-06 00:30", []),
        # A new year, the old one still in the heading.
        (":Issued: 2014 Mar 06 0030 UTC", "20150306SRS.txt", "2015-03-06 00:30", ["issue time unlike the file's name"]),
    ],
)
def test_issue_times(issued, member, wanted, reasons):
    rows, rejected = read(text().replace(":Issued: 2015 Mar 06 0030 UTC", issued), member)
    assert rows["issue_time"].unique().tolist() == [pd.Timestamp(wanted)]
    assert rows["valid_time"].unique().tolist() == [pd.Timestamp("2015-03-06")]
    assert [reason for reason, _ in rejected] == reasons


def test_texts_without_date_or_sections_are_left_out():
    assert read(text().replace(":Issued: 2015 Mar 06 0030 UTC", ""), "SRS.txt")[1] == [
        ("text without issue time", ":Product: 0306SRS.txt")
    ]
    assert read("no data\n")[1] == [("text without sections", "no data")]
    assert read("")[1] == [("text without sections", "")]
    assert read("", "20151340SRS.txt")[1] == [("text without issue time", "")]


def test_an_archive_and_a_corrected_copy(tmp_path):
    later = text(spots=SPOTTED.replace("0065", "0070")).replace("0030 UTC", "1220 UTC")
    path = archive(
        tmp_path / "2015_SRS.tar.gz",
        {
            "SRS/corrected/20150306SRS.txt": later,
            "SRS/20150306SRS.txt": text(),
            "SRS/20150307SRS.txt": text().replace("Mar 06", "Mar 07").replace("05/2400Z", "06/2400Z"),
            "SRS/readme.txt": "for everybody",
            "SRS/._20150306SRS.txt": "",
        },
    )
    rows, rejected = read_region_summaries(path)
    assert len(rows) == 6
    assert rows["area_microhemisphere"].dropna().tolist() == [70.0, 65.0]
    assert [(r.source, r.place, r.reason) for r in rejected] == [
        (str(path), "SRS/._20150306SRS.txt", "member that is no region summary by its name"),
        (str(path), "SRS/readme.txt", "member that is no region summary by its name"),
    ]


def test_a_later_issue_without_regions_counts_too():
    issues = [text(), text(spots="None", plages="None", returning="None").replace("0030 UTC", "0100 UTC")]
    summaries = [read_text(issue, source="", member="20150306SRS.txt")[0] for issue in issues]
    rows, counts = latest_rows(summaries)
    assert len(rows) == 0
    assert counts == {"texts_read": 2, "texts_superseded": 1, "days_without_text": 0}
    rows, _ = latest_rows(summaries[::-1])
    assert len(rows) == 0
    assert rows["issue_time"].dtype == "datetime64[s]"


def test_members_that_are_no_plain_short_files_are_left_out(tmp_path):
    path = tmp_path / "2015_SRS.tar.gz"
    with tarfile.open(path, "w:gz") as file:
        link = tarfile.TarInfo("SRS/20150305SRS.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        file.addfile(link)
        for name, size in {"../../20150306SRS.txt": None, "SRS/20150307SRS.txt": 2_000_000}.items():
            content = text().encode() if size is None else b"0" * size
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    rows, rejected = read_region_summaries(path)
    assert len(rows) == 3
    assert [r.reason for r in rejected] == ["member that is no plain file", "text too long"]
    assert [p.name for p in tmp_path.rglob("*")] == ["2015_SRS.tar.gz"]


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"<html>not found</html>"])
def test_a_damaged_archive_is_refused(tmp_path, damage):
    path = archive(tmp_path / "2015_SRS.tar.gz", {f"201503{day:02d}SRS.txt": text() for day in range(1, 30)})
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"2015_SRS\.tar\.gz: not readable as tar\.gz"):
        read_region_summaries(path)


def test_an_empty_archive_has_no_rows(tmp_path):
    rows, rejected = read_region_summaries(archive(tmp_path / "2015_SRS.tar.gz", {}))
    assert (len(rows), rejected) == (0, [])
    # Days without a word are no fault of the archive.
    rows, rejected = read_region_summaries(archive(tmp_path / "2015_SRS.tar.gz", {"20150306SRS.txt": ""}))
    assert (len(rows), [r.reason for r in rejected]) == (0, ["text without sections"])


def test_a_text_cut_short_keeps_its_regions():
    rows, rejected = read(text().partition("IA.")[0])
    assert rows["noaa_ar"].tolist() == [12293]
    assert rejected == [("text ends before section II", SPOTTED)]
    assert read(text(returning="None\n\x1a"))[1] == []
    assert read(text(spots=f"{SPOTTED}\n\x1a"))[1] == []


def test_an_archive_damaged_within_is_refused(tmp_path):
    path = archive(tmp_path / "2015_SRS.tar.gz", {f"201503{day:02d}SRS.txt": text() for day in range(1, 30)})
    content = bytearray(gzip.decompress(path.read_bytes()))
    start = content.index(b"20150311SRS.txt")
    content[start] = ord("x")
    path.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(InputError, match="damaged within"):
        read_region_summaries(path)


def test_days_without_text_are_counted(tmp_path):
    summaries = [read_text(text(), source="", member=f"201503{day:02d}SRS.txt")[0] for day in (1, 2, 5, 8)]
    assert latest_rows(summaries)[1] == {"texts_read": 4, "texts_superseded": 0, "days_without_text": 4}
    assert latest_rows([])[1] == {"texts_read": 0, "texts_superseded": 0, "days_without_text": 0}


@pytest.mark.parametrize("name", ["00010101SRS.txt", "99991231SRS.txt"])
def test_names_of_impossible_years(name):
    assert read(text().replace(":Issued: 2015 Mar 06 0030 UTC", ""), name)[1][0][0] == "text without issue time"


def test_an_archive_without_summaries_is_refused(tmp_path):
    path = archive(tmp_path / "2015_SRS.tar.gz", {"readme.txt": "for everybody"})
    with pytest.raises(InputError, match=r"1 members, such as 'readme\.txt', no daily region summary"):
        read_region_summaries(path)
    with pytest.raises(InputError, match="not readable"):
        read_region_summaries(tmp_path / "none.tar.gz")


@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=300))
def test_any_text_is_read_or_left_out_with_a_reason(lines):
    rows, rejected = read(text(spots=lines))
    assert rows["noaa_ar"].between(0, 99999).all()
    assert rows["latitude_deg"].abs().max() <= 90
    assert all(reason for reason, _ in rejected)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no sunpy with its samples of region summaries")
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.txt")), ids=lambda path: path.name)
def test_rows_are_those_of_sunpy(path):
    from sunpy.io.special.srs import read_srs

    theirs = read_srs(path)
    rows, rejected = read(path.read_text(encoding="latin-1"), path.name)
    assert rejected == []
    assert len(rows) == len(theirs)
    summary, _ = read_text(path.read_text(encoding="latin-1"), source="", member=path.name)
    assert summary.issue_time == theirs.meta["issued"]
    # sunpy adds 10000 to every number after 2002-06-15, also to those that had not yet got there.
    numbers = np.array([number % 10000 for number in theirs["Number"]])
    wanted = pd.DataFrame({"section": np.asarray(theirs["ID"]).astype(str), "number": numbers})
    values = {
        "latitude_deg": "Latitude",
        "longitude_deg": "Longitude",
        "carrington_longitude_deg": "Carrington Longitude",
        "area_microhemisphere": "Area",
        "longitude_extent_deg": "Longitudinal Extent",
        "n_spots": "Number of Sunspots",
    }
    for ours, name in values.items():
        column = theirs[name]
        mask = np.ma.getmaskarray(column.unmasked if hasattr(column, "unmasked") else column)
        mask = column.mask if hasattr(column, "mask") else mask
        wanted[ours] = np.where(mask, np.nan, np.asarray(getattr(column, "value", column), dtype=np.float64))
    wanted["carrington_longitude_deg"] %= 360
    for ours, name in {"mcintosh": "Z", "mount_wilson": "Mag Type"}.items():
        wanted[ours] = ["" if value is np.ma.masked else str(value).upper() for value in theirs[name]]
    got = rows.assign(
        number=rows["noaa_ar"] % 10000,
        mcintosh=rows["mcintosh"].str.upper(),
        mount_wilson=rows["mount_wilson"].str.upper(),
    )
    order = ["section", "number"]
    pd.testing.assert_frame_equal(
        got[list(wanted.columns)].sort_values(order, ignore_index=True),
        wanted.sort_values(order, ignore_index=True),
        check_dtype=False,
    )


@pytest.fixture(scope="module")
def real_rows(mirror):
    parts = [read_region_summaries(path) for path in sorted((mirror / "noaa_srs_raw").glob("*_SRS.tar.gz"))]
    return pd.concat([rows for rows, _ in parts], ignore_index=True), [r for _, rejected in parts for r in rejected]


def test_real_texts_are_read_without_loss(real_rows, mirror):
    rows, rejected = real_rows
    assert [(r.place, r.reason) for r in rejected] == [("SRS/20191011SRS.txt:010", "text ends before section II")]
    # The archive of 2017 is not there, nor the texts of 2012-01-01, 2016-07-19 and two days of 2019.
    with gzip.open(mirror / "alciomar_sharp_daily" / "all_srs_2010_2019.csv.gz", "rt", encoding="utf-8-sig") as file:
        names = ["section", "noaa_ar", "lo", "area", "z", "ll", "n_spots", "mag", "lat", "lon", "day"]
        parsed = pd.read_csv(file, sep=";", header=None, names=names, dtype=str, keep_default_na=False)
    parsed["section"] = parsed["section"].str.extract("(I+A?)$")[0]
    parsed = parsed[~parsed["day"].str.startswith("2017")]
    assert len(parsed) == len(rows) == 18_551
    # They date the text of 2010-05-13, issued on the 12th at 22:00, by its issue.
    day = rows["issue_time"].dt.strftime("%Y-%m-%d")
    ours = pd.DataFrame(
        {
            "section": rows["section"],
            "noaa_ar": rows["noaa_ar"].astype(str),
            "day": day,
            "lo": rows["carrington_longitude_deg"],
            "area": rows["area_microhemisphere"],
            "ll": rows["longitude_extent_deg"],
            # They have no signs.
            "lat": rows["latitude_deg"].abs(),
            "lon": rows["longitude_deg"].abs(),
            "n_spots": rows["n_spots"],
            "z": rows["mcintosh"],
            "mag": rows["mount_wilson"],
        }
    )
    theirs = parsed.replace({"--": "", "none": ""})
    for name in ("lo", "area", "ll", "lat", "lon", "n_spots"):
        theirs[name] = pd.to_numeric(theirs[name].str.split().str[0], errors="coerce").astype(float)
    # What is not given is 0 with them.
    ours, theirs = ours.fillna(0), theirs.fillna(0)
    theirs["lo"] %= 360
    order = ["day", "section", "noaa_ar", "lo"]
    pd.testing.assert_frame_equal(
        ours.sort_values(order, ignore_index=True), theirs[ours.columns].sort_values(order, ignore_index=True)
    )


def test_positions_and_classes_are_those_of_another_reader(real_rows, mirror):
    rows, _ = real_rows
    theirs = pd.read_csv(mirror / "hayesla_srs_flares" / "SRS_data_new_19960101_20181231.csv.gz", dtype=str)
    theirs = theirs.assign(issue_time=pd.to_datetime(theirs["date"]), noaa_ar=theirs["ar_noaanum"].astype(int))
    ours = rows[(rows["section"] == "I") & (rows["issue_time"] < "2019")]
    both = ours.merge(theirs, on=["issue_time", "noaa_ar"])
    # They leave out the four regions of which a value is not given.
    assert len(both) == len(ours) - 4
    sign = {"N": 1, "S": -1, "E": -1, "W": 1}
    place = both["LOCATION"]
    assert (place.str[0].map(sign) * place.str[1:3].astype(int) == both["latitude_deg"]).all()
    assert (place.str[3].map(sign) * place.str[4:].astype(int) == both["longitude_deg"]).all()
    assert (both["Z"] == both["mcintosh"].str.upper()).all()
    assert (both["MAGTYPE"] == both["mount_wilson"].str.upper()).all()
    assert (both["No_sunspots"].astype(float) == both["n_spots"]).all()
