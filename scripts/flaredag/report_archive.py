"""Chapter of the report on its archive: what it holds, what was left out, where lists and instruments disagree."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.report_cells import (
    EN_DASH,
    MINUS,
    UNDEFINED,
    Block,
    count,
    counts_table,
    number,
    number_columns,
    ordered,
    paragraph,
    styled,
    table,
    text_columns,
    wide_column,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flaredag.report_inputs import Archive, ArchiveResults

# What is curated, in the order of the chapter, as a reader calls it.
KINDS = {
    "tables": "Keyword records",
    "hourly_tables": "Keyword records of every hour, with Lorentz forces",
    "vector_tables": "Keyword records for the days before flares",
    "high_energy_sharp_tables": "Records of HED parameters, with SHARP keywords",
    "cubes": "Magnetograms",
    "flares": "Flares",
    "region_summaries": "NOAA's region summaries",
    "regions": "HARPs and TARPs",
    "swansf": "Windows of SWAN-SF",
    "synoptic_tables": "Regions on synoptic charts",
    "listed_flares": "Flares listed by SWPC",
    "published_summaries": "NOAA's region summaries, of SHARP's years",
}
# Counts of what was read, left out and kept, in the order of reading; one that is not named here follows them.
COUNTS = {
    "records_read": "records read",
    "regions": "regions",
    "records_unsorted": "records out of order: sorted",
    "records_repeated": "records repeated: left out",
    "values_missing": "keyword values missing",
    "values_outside_range": "keyword values outside their physical range: taken as missing",
    "flares_read": "flares read",
    "flares_of_unknown_class": "flares of unknown class: left out",
    "flares_contradicting_a_list": "flares that contradict a list",
    "flares_with_bare_class": "flares whose class has a letter alone",
    "flares_without_noaa_ar": "flares without a NOAA region",
    "flares_of_goes_8_to_15": "flares of GOES 8 to 15",
    "flares_unscaled": "of these, with the factor 0.7 taken back",
    "noaa_ars": "NOAA regions",
    "noaa_ars_in_map_and_records": "NOAA regions of HARPs in JSOC's map and in the records",
    "noaa_ars_only_in_map": "NOAA regions of HARPs in the map alone",
    "noaa_ars_only_in_records": "NOAA regions of HARPs in the records alone",
    "regions_with_changing_noaa_ars": "regions whose NOAA numbers change",
    "regions_without_noaa_ar": "regions without NOAA number",
    "flares_rejected": "flares not usable: left out",
    "flares_repeated": "flares repeated in a list: left out",
    "flares_repaired_noaa_ar": "flares with the NOAA number made whole",
    "flares_repaired_peak_time_dropped": "flares with an impossible peak time: taken as not given",
    "flares_repaired_end_time_dropped": "flares with an impossible end: taken as not given",
    "flares_repaired_peak_and_end_swapped": "flares with peak and end swapped",
    "files_listed": "files",
    "files_rejected": "files not usable: left out",
    "files_with_remarks_of_astropy": "files that astropy has a remark on",
    "images_with_nan": "images with pixels without value",
    "bad_images": "bad images: pixels without value, or of another size than the region's others",
    "regions_of_other_years": "regions of years without charts",
    "regions_without_chart": "regions without a chart of their passage: left out",
    "regions_not_seen_near_the_meridian": "regions not seen near the central meridian: left out",
    "passages_off_by_over_12_hours": "passages that longitude and position date more than 12 h apart",
    "regions_first_listed_after_issue": "regions that NOAA lists only after the issue time",
    "regions_linked_to_an_earlier_rotation": "regions that may be those of an earlier rotation: one split for both",
    "split_groups": "groups of regions that stay in one split",
    "summary_rows_rejected": "rows of region summaries not usable: left out",
    "records_without_high_energy_region": "records without a region of high free energy density: left out",
    "records_rejected": "records not usable: left out",
    "map_lines_rejected": "lines of JSOC's map of HARPs not usable: left out",
}
FLARES_OF_GOES_8_TO_15, UNSCALED_FLARES = "flares_of_goes_8_to_15", "flares_unscaled"
READ_FROM_LIST = "flares_read_"
DISAGREEMENT_WORDS = {
    "missing": "no such flare",
    "class": "another class",
    "region": "another region",
    "start": "another start",
    "peak": "another peak",
}
SCALING = "Classes of GOES 8 to 15 were published with their fluxes multiplied by 0.7, to agree with GOES-7."
# Slope and intercept in the code published with Sun et al. 2022 (which has the first and second under the names of
# the vector keywords MEANGBZ and USFLUX), and Pearson's r of the paper's Figure 2; None where not told.
PUBLISHED_LINES: dict[str, tuple[float | None, float | None, float | None]] = {
    "usfluxl": (1.21616, -3.87780e20, 0.970),
    "meangbl": (1.99203, 8.34289, 0.796),
    "r_value": (0.832784, -0.094560, None),
    "area": (None, None, None),
}
PUBLISHED_FACTOR = 1.099
LONGEST_EXAMPLE = 70
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
PLAIN_FROM, PLAIN_BELOW = 1e-3, 9999.5


def chapter(archive: Archive, results: ArchiveResults, figures: Mapping[str, Block]) -> dict[str, Any]:
    """The chapter for the template; `figures` are blocks by the figure's name, each shown where it belongs."""
    sections = {
        "What it holds": [*holdings(results), *shown(figures, "coverage", "magnetograms")],
        "What was read, kept and left out": [*counts(results), *rejections(results)],
        "Flare lists against each other": flare_lists(archive, results),
        "SHARP against SMARP": [*instruments(archive, results), *shown(figures, "regressions", "quantiles")],
    }
    return {
        "title": "The archive",
        "reference": "",
        "protocol": (
            f"Every study of this report rests on the archive `{archive['name']}`: {archive['title']}. Nothing below "
            "hangs on a study: each selects its records for itself, and counts what it leaves out."
        ),
        "sections": [{"title": title, "blocks": blocks} for title, blocks in sections.items() if blocks],
    }


