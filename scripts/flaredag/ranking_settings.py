"""What a study asks of its feature ranking: by what features are ordered, which of an order go together, its figures.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TSS, BSS = "true_skill_statistic", "brier_skill_score"
# Which k of an order are taken together: the first, so that the least important are removed one after the other (as in
# Liu et al. 2019, section 4.3), or the last, so that the most important are; Li et al. 2024, section 4.2, have both.
FIRST, LAST = "first", "last"
REMOVED_WORDS = {LAST: "the most important first", FIRST: "the least important first"}
METRIC_WORDS = {TSS: "TSS", BSS: "BSS"}
THRESHOLD_WORDS = {
    "": "",
    "fixed_0.5": " at the threshold 0.5",
    "validation": " at the threshold of validation",
    "best_on_test": " at the threshold best on test",
}
# Kinds of figures: that of Liu et al. 2019, features alone by every order, and the elimination along one order.
OF_FIRST_ONES, OF_SINGLE_FEATURES, OF_ELIMINATION = "first_ones", "single_features", "elimination"


class Order(NamedTuple):
    """Features are sorted by the mean over seeds of `metric` that `model` has on each alone, the greatest first.

    `threshold`: one of `flaredag.score_tables.THRESHOLDS`; empty for a metric that needs none.
    """

    model: str
    metric: str
    threshold: str

    def in_words(self) -> str:
        """By what features are sorted, as a reader wants it."""
        return f"{METRIC_WORDS[self.metric]} of {self.model.replace('_', ' ')}{THRESHOLD_WORDS[self.threshold]}"


class RankingFigure(NamedTuple):
    """What a figure shows: its data set, its kind (`OF_...`), and of an elimination the order's name, else empty."""

    dataset: str
    kind: str
    order: str


def orders_of(ranking: Mapping[str, Any]) -> dict[str, Order]:
    """Orders of a study's `ranking`, by name."""
    return {
        name: Order(own["model"], own["metric"], own.get("threshold", "")) for name, own in ranking["orders"].items()
    }


def is_of_first_ones(ranking: Mapping[str, Any]) -> bool:
    """Whether a ranking is that of Liu et al. 2019: one order, by the TSS best on test, and its first ones together.

    It has their figure and its own words in the report, any other those of an elimination.
    """
    figures = [(order.metric, order.threshold) for order in orders_of(ranking).values()]
    return figures == [(TSS, "best_on_test")] and ranking["directions"] == [FIRST]


def as_shown(directions: Sequence[str]) -> list[str]:
    """Directions as figures and words go through them: first what is left without the first, as the paper's panel A."""
    return [direction for direction in (LAST, FIRST) if direction in directions]


def removed_in_words(directions: Sequence[str]) -> str:
    """In which order features go, as a reader wants it."""
    return ", and again ".join(REMOVED_WORDS[direction] for direction in as_shown(directions))


def orders_by_training(ranking: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Names of the orders that one training serves together: their models differ in `kept_epoch` at most.

    `models`: settings of each, on one data set. In the order of the first of each.
    """
    found: list[tuple[dict[str, Any], list[str]]] = []
    for name, order in orders_of(ranking).items():
        training = {key: value for key, value in models[order.model].items() if key != "kept_epoch"}
        for known, names in found:
            if known == training:
                names.append(name)
                break
        else:
            found.append((training, [name]))
    return [names for _, names in found]


def figures_of_ranking(ranking: Mapping[str, Any]) -> list[tuple[str, RankingFigure]]:
    """Figures of a ranking, each with its name: one a data set, or of eliminations one more than there are orders."""
    if is_of_first_ones(ranking):
        return [(_name_of_figure(one), RankingFigure(one, OF_FIRST_ONES, "")) for one in ranking["datasets"]]
    return [
        figure
        for dataset in ranking["datasets"]
        for figure in (
            (_name_of_figure(dataset, "alone"), RankingFigure(dataset, OF_SINGLE_FEATURES, "")),
            *(
                (_name_of_figure(dataset, order), RankingFigure(dataset, OF_ELIMINATION, order))
                for order in ranking["orders"]
            ),
        )
    ]


def check_ranking(
    name: str, ranking: Mapping[str, Any], *, seeds: Mapping[str, Sequence[int]], models: Sequence[str]
) -> None:
    """InputError where the ranking of study `name` names a data set, seed or model that the study does not have.

    So too where an order by the TSS names no threshold, or one by another metric does, and where two figures would go
    by one name. `seeds`: of each of its data sets; `models`: what it fits.
    """
    orders = orders_of(ranking)
    wanted = [
        ("data set", ranking["datasets"], list(seeds)),
        ("model", [order.model for order in orders.values()], models),
        *(
            (f"seed of data set {dataset}", list(map(str, ranking["seeds"])), list(map(str, seeds.get(dataset, []))))
            for dataset in ranking["datasets"]
        ),
    ]
    for what, named, known in wanted:
        unknown = list(dict.fromkeys(one for one in named if one not in known))
        if unknown:
            raise InputError(
                f"study {name}: ranking: no {what} {', '.join(unknown)}; it has {', '.join(known)}. Mend `ranking`."
            )
    for order, own in orders.items():
        if (own.metric == TSS) != bool(own.threshold):
            thresholds = ", ".join(filter(None, THRESHOLD_WORDS))
            raise InputError(
                f"study {name}: ranking: order {order} is by {own.metric} at the threshold {own.threshold or 'none'}; "
                f"wanted {f'one of {thresholds}' if own.metric == TSS else 'no threshold'}. Mend `ranking`."
            )
    names = [figure for figure, _ in figures_of_ranking(ranking)]
    twice = sorted({figure for figure in names if names.count(figure) > 1})
    if twice:
        raise InputError(
            f"study {name}: ranking: several figures would be named {', '.join(twice)}; wanted one of each name. "
            "Rename an order."
        )


def _name_of_figure(*parts: str) -> str:
    return "_".join(["ranking", *(part.lower() for part in parts)])
