"""Which files an archive consists of."""

from pathlib import Path

import pytest

from flaredag.archive_files import (
    OPTIONAL_KINDS,
    all_optional_kinds,
    cadence_of_vector_field_minutes,
    kinds_of_flare_lists,
    magnetograms_of_shard,
    observed_files,
    published_files,
    raw_of_flare_list,
)
from flaredag.sources import read_manifest

ROOT = Path(__file__).parents[2]
JSOC = {
    "flare_lists": ["ncei", "swpc"],
    "retrieval": {"regions": {"sharp": [377, 520], "smarp": [13500, 13520]}, "years": [2010, 2011]},
}
SIMULATED = {"flare_lists": ["hek"], "simulation": {"seed": 1, "regions": {"sharp": 20, "smarp": 20}}}


def test_an_archive_of_two_instruments_by_hand():
    files = observed_files("jsoc", JSOC)
    assert files.shards == ["sharp-3", "sharp-4", "sharp-5", "smarp-135"]
    assert files.raw["keywords"][0] == "results/jsoc/raw/keywords/sharp-3.csv"
    assert files.raw["ncei"] == [f"results/jsoc/raw/ncei/goes-xrs-report_{year}.txt" for year in (2010, 2011)]
    assert files.raw["srs"][1] == "results/jsoc/raw/srs/2011_SRS.tar.gz"
    assert "hek" not in files.raw
    assert "simulated" not in files.raw
    assert files.curated["cubes"][3] == "results/jsoc/cubes/smarp-135.zarr.zip"
    assert files.curated["flares"] == ["results/jsoc/flares/goes.nc"]
    assert files.curated["flares_rejected"] == ["results/jsoc/flares/goes.rejected.csv"]
    assert files.curated["tables_counts"][1] == "results/jsoc/tables/sharp-4.json"
    assert files.figures() == ["coverage", "magnetograms", "regressions", "quantiles"]


def test_hourly_tables_are_those_of_harps_and_there_where_they_are_taken():
    files = observed_files("jsoc", JSOC, used=["hourly_tables"])
    shards = ("sharp-3", "sharp-4", "sharp-5")
    assert files.raw["hourly_keywords"] == [f"results/jsoc/raw/hourly_keywords/{shard}.csv" for shard in shards]
    assert files.curated["hourly_tables"] == [f"results/jsoc/hourly_tables/{shard}.nc" for shard in shards]
    assert files.curated["hourly_tables_rejected"][2] == "results/jsoc/hourly_tables/sharp-5.rejected.csv"
    plain = observed_files("jsoc", JSOC)
    assert set(files.all_raw()) - set(plain.all_raw()) == set(files.raw["hourly_keywords"])
    # The simulated Sun has one cadence.
    assert "hourly_tables" not in observed_files("embedded", SIMULATED, used=["hourly_tables"]).curated


@pytest.mark.parametrize(("archive", "settings"), [("jsoc", JSOC), ("embedded", SIMULATED)])
def test_tables_of_hed_parameters_are_those_of_harps_and_bring_what_they_are_made_from(archive, settings):
    files = observed_files(archive, settings, used=["high_energy_sharp_tables"])
    shards = [name for name in files.shards if name.startswith("sharp-")]
    assert 0 < len(shards) < len(files.shards)
    below = f"results/{archive}"
    assert files.curated["high_energy_sharp_tables"] == [f"{below}/high_energy_sharp_tables/{n}.nc" for n in shards]
    assert files.curated["high_energy_sharp_tables_counts"][0] == f"{below}/high_energy_sharp_tables/{shards[0]}.json"
    rejected = files.curated["high_energy_sharp_tables_rejected"]
    assert rejected == [f"{below}/high_energy_sharp_tables/{name}.rejected.csv" for name in shards]
    assert files.curated["days_before_flares"] == [f"{below}/days_before_flares/{name}.csv" for name in shards]
    assert files.raw["vector_segments"] == [f"{below}/raw/vector_segments/{name}.json" for name in shards]
    plain = observed_files(archive, settings)
    # What the other studies read stays theirs alone.
    assert {kind: files.curated[kind] for kind in plain.curated} == plain.curated
    assert {kind: files.raw[kind] for kind in plain.raw} == plain.raw
    retrieved = archive == "jsoc"
    assert files.raw.keys() - plain.raw.keys() == {"vector_segments", *(["vector_keywords"] if retrieved else [])}
    # The simulated Sun has one cadence.
    assert files.curated.get("vector_tables", []) == [f"{below}/vector_tables/{n}.nc" for n in shards if retrieved]
    assert files.raw.get("vector_keywords", []) == [f"{below}/raw/vector_keywords/{n}.csv" for n in shards if retrieved]
    assert "hourly_tables" not in files.curated