def shown(figures: Mapping[str, Block], *names: str) -> list[Block]:
    """Those figures of `names` that there are."""
    return [figures[name] for name in names if name in figures]


def held_in_words(results: ArchiveResults) -> str:
    """One line on what the archive holds, for the first page."""
    told = [
        f"{name.upper()} {months(held['first'], held['last'])}, {count(held['records'])} records of "
        f"{count(held['regions'])} regions"
        for name, held in results.summary["instruments"].items()
    ]
    flares = results.summary["flares"]
    return "; ".join([*told, f"{count(flares['M'] + flares['X'])} M and X flares"])


def months(first: str, last: str) -> str:
    """Span of two days "YYYY-MM-DD" in months."""
    return f"{first[:7]} {EN_DASH} {last[:7]}" if first else "no time"


def holdings(results: ArchiveResults) -> list[Block]:
    """Table of records, regions and images of each instrument, and how many flares of each letter there are."""
    rows = [
        {
            "cells": [
                name.upper(),
                *(count(held[quantity]) for quantity in ("records", "regions", "images")),
                held["first"],
                held["last"],
            ]
        }
        for name, held in results.summary["instruments"].items()
    ]
    headings = [
        *text_columns("Instrument"),
        *number_columns("records", "regions", "magnetograms"),
        *text_columns("first day", "last day"),
    ]
    flares = results.summary["flares"]
    n_flares = sum(flares[letter] for letter in ("below_c", "C", "M", "X"))
    text = (
        f"Flares: {count(n_flares)}, from {flares['first']} to {flares['last']}; {count(flares['below_c'])} below "
        f"C1.0, {count(flares['C'])} C, {count(flares['M'])} M, {count(flares['X'])} X."
        if n_flares
        else "There are no flares."
    )
    return [table("Records of the archive, bad ones included.", headings, rows), paragraph(text)]


