"""The archive of published tables: a small one made here, its faults, and the real one where it is at hand."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

N_RECORDS, HORIZON = 40, pd.Timedelta("24h")
RAW = "results/published/raw/zeyusun_smarp_sharp/d1d1be5"


def published_samples(instrument: str, fold: int) -> pd.DataFrame:
    """Samples of six regions, every other with an M flare halfway, in the publisher's form."""
    rng = np.random.default_rng([fold, instrument == "sharp"])
    start = pd.Timestamp("2012-03-01" if instrument == "sharp" else "2001-03-01")
    regions = []
    for number in range(6):
        t_end = start + pd.Timedelta("30D") * number + np.arange(N_RECORDS) * pd.Timedelta("96min")
        flare = t_end[30] + pd.Timedelta("10min") if number % 2 else pd.NaT
        within = (flare >= t_end) & (flare <= t_end + HORIZON)
        regions.append(
            pd.DataFrame(
                {
                    "prefix": {"sharp": "HARP", "smarp": "TARP"}[instrument],
                    "arpnum": 100 * fold + number + 1,
                    "t_start": t_end - HORIZON,
                    "t_end": t_end,
                    "label": within,
                    "flares": np.where(within, "M1.5", ""),
                    "FLARE_INDEX": 0.0,
                    "AREA": rng.uniform(1e3, 2e3, N_RECORDS),
                    "USFLUX": rng.uniform(1e21, 1e22, N_RECORDS) * (1 + number % 2),
                    "MEANGBZ": rng.uniform(20, 30, N_RECORDS),
                    "R_VALUE": rng.uniform(2, 4, N_RECORDS) + number % 2,
                }
            )
        )
    return pd.concat(regions, ignore_index=True)


def publish(project, change=lambda name, table: table) -> Path:
    """Write a mirror of small tables, and a manifest that fits it; `change` alters a table before."""
    mirror = project.folder.parent / "mirror"
    manifest = project.path("rules/published_sources.yaml")
    content = yaml.safe_load(manifest.read_text())
    del content["sources"]["swansf_sample"]
    for file in content["sources"]["zeyusun_smarp_sharp"]["files"]:
        name = f"{file['instrument']}_{file['shard']}"
        text = change(name, published_samples(file["instrument"], int(file["shard"]))).to_csv(index=False).encode()
        packed = gzip.compress(text, mtime=0)
        path = mirror / file["mirror"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed)
        file |= {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
        file |= {"mirror_sha256": hashlib.sha256(packed).hexdigest()}
        # Nobody answers there: what the mirror lacks cannot be had.
        file["address"] = f"http://127.0.0.1:9/{name}.csv"
    manifest.write_text(yaml.safe_dump(content))
    return mirror


def run(project, mirror: Path, target: str = "results/report.pdf"):
    return project.attempt("--config", "archive=published", f"mirror={mirror}", "--", target)


@pytest.fixture
def published(project):
    return project, publish(project)


def test_a_published_archive_runs_to_the_report(published):
    project, mirror = published
    result = run(project, mirror)
    assert result.returncode == 0, result.stdout[-4000:]
    assert project.path("results/report.pdf").read_bytes()[:5] == b"%PDF-"
    scores = pd.read_csv(project.path("results/scores.csv"))
    assert set(scores["archive"]) == {"published"}


def swapped(name, table):
    return table.rename(columns={"MEANGBZ": "R_VALUE", "R_VALUE": "MEANGBZ"}) if name == "sharp_0" else table


def without_column(name, table):
    return table.drop(columns="R_VALUE") if name == "sharp_0" else table


def in_two_folds(name, table):
    return table.assign(arpnum=table["arpnum"] % 100 + 500) if name in ("sharp_0", "sharp_1") else table


def clashing(name, table):
    return pd.concat([table, table.tail(1).assign(AREA=999.0)]) if name == "sharp_0" else table


FAULTS = {
    "swapped columns": (swapped, [f"{RAW}/sharp_0.csv: column R_VALUE", "MEANGBL", "are columns swapped?"]),
    "missing column": (without_column, [f"{RAW}/sharp_0.csv: column R_VALUE missing"]),
    "region in two folds": (in_two_folds, ["sharp region 501 lies in", "a leak"]),
    "clashing records": (clashing, [f"{RAW}/sharp_0.csv: region 6 has records of", "that differ"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_tables_are_refused_with_words(project, fault):
    change, words = FAULTS[fault]
    result = run(project, publish(project, change), "results/published/sun2022/windows.nc")
    assert result.returncode != 0
    for word in words:
        assert word in result.stdout
    assert not project.path("results/published/sun2022/windows.nc").exists()
    assert not list(project.path("results").rglob("*.part"))


def repeated_unsorted_and_odd(name, table):
    if name != "sharp_0":
        return table
    table = pd.concat([table, table.head(3)]).sample(frac=1, random_state=0).reset_index(drop=True)
    table["AREA"] = table["AREA"].astype(object)
    table.loc[5, "AREA"] = "inf"
    table.loc[6, "AREA"] = ""
    table["flares"] = table["flares"].mask(table.index == 7, "C")
    table["flares"] = table["flares"].mask(table.index == 8, "?")
    return table


def test_poor_records_are_counted_and_kept_out(project):
    result = run(project, publish(project, repeated_unsorted_and_odd), "results/published/sun2022/windows.nc")
    assert result.returncode == 0, result.stdout[-4000:]
    counts = yaml.safe_load(project.path("results/published/tables/sharp-0.json").read_text())
    assert counts["records_read"] == 6 * N_RECORDS + 3
    assert counts["records_unsorted"] > 0
    # The two records with a strange list or value may themselves be among the three repeated ones: then they differ.
    assert counts["records_repeated"] == 3
    assert counts["values_missing"] == 2
    assert counts["flares_of_unknown_class"] == 1
    assert counts["flares_with_bare_class"] == 1


@pytest.mark.parametrize("fault", ["wrong bytes", "truncated", "absent"])
def test_a_mirror_that_lies_is_told_and_nothing_is_half_written(published, fault):
    project, mirror = published
    path = next(mirror.rglob("sharp_3.csv.gz"))
    if fault == "wrong bytes":
        path.write_bytes(gzip.compress(b"prefix,arpnum\n", mtime=0))
    elif fault == "truncated":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        path.unlink()
    result = run(project, mirror, f"{RAW}/sharp_3.csv")
    assert result.returncode != 0
    assert "sharp_3.csv" in result.stdout
    assert "mirror" in result.stdout
    assert "Traceback" not in result.stdout
    assert not project.path(f"{RAW}/sharp_3.csv").exists()


def test_the_real_tables_run_to_the_report(project, mirror):
    """All 277,333 records, one seed, short fits."""

    def short(config):
        config["study"]["sun2022"]["seeds"] = [0]
        config["models"]["lstm"]["max_epochs"] = 1

    project.configure(short)
    result = run(project, mirror)
    assert result.returncode == 0, result.stdout[-4000:]
    samples = yaml.safe_load(project.path("results/published/sun2022/samples.json").read_text())
    assert samples["records"]["sharp"]["records"] == 112_182
    assert samples["records"]["smarp"]["records"] == 165_151
