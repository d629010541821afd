"""Section of the report on explained forecasts: the checks of their attribution maps, as blocks of report_cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from flaredag.attribution_words import title
from flaredag.explanations import METHODS
from flaredag.report_cells import (
    UNDEFINED,
    Block,
    count,
    number,
    number_columns,
    ordered,
    paragraph,
    styled,
    table,
    text_columns,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

COMPLETE_TO = 0.01
LEARNT_BELOW = 0.9
AGREED_FROM = 0.5
BY_CHANCE = 1.0
FIELD, THE_FIELD = "field", "the field itself"  # in place of a map


class Check(NamedTuple):
    """What a check is called, how its value is written, and which values are bad."""

    title: str
    text: Callable[[float], str]
    bad: Callable[[float], bool]


def _percent(value: float) -> str:
    return f"{number(100 * value, 2)} %"


def _correlation(value: float) -> str:
    return number(value, 2)


CHECKS = {
    "completeness_largest_error": Check("Completeness: largest error", _percent, lambda error: error > COMPLETE_TO),
    "randomisation_rank_correlation": Check(
        "Randomisation: rank correlation with maps of an untrained network", _correlation, lambda r: r >= LEARNT_BELOW
    ),
    "randomisation_rank_correlation_of_sizes": Check(
        "Randomisation: the same without signs", _correlation, lambda r: False
    ),
    "stability_rank_correlation": Check(
        "Stability: rank correlation between networks", _correlation, lambda r: r < AGREED_FROM
    ),
    "stability_rank_correlation_of_sizes": Check(
        "Stability: the same without signs", _correlation, lambda r: r < AGREED_FROM
    ),
    "inversion_line_concentration": Check(
        "Concentration at polarity inversion lines", _correlation, lambda times: times <= BY_CHANCE
    ),
    "largest_number_of_steps": Check("Steps of the integral: most", count, lambda n: False),
}
EXPLANATION = (
    "Attribution maps tell which pixels of a magnetogram a network's forecast rests on. A map always looks like "
    "something, so each method is checked. What fails a check is in colour; "
    f"{UNDEFINED}: not defined, as where a map is zero or a magnetogram has no inversion line; a blank: the check does "
    "not apply to the method.",
    "Completeness: maps of Integrated Gradients and DeepLIFT have to add up to the difference of the network's logits "
    "between the magnetogram and the baseline. The figure is the largest error of a frame as a part of that "
    f"difference; above {COMPLETE_TO:.0%} a map leaves out, or makes up, some of what it is to explain.",
    "Randomisation (Adebayo et al. 2018): the map is made anew with a network of the same shape that has learnt "
    "nothing. A rank correlation near 1 is bad: the map shows the magnetogram, not what the network has learnt (in "
    f"colour from {LEARNT_BELOW}). Maps that have the field as a factor keep their sizes where the field is "
    "concentrated, so that their signs count.",
    "Stability: maps of networks of other seeds and training regions, none of which has seen the region. Near 1 they "
    f"agree; near 0 the map is that of one network, and says little about the region. In colour below {AGREED_FROM}.",
    "Concentration: the share of a map near strong polarity inversion lines over the share of the area that is near "
    f"them. 1 is no more than chance; the row “{THE_FIELD}” is what a map would have that follows the strength of the "
    "field alone, and only above it does a map point to the lines.",
)


def explanation(checks: pd.DataFrame) -> list[Block]:
    """Paragraphs and a table of `checks` (subject, method, check, value), subjects side by side; nothing without any.

    A check that is not known here is shown by its name; if a row is given twice, the mean.
    """
    if checks.empty:
        return []
    subjects = list(dict.fromkeys(checks["subject"]))
    values = checks.groupby(["check", "method", "subject"])["value"].mean().to_dict()
    rows: list[dict[str, Any]] = []
    for name in ordered(checks["check"], list(CHECKS)):
        check = CHECKS.get(name, Check(words(name), number, lambda value: False))
        rows.append({"group": check.title})
        for method in ordered(checks.loc[checks["check"] == name, "method"], [FIELD, *METHODS]):
            cells: list[Any] = [THE_FIELD if method == FIELD else title(method)]
            for subject in subjects:
                value = values.get((name, method, subject))
                cells.append("" if value is None else _cell(check, method, value))
            rows.append({"cells": cells})
    headings = text_columns("Method") + number_columns(*map(_name, subjects))
    caption = "Checks of attribution maps, for each explained region and for synthetic bipoles."
    return [*map(paragraph, EXPLANATION), table(caption, headings, rows, small=True)]


def _cell(check: Check, method: str, value: float) -> Any:
    if np.isnan(value):
        return UNDEFINED
    text = check.text(value)
    return styled(text, "bad") if method != FIELD and check.bad(value) else text


def _name(subject: str) -> str:
    """Subject for a reader: "sharp-377" is SHARP 377, "bipoles" stays."""
    instrument, dash, region = subject.partition("-")
    return f"{instrument.upper()} {region}" if dash else subject