def counts(results: ArchiveResults) -> list[Block]:
    """Table of counts of each kind of curated data, a column an instrument or list; empty where none is."""
    of_kinds = results.summary["counts"]
    blocks = []
    for kind in ordered(of_kinds, list(KINDS)):
        groups = _by_flare_list(of_kinds[kind])
        titled = {name.upper() if len(groups) > 1 else "number": found for name, found in groups.items()}
        heading = KINDS.get(kind, words(kind).capitalize())
        blocks.append(counts_table(f"{heading}: what was read and kept.", titled, COUNTS))
    return blocks


def rejections(results: ArchiveResults) -> list[Block]:
    """Table of what cannot be used, by reason, with one example of each."""
    of_kinds = results.summary["rejections"]
    rows: list[dict[str, Any]] = []
    for kind in ordered(of_kinds, list(KINDS)):
        rows.append({"group": KINDS.get(kind, words(kind).capitalize())})
        rows += [{"cells": [one["reason"], count(one["n"]), _example(one["example"])]} for one in of_kinds[kind]]
    if not rows:
        return [paragraph("No record was unreadable or contradicted itself.")]
    headings = [*text_columns("Reason"), *number_columns("number"), *wide_column("for example")]
    caption = "Records that cannot be used; the .rejected.csv beside each table lists every one."
    return [table(caption, headings, rows, small=True)]


def flare_lists(archive: Archive, results: ArchiveResults) -> list[Block]:
    """What the flare lists disagree in: number of each kind, the largest flares, and what was done about GOES 8-15."""
    blocks = []
    found = results.summary["disagreements"]
    if found is None:
        blocks.append(paragraph("There is no second list of flares to hold the first against."))
    elif not found["n"]:
        blocks.append(paragraph("The lists agree in every flare."))
    else:
        blocks += _disagreements(found)
    of_flares = results.summary["counts"].get("flares", {}).values()
    scaled, unscaled = (
        sum(found.get(name, 0) for found in of_flares) for name in (FLARES_OF_GOES_8_TO_15, UNSCALED_FLARES)
    )
    if unscaled:
        told = f"Here it is taken out of {count(unscaled)} flares: their classes are greater than those published."
    else:
        told = (
            f"{f'The {count(scaled)} flares of theirs' if scaled else 'They'} are taken here as published, as in the "
            "papers: the true fluxes are greater by 1/0.7, and a class of GOES-16 or later means another flux."
        )
    if unscaled or not archive["simulated"]:
        blocks.append(paragraph(f"{SCALING} {told}"))
    return blocks


def instruments(archive: Archive, results: ArchiveResults) -> list[Block]:
    """Regressions of SMARP on SHARP keywords and the factor between their pixels, beside the published ones."""
    lines = results.regressions
    if not lines["n"].gt(0).any():
        return [
            paragraph(
                "No patch was seen by both instruments at the same time in this archive, so nothing can be compared. "
                "On the Sun MDI and HMI overlapped from May to October 2010."
            )
        ]
    rows = []
    for line in lines.to_dict("records"):
        published = PUBLISHED_LINES[line["keyword"]]
        ours = [significant(line["slope"]), significant(line["intercept"]), number(line["pearson_r"])]
        theirs = [UNDEFINED if figure is None else significant(figure) for figure in published[:2]]
        r = UNDEFINED if published[2] is None else number(published[2])
        rows.append({"cells": [line["keyword"].upper(), *ours, count(line["n"]), *theirs, r]})
    headings = text_columns("Keyword")
    headings += number_columns("slope", "intercept", "r", "pairs", "slope", "intercept", "r")
    text = (
        "Good records of both instruments within the longitude limit, of patches that share a NOAA region and overlap "
        "on the Sun, at the same time. "
        "Published: slopes and intercepts in the code of Sun et al. 2022, r in its Figure 2."
    )
    if archive["simulated"]:
        text += " A simulated Sun need not agree with them."
    blocks = [
        paragraph(text),
        table(
            "Least-squares lines of SMARP keywords on those of SHARP.",
            headings,
            rows,
            spans=[("", 1), ("this archive", 4), ("published", 3)],
        ),
    ]
    return [*blocks, *_factor(results)]