def test_records_of_the_vector_field_have_a_cadence_of_their_own():
    assert cadence_of_vector_field_minutes(SIMULATED) == 96
    settings = {"retrieval": {"cadence_minutes": 96, "vector_keywords": {"cadence_minutes": 36}}}
    assert cadence_of_vector_field_minutes(settings) == 36


def test_no_report_is_asked_of_years_after_the_last():
    settings = JSOC | {"retrieval": JSOC["retrieval"] | {"years": [2016, 2019]}}
    files = observed_files("jsoc", settings)
    assert [path[-8:-4] for path in files.raw["ncei"]] == ["2016", "2017"]
    assert len(files.raw["swpc"]) == len(files.raw["srs"]) == 4


def test_the_simulated_sun_has_the_same_kinds_and_its_own_facts():
    simulated, observed = observed_files("embedded", SIMULATED), observed_files("jsoc", JSOC)
    assert simulated.curated.keys() == observed.curated.keys()
    assert simulated.raw.keys() - observed.raw.keys() == {"hek", "simulated"}
    assert {name.split("-")[0] for name in simulated.shards} == {"sharp", "smarp"}


def test_published_tables_and_windows():
    files = published_files(read_manifest(ROOT / "rules" / "published_sources.yaml"))
    assert len(files.shards) == len(files.curated["tables"]) == 10
    assert len(files.raw["swansf_windows"]) == 10
    assert files.curated["swansf_rejected"] == ["results/published/swansf/rejected.csv"]
    assert files.figures() == ["coverage"]


def test_without_windows_nothing_is_made_of_them():
    sources = read_manifest(ROOT / "rules" / "published_sources.yaml")
    files = published_files({name: source for name, source in sources.items() if source.form == "labelled_samples"})
    assert files.raw["swansf_windows"] == []
    assert not any("swansf" in path for path in files.all_curated())


SOURCES = read_manifest(ROOT / "rules" / "published_sources.yaml")


def test_what_only_some_studies_read_is_there_on_request():
    plain, asked = published_files(SOURCES), published_files(SOURCES, used=["synoptic_tables", "listed_flares"])
    assert not any(name in path for path in [*plain.all_raw(), *plain.all_curated()] for name in ("synoptic", "377"))
    more = set(asked.all_curated()) - set(plain.all_curated())
    stems = [f"results/published/{name}" for name in ("flares/swpc", "synoptic/synoptic")]
    assert more == {"results/published/synoptic/synoptic.zarr.zip"} | {
        f"{stem}{suffix}" for stem in stems for suffix in (".nc", ".json", ".rejected.csv")
    }
    assert sorted(asked.raw.keys() - plain.raw.keys()) == ["listed_flares", "region_summaries", "synoptic_charts"]
    # What the other studies read stays theirs alone.
    for kind in ("tables", "flares", "regions"):
        assert asked.curated[kind] == plain.curated[kind]
    assert asked.figures() == ["coverage"]


def test_magnetograms_of_one_region():
    files = published_files(SOURCES, used=["case_cubes"])
    assert files.curated["case_cubes"] == ["results/published/cubes/sharp-3.zarr.zip"]
    assert files.curated["case_cubes_rejected"] == ["results/published/cubes/sharp-3.rejected.csv"]
    assert files.raw["case_segments"] == ["results/published/raw/segments/sharp-3.json"]
    assert magnetograms_of_shard(SOURCES, "sharp", "3") == files.raw["case_magnetograms"]
    assert len(files.raw["case_magnetograms"]) == 105
    assert magnetograms_of_shard(SOURCES, "sharp", "4") == []


@pytest.mark.parametrize("kind", all_optional_kinds())
def test_what_is_asked_for_is_there(kind):
    assert kind in published_files(SOURCES, used=[kind]).curated
    assert {kind for kinds in OPTIONAL_KINDS.values() for kind in kinds} == set(all_optional_kinds())


def test_the_table_of_sharp_keywords_brings_the_map_of_its_regions():
    files = published_files(SOURCES, used=["sharp_table"])
    assert files.curated["sharp_table"] == ["results/published/sharp_table/sharp.nc"]
    assert files.raw["sharp_table"] == ["results/published/raw/lucaspauker_sharp12min/sharp_12min_f32.parquet"]
    assert files.raw["map_of_harps"] == ["results/published/raw/harp_noaa/all_harps_with_noaa_ars.txt"]
    # Under another name than that by which the list of all regions would take it for its own.
    assert "harp_noaa" not in files.raw
    assert "flares_hek" not in files.curated


