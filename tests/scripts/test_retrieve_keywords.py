"""Keyword tables from JSOC, against a server of this machine."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest

import retrieve_keywords
from flaredag import kept_shards
from flaredag.errors import InputError
from flaredag.kept_shards import as_of_of_shard
from flaredag.retrying import BackOff
from jsoc_server import LORENTZ, LORENTZ_FORCE, JsocServer
from local_server import running
from made_up_patches import SHARP, SMARP, forces, record, series_of, times

SCRIPTS = Path(__file__).parents[2] / "scripts"
SETTINGS = {
    "series": {"sharp": SHARP, "smarp": SMARP},
    "quality_below": {"sharp": 65536, "smarp": 262144},
    "cadence_minutes": 96,
    "final_after_days": 30,
}
OLD = [record(region, t) for region in (301, 377) for t in times("2011.02.15", 0, 96, 192)]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[JsocServer]:
    with running(JsocServer([series_of(OLD)])) as server:
        yield server


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "keywords" / "sharp-3.csv"


def retrieved(server: JsocServer, table: Path, *, as_of: str = "2011-06-01", **others) -> str:
    """Text of the table that main writes."""
    instrument, _, shard = table.stem.partition("-")
    settings = SETTINGS | others.pop("settings", {})
    arguments = {"regions_per_query": 25, "back_off": BackOff(max_tries=3, first_seconds=0.0)} | others
    retrieve_keywords.main(
        table,
        instrument=instrument,
        shard=int(shard),
        as_of=as_of,
        settings=settings,
        address=server.address,
        **arguments,
    )
    return table.read_text()


def asked_regions(server: JsocServer) -> list[str]:
    return [
        asked.split("5B", 1)[1].split("%5D")[0].replace("%2C", ",") for asked in server.requests if "rs_li" in asked
    ]


def test_the_table(server: JsocServer, table: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="flaredag")
    head = "HARPNUM,T_REC,NOAA_ARS,NOAA_NUM,QUALITY,LON_MIN,LON_MAX,LAT_MIN,LAT_MAX,USFLUXL,MEANGBL,R_VALUE,AREA"
    rest = '"11158,11162",2,0x00000000,-10.5,5.25,-20,-12,2.5e+22,95.1,MISSING,1100.25'
    lines = [
        f"{region},2011.02.15_{clock}:00_TAI,{rest}" for region in (301, 377) for clock in ("00:00", "01:36", "03:12")
    ]
    assert retrieved(server, table) == "\n".join([head, *lines, ""])
    assert asked_regions(server) == ["300-324", "325-349", "350-374", "375-399"]
    assert f"{SHARP} has no keyword CMASKL, AREA_ACR, USFLUX," in caplog.text
    assert "(questions): 4 of 4, 0 s left" in caplog.text


def test_what_is_asked_is_decided_by_the_server(table: Path) -> None:
    records = [
        *(record(301, t) for t in times("2011.02.15", 0, 12, 96)),
        record(302, times("2011.02.15", 0)[0], NOAA_NUM="0"),
        record(303, times("2011.02.15", 0)[0], QUALITY="0x00010000"),
        record(304, times("2011.06.01", 0)[0]),
    ]
    with running(JsocServer([series_of(records)])) as server:
        found = pd.read_csv(pd.io.common.StringIO(retrieved(server, table)))
        assert all("%4096m" in asked for asked in server.requests if "rs_list" in asked)
    assert found["T_REC"].tolist() == times("2011.02.15", 0, 96)


def test_smarp_has_other_names(tmp_path: Path) -> None:
    records = [record(13520, t, series=SMARP, QUALITY="0x00000200") for t in times("2010.07.14", 768)]
    with running(JsocServer([series_of(records, SMARP)])) as server:
        text = retrieved(server, tmp_path / "smarp-135.csv")
    assert text.startswith("TARPNUM,T_REC")
    assert "\n13520,2010.07.14_12:48:00_TAI," in text


def test_an_empty_shard_has_the_header_only(server: JsocServer, tmp_path: Path) -> None:
    text = retrieved(server, tmp_path / "sharp-4.csv")
    assert text.count("\n") == 1
    assert text.startswith("HARPNUM,T_REC,NOAA_ARS,")


def test_a_server_that_samples_otherwise_is_asked_for_all(
    server: JsocServer, table: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    right = retrieved(server, table)
    records = [record(region, t) for region in (301, 377) for t in times("2011.02.15", 0, 12, 96, 108, 192)]
    other = table.with_name("sharp-3x") / table.name
    import jsoc_server

    in_order = jsoc_server._selected_time
    monkeypatch.setattr(jsoc_server, "_selected_time", lambda s, rs, part: in_order(s, rs, part.split("@")[0]))
    with running(JsocServer([series_of(records)])) as server:
        assert retrieved(server, other) == right
        # The first batch that shows it is asked twice, all later ones without the cadence.
        assert ["%4096m" in asked for asked in server.requests if "rs_list" in asked] == [True] + [False] * 4
    assert "2 of 5 records are not 96 min apart from midnight TAI" in caplog.text


@pytest.mark.parametrize("fault", ["500", "429", "garbage", "cut", "drop", "slow"])
def test_faults_change_no_byte(server: JsocServer, table: Path, tmp_path: Path, fault: str) -> None:
    right = retrieved(server, table)
    server.fail("rs_list", "right", fault, fault, "right", fault)
    timeout_seconds = 0.1 if fault == "slow" else 10.0
    assert retrieved(server, tmp_path / "again" / table.name, timeout_seconds=timeout_seconds) == right


def test_answers_survive_a_failure_and_are_not_asked_again(server: JsocServer, table: Path, tmp_path: Path) -> None:
    server.fail("rs_list", "right", "right", "500", "500", "500")
    with pytest.raises(InputError, match="HTTP status 500"):
        retrieved(server, table)
    assert not table.exists()
    n_before = server.n_asked("rs_list")
    text = retrieved(server, table)
    assert asked_regions(server)[n_before:] == ["350-374", "375-399"]
    assert text == retrieved(server, tmp_path / "fresh" / table.name)


@pytest.mark.parametrize(
    ("lacking", "told"), [("T_REC", "T_REC"), ("LAT_MIN", "LAT_MIN"), ("NOAA_ARS", "NOAA_ARS"), ("QUALITY", "QUALITY")]
)
def test_a_series_without_what_is_needed(table: Path, lacking: str, told: str) -> None:
    server = JsocServer([series_of(OLD)])
    server.series[SHARP].keywords.remove(lacking)
    with running(server), pytest.raises(InputError, match=f"no keyword {told}.*Mend config"):
        retrieved(server, table)
    assert server.n_asked("rs_list") == 0


def test_an_unknown_series_is_asked_for_once(server: JsocServer, table: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        retrieved(server, table, settings={"series": {"sharp": "hmi.no_such"}})
    assert len(server.requests) == 1


def test_records_of_other_regions_are_refused(server: JsocServer, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import jsoc_server

    monkeypatch.setattr(jsoc_server, "_selected_region", lambda _, records, __: records)
    with pytest.raises(InputError, match=r"records of HARPNUM \['377'\]"):
        retrieved(server, table)


def test_a_record_with_a_strange_time_is_left_to_curation(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [*OLD, record(301, "MISSING")]
    import jsoc_server

    monkeypatch.setattr(jsoc_server, "_selected_time", lambda _, records, __: records)
    with running(JsocServer([series_of(records)])) as server:
        assert "\n301,MISSING," in retrieved(server, table)


@pytest.mark.parametrize(("cadence", "as_of"), [(100, "2011-06-01"), (96, "yesterday")])
def test_bad_settings(server: JsocServer, table: Path, cadence: int, as_of: str) -> None:
    with pytest.raises(InputError, match="wanted"):
        retrieved(server, table, as_of=as_of, settings={"cadence_minutes": cadence})


def test_a_full_disk(server: JsocServer, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(kept_shards, "write_json", full)
        with pytest.raises(InputError, match="no space left on its disk"):
            retrieved(server, table)
    assert not table.exists()
    assert "377" in retrieved(server, table)


def test_a_refresh_asks_for_what_may_have_changed(table: Path, tmp_path: Path) -> None:
    young = [record(350, t) for t in times("2011.05.20", 0)]
    server = JsocServer([series_of([*OLD, *young])])
    with running(server):
        retrieved(server, table, as_of="2011-06-01", regions_per_query=100)
        server.series[SHARP] = series_of(
            [
                *(record(301, t, USFLUXL="9e+22") for t in times("2011.02.15", 0)),  # changed after it was final
                *OLD[3:],
                *(record(350, t, USFLUXL="8e+22") for t in times("2011.05.20", 0, 96)),
                *(record(360, t) for t in times("2011.06.03", 0)),
            ]
        )
        n_before = len(server.requests)
        text = retrieved(server, table, as_of="2011-07-01", regions_per_query=100)
        assert "[" + asked_regions(server)[-1] + "]" == "[300,302-376,378-399]"
        assert len(server.requests) == n_before + 2  # the series, one batch
    lines = [line.split(",") for line in text.splitlines()[1:]]
    assert [(line[0], line[1][:10]) for line in lines] == [
        *[("301", "2011.02.15")] * 3,
        *[("350", "2011.05.20")] * 2,
        ("360", "2011.06.03"),
        *[("377", "2011.02.15")] * 3,
    ]
    assert "9e+22" not in text  # what was final stays
    assert text.count("8e+22") == 2
    # Going back needs no question, and gives what was known of the earlier days.
    server.requests.clear()
    with running_again(server) as server:
        assert "360," not in retrieved(server, table, as_of="2011-06-01")
    assert server.requests == []


def running_again(server: JsocServer):
    """A server of the same series, at another address."""
    return running(JsocServer(server.series.values()))


def test_other_settings_are_another_question(server: JsocServer, table: Path) -> None:
    retrieved(server, table)
    n_asked = server.n_asked("rs_list")
    retrieved(server, table)
    assert server.n_asked("rs_list") == n_asked
    retrieved(server, table, settings={"quality_below": {"sharp": 1}})
    assert server.n_asked("rs_list") == 2 * n_asked


def test_a_shard_whose_records_are_old_is_not_rerun(server: JsocServer, table: Path) -> None:
    def wanted(shard: int, as_of: str) -> str:
        return as_of_of_shard(table.parent, "sharp", shard, as_of=as_of, final_after_days=30)

    assert wanted(3, "2011-06-01") == "2011-06-01"
    retrieved(server, table, as_of="2011-06-01")
    # 378 ... 399 may still come, as nothing of a later number is known.
    assert wanted(3, "2012-01-01") == "2012-01-01"
    server.series[SHARP] = series_of([*OLD, *(record(412, t) for t in times("2011.04.01", 0))])
    retrieved(server, table.with_name("sharp-4.csv"), as_of="2011-06-01")
    assert wanted(3, "2012-01-01") == "2011-06-01"
    assert wanted(4, "2012-01-01") == "2012-01-01"


def test_a_killed_run_goes_on_where_it_was(table: Path, tmp_path: Path) -> None:
    with running(JsocServer([series_of(OLD)])) as server:
        right = retrieved(server, tmp_path / "right" / table.name)
        server.requests.clear()
        server.fail("rs_list", "right", "right", "slow")
        program = textwrap.dedent(f"""
            import retrieve_keywords
            retrieve_keywords.main(
                {str(table)!r}, instrument="sharp", shard=3, as_of="2011-06-01", settings={SETTINGS!r},
                address={server.address!r}, regions_per_query=25,
            )
        """)
        environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
        process = subprocess.Popen([sys.executable, "-c", program], env=environment)
        give_up = time.monotonic() + 30
        while server.n_asked("rs_list") < 3 and time.monotonic() < give_up:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not table.exists()
        assert retrieved(server, table) == right
        assert asked_regions(server) == ["300-324", "325-349", "350-374", "350-374", "375-399"]


class TestLorentzForces:
    """Of a series of their own, joined on region and T_REC."""

    WITH_FORCES: ClassVar = {"cadence_minutes": 60, "lorentz_series": LORENTZ}
    RECORDS: ClassVar = [record(region, t) for region in (301, 377) for t in times("2011.02.15", 0, 12, 60, 96, 120)]
    # In another order, without one record that the patches have, with one that they have not.
    FORCES: ClassVar = [
        *(forces(377, t, TOTFZ="-3.5e3") for t in times("2011.02.15", 120, 60, 12, 0)),
        *(forces(301, t) for t in times("2011.02.15", 180, 0, 120)),
    ]

    def server_of(self, found: list[dict[str, str]] = FORCES) -> JsocServer:
        return JsocServer([series_of(self.RECORDS), series_of(found, LORENTZ)])

    def test_by_hand(self, table: Path, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO", logger="flaredag")
        with running(self.server_of()) as server:
            found = pd.read_csv(io.StringIO(retrieved(server, table, settings=self.WITH_FORCES)), dtype=str)
        assert found.columns[-8:].tolist() == ["AREA", *LORENTZ_FORCE]
        assert found[["HARPNUM", "T_REC", "TOTBSQ", "TOTFZ"]].to_numpy().tolist() == [
            [region, t_rec, *values]
            for region, of_region in (
                ("301", [("0.125", "0.125"), ("MISSING", "MISSING"), ("0.125", "0.125")]),
                ("377", [("0.125", "-3.5e3")] * 3),
            )
            for t_rec, values in zip(times("2011.02.15", 0, 60, 120), of_region, strict=True)
        ]
        assert "1 of 6 records have no Lorentz forces" in caplog.text
        asked = [asked for asked in server.requests if "rs_list" in asked]
        assert len(asked) == 2 * 4
        assert all("%4060m" in one for one in asked)
        assert not any("QUALITY" in one for one in asked if "Lorentz" in one)

    def test_without_any_the_columns_are_missing_everywhere(self, table: Path) -> None:
        with running(self.server_of([forces(301, t) for t in times("2011.02.15", 12)])) as server:
            found = pd.read_csv(io.StringIO(retrieved(server, table, settings=self.WITH_FORCES)), dtype=str)
        assert set(found[list(LORENTZ_FORCE)].to_numpy().ravel()) == {"MISSING"}
        assert len(found) == 6

    @pytest.mark.parametrize("fault", ["500", "garbage", "cut"])
    def test_faults_change_no_byte_and_what_has_come_is_not_asked_again(
        self, table: Path, tmp_path: Path, fault: str
    ) -> None:
        with running(self.server_of()) as server:
            right = retrieved(server, tmp_path / "right" / table.name, settings=self.WITH_FORCES)
            server.requests.clear()
            server.fail("Lorentz.*rs_list|rs_list.*Lorentz", "right", "right", *[fault] * 3)
            with pytest.raises(InputError, match=LORENTZ):
                retrieved(server, table, settings=self.WITH_FORCES)
            assert not table.exists()
            server.requests.clear()
            assert retrieved(server, table, settings=self.WITH_FORCES) == right
            assert asked_regions(server) == ["350-374", "375-399"]
            # Neither answers to the one question nor to the other are asked for again.
            server.requests.clear()
            assert retrieved(server, table, settings=self.WITH_FORCES) == right
            assert server.requests == []

    def test_a_series_that_lacks_some(self, table: Path, caplog: pytest.LogCaptureFixture) -> None:
        server = self.server_of()
        server.series[LORENTZ.lower()].keywords.remove("EPSX")
        with running(server):
            text = retrieved(server, table, settings=self.WITH_FORCES)
        assert "EPSX" not in text
        assert "EPSY" in text
        assert f"{LORENTZ} has no keyword EPSX: left out" in caplog.text

    def test_two_records_of_one_time_are_left_to_curation(self) -> None:
        keys = {"HARPNUM": ["301"], "T_REC": times("2011.02.15", 0)}
        both = pd.DataFrame({name: [*values, *values] for name, values in keys.items()} | {"TOTFZ": ["1", "2"]})
        joined = retrieve_keywords.with_forces(pd.DataFrame(keys), both)
        assert joined["TOTFZ"].tolist() == ["1", "2"]
        # The same twice is once.
        assert len(retrieve_keywords.with_forces(pd.DataFrame(keys), both.assign(TOTFZ="1"))) == 1