def significant(value: float) -> str:
    """Text of a number to four significant digits; a very large or small one with its power of ten."""
    if np.isnan(value):
        return UNDEFINED
    if value == 0 or PLAIN_FROM <= abs(value) < PLAIN_BELOW:
        return f"{value:#.4g}".rstrip(".").replace("-", MINUS)
    mantissa, _, exponent = f"{value:.3e}".partition("e")
    power = str(int(exponent)).translate(SUPERSCRIPTS)
    return f"{mantissa}\N{THIN SPACE}\N{MULTIPLICATION SIGN}\N{THIN SPACE}10{power}".replace("-", MINUS)


def _by_flare_list(groups: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """Counts with a group of its own for each flare list that they name ("flares_read_hek"), the rest as "all".

    Disagreements are left out, which have tables of their own. Counts of other things stay as they are.
    """
    if len(groups) != 1:
        return dict(groups)
    (of_all,) = groups.values()
    lists = [name.removeprefix(READ_FROM_LIST) for name in of_all if name.startswith(READ_FROM_LIST)]
    split: dict[str, dict[str, int]] = {name: {} for name in [*lists, "all"]}
    for name, n in of_all.items():
        what, _, last = name.rpartition("_")
        if last in lists:
            split[last][what] = n
        elif not name.startswith("disagreements_"):
            split["all"][name] = n
    return dict(split)


def _factor(results: ArchiveResults) -> list[Block]:
    """Paragraph on the factor between the pixels of both instruments; nothing where no images were compared."""
    of_all = results.factors[results.factors["region_sharp"] < 0]
    of_pairs = results.factors[results.factors["region_sharp"] >= 0]["factor"].dropna()
    if of_all.empty:
        return []
    text = (
        f"Quantile against quantile, pixels of SMARP are {number(of_all['factor'].iloc[0])} times those of SHARP "
        f"(least squares through the origin, {len(of_pairs)} pairs of patches"
    )
    if len(of_pairs) > 1:
        text += f", {number(of_pairs.min())} to {number(of_pairs.max())} in single pairs"
    return [
        paragraph(
            f"{text}). Sun et al. 2022 found {PUBLISHED_FACTOR}, Riley et al. 2014 0.99 ± 0.13; Liu et al. 2012, on "
            "the full disk and pixel by pixel, 1.40."
        )
    ]


def _disagreements(found: Mapping[str, Any]) -> list[Block]:
    """Table of how often which list was not believed in what, and one of the largest flares."""
    kinds = found["kinds"]
    names = ordered((name for of_kind in kinds.values() for name in of_kind), [])
    rows = [
        {"cells": [DISAGREEMENT_WORDS.get(kind, words(kind)), *(count(kinds[kind].get(name, 0)) for name in names)]}
        for kind in ordered(kinds, list(DISAGREEMENT_WORDS))
    ]
    headings = text_columns("Another list has") + number_columns(*(name.upper() for name in names))
    largest = [
        {
            "cells": [
                one["peak_time"],
                one["goes_class"] or UNDEFINED,
                DISAGREEMENT_WORDS.get(one["kind"], words(one["kind"])),
                *(f"{one[f'list_{side}'].upper()}: {one[f'value_{side}'] or UNDEFINED}" for side in "ab"),
            ]
        }
        for one in found["examples"]
    ]
    more = found["n"] - len(largest)
    rest = f" {count(more)} more are in goes.disagreements.csv." if more else ""
    return [
        paragraph(
            f"The lists disagree {count(found['n'])} times: each value is that of the most trusted list that gives "
            "it, and a flare of one list alone is kept."
        ),
        table("Disagreements by the list that was not believed.", headings, rows),
        table(
            f"Disagreements on the largest flares.{rest}",
            text_columns("Peak, UTC", "Class", "Another list has", "believed", "not believed"),
            largest,
            small=True,
        ),
    ]


def _example(example: Mapping[str, str]) -> Any:
    """Where a rejected record stands, and the begin of its text."""
    place = " ".join(part for part in (PurePosixPath(example["source"]).name, example["place"]) if part)
    text = example["text"].strip()
    cut = text if len(text) <= LONGEST_EXAMPLE else f"{text[:LONGEST_EXAMPLE]}…"
    return styled(f"{place}: {cut}" if cut else place, "code")