@pytest.mark.parametrize("kind", OPTIONAL_KINDS["high_energy"])
def test_with_hed_parameters_come_their_flares_and_the_keywords_that_they_are_joined_with(kind):
    files, plain = published_files(SOURCES, used=[kind]), published_files(SOURCES)
    folder = "results/published/high_energy"
    assert files.curated["high_energy_tables"] == [f"{folder}/hed.nc"]
    assert files.curated["high_energy_tables_counts"] == [f"{folder}/hed.json"]
    assert files.curated["high_energy_flares"] == [f"{folder}/flares.nc"]
    assert files.curated["high_energy_sharp_tables"] == [f"{folder}/hed_sharp.nc"]
    assert files.curated["high_energy_sharp_tables_rejected"] == [f"{folder}/hed_sharp.rejected.csv"]
    assert files.curated["sharp_table"] == ["results/published/sharp_table/sharp.nc"]
    assert files.raw["high_energy_series"] == ["results/published/raw/hed_magpardb/Flare24hrlastnew.csv"]
    assert files.raw["high_energy_events"] == ["results/published/raw/hed_magpardb/MagParDB.csv"]
    assert {"map_of_harps", "sharp_table"} <= files.raw.keys()
    # What the other studies read stays theirs alone, and with the SHARP table by itself none of it comes.
    for theirs in ("tables", "flares", "regions"):
        assert files.curated[theirs] == plain.curated[theirs]
    assert "high_energy_tables" not in published_files(SOURCES, used=["sharp_table"]).curated


@pytest.mark.parametrize("kind", ["sharp_table", "flares_swpc", "high_energy_tables"])
def test_with_tables_of_harps_come_the_region_summaries_of_their_years(kind):
    files = published_files(SOURCES, used=[kind])
    stem = "results/published/region_summaries"
    assert files.curated["published_summaries"] == [f"{stem}.nc"]
    assert files.curated["published_summaries_counts"] == [f"{stem}.json"]
    assert files.curated["published_summaries_rejected"] == [f"{stem}.rejected.csv"]
    years = [2010, 2011, 2012, 2013, 2014, 2015, 2016, 2018, 2019]
    assert files.raw["srs_archives"] == [f"results/published/raw/noaa_srs_raw/{year}_SRS.tar.gz" for year in years]
    # Under another name than that by which the list of all regions would take them for its own.
    assert "region_summaries" not in files.curated
    assert "srs_archives" not in published_files(SOURCES, used=["synoptic_tables"]).raw


def test_each_flare_list_by_itself():
    kinds = kinds_of_flare_lists(["hek", "ncei"])
    assert kinds == ["flares_hek", "flares_ncei"]
    published, simulated = published_files(SOURCES, used=kinds[:1]), observed_files("embedded", SIMULATED, used=kinds)
    for archive, files in {"published": published, "embedded": simulated}.items():
        stem = f"results/{archive}/flares/lists/hek"
        assert files.curated["flares_hek"] == [f"{stem}.nc"]
        assert files.curated["flares_hek_unscaled"] == [f"{stem}.unscaled.nc"]
        assert files.curated["flares_hek_covered"] == [f"{stem}.covered.csv"]
        assert files.curated["flares_hek_counts"] == [f"{stem}.json"]
        assert files.curated["flares_hek_rejected"] == [f"{stem}.rejected.csv"]
    # All lists of an archive come together, and only those that it has.
    assert "flares_ncei" in published.curated
    assert "flares_ncei" not in simulated.curated
    assert raw_of_flare_list(published, "swpc") == [
        "results/published/raw/swpc_flares_2010_2025/ftp_20100101_20251115.csv"
    ]
    assert len(raw_of_flare_list(published, "ncei")) == 7
    assert raw_of_flare_list(simulated, "hek") == simulated.raw["hek"]
    assert "flares_hek" not in observed_files("embedded", SIMULATED).curated


EVERYTHING = published_files(SOURCES, used=all_optional_kinds())


ASKED = ["high_energy_sharp_tables", "hourly_tables", "flares_ncei"]


@pytest.mark.parametrize(
    "files",
    [
        EVERYTHING,
        *(observed_files("jsoc", JSOC, used=used) for used in ([], ASKED)),
        *(observed_files("embedded", SIMULATED, used=used) for used in ([], ASKED)),
    ],
)
def test_no_file_is_named_twice(files):
    paths = [*files.all_raw(), *files.all_curated()]
    assert len(paths) == len(set(paths))
