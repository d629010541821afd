"""Weights that are best by any metric, searched for: many are piecewise constant in the weights, with many optima.

Differential evolution over the set of weights (Storn & Price 1997, J. Glob. Optim. 11, 341; each step toward one of the
better candidates, as in Zhang & Sanderson 2009, IEEE Trans. Evol. Comput. 13, 945), from given starts and random
weights, a whole generation judged at once. Then weight is moved between two members, or between one and all others, by
ever smaller amounts, until nothing is gained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from flaredag.combination_problems import project
from flaredag.combined_metrics import METRICS, loss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flaredag.combination_problems import CombinationProblem
    from flaredag.combined_metrics import FloatArray

# A generation has so many candidates for a member.
CANDIDATES_A_MEMBER, MIN_CANDIDATES, MAX_CANDIDATES = 10, 60, 120
# Forecasts that leave their bin make jumps all over these, with slopes between: they need a wider search.
RUGGED, RUGGED_CANDIDATES, RUGGED_POLISHED = ("reliability", "resolution"), 400, 12
N_GENERATIONS, GENERATIONS_WITHOUT_GAIN = 200, 50
SHARE_OF_BETTER = 0.15
N_POLISHED, MAX_MOVES = 3, 60
# A gain that cannot be seen in the sixth decimal of a metric is not worth another generation or move.
LEAST_GAIN, NEARLY_PERFECT = 1e-8, 1e-10
# Amounts of weight that are moved.
MOVES = 0.5 ** np.arange(1, 31)
MOVES_AT_A_TIME = 6
N_TOWARD_EQUAL = 64


class Searched(NamedTuple):
    """Best weights found (member,), the value of the metric at them, and how many weights were judged."""

    weights: FloatArray
    value: float
    n_evaluations: int


def searched_weights(problem: CombinationProblem, metric: str, *, starts: Sequence[FloatArray], seed: int) -> Searched:
    """Weights of `problem` by one of `METRICS`, no worse than any of `starts`, each (member,).

    The same seed finds the same weights. Of equally good ones on the way from the best to equal weights the ones next
    to equal are taken.
    """
    search = _Search(problem, metric)
    generator = np.random.default_rng(seed)
    candidates, losses = search.evolve(np.array(starts), generator)
    n_polished = RUGGED_POLISHED if metric in RUGGED else N_POLISHED
    for start in np.argsort(losses, kind="stable")[:n_polished]:
        candidates[start], losses[start] = search.polish(candidates[start], float(losses[start]))
    best = search.toward_equal(candidates[int(np.argmin(losses))])
    return Searched(best, problem.value(metric, best), search.n_evaluations)


def polished_weights(problem: CombinationProblem, metric: str, start: FloatArray) -> Searched:
    """Weights that no move of weight betters, from `start` (member,) on."""
    search = _Search(problem, metric)
    weights, _ = search.polish(start, float(search.losses(start[np.newaxis])[0]))
    weights = search.toward_equal(weights)
    return Searched(weights, problem.value(metric, weights), search.n_evaluations)


class _Search:
    def __init__(self, problem: CombinationProblem, metric: str) -> None:
        self.problem, self.metric = problem, metric
        self.perfect = float(loss(metric, np.array(METRICS[metric].perfect)))
        self.n_evaluations = 0

    def losses(self, weights: FloatArray) -> FloatArray:
        self.n_evaluations += len(weights)
        return loss(self.metric, self.problem.values(self.metric, weights))

    def feasible(self, weights: FloatArray) -> FloatArray:
        return project(weights, low=self.problem.low, high=self.problem.high)

    def evolve(self, starts: FloatArray, generator: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Candidates of the last generation and their losses, the starts or what came of them first."""
        n_members = len(self.problem.names)
        size = min(max(CANDIDATES_A_MEMBER * n_members, MIN_CANDIDATES), MAX_CANDIDATES)
        size = max(RUGGED_CANDIDATES if self.metric in RUGGED else size, 2 * len(starts))
        n_random = size - len(starts)
        # Half of them all over the set, half of them convex.
        spread = self.feasible(generator.uniform(self.problem.low, self.problem.high, (n_random // 2, n_members)))
        convex = generator.dirichlet(np.ones(n_members), n_random - n_random // 2)
        candidates = np.vstack([starts, spread, convex])
        losses = self.losses(candidates)
        n_better, last_gain = max(2, int(SHARE_OF_BETTER * size)), 0
        for generation in range(N_GENERATIONS):
            least = losses.min()
            if least <= self.perfect + NEARLY_PERFECT or generation - last_gain > GENERATIONS_WITHOUT_GAIN:
                break
            better = np.argsort(losses, kind="stable")[:n_better]
            goal = candidates[better[generator.integers(n_better, size=size)]]
            one, other = (candidates[generator.integers(size, size=size)] for _ in range(2))
            factor = generator.uniform(0.2, 1.0, (size, 1))
            kept = generator.random((size, n_members)) >= generator.choice([0.3, 0.9], (size, 1))
            moved = candidates + factor * (goal - candidates) + factor * (one - other)
            trial = self.feasible(np.where(kept, candidates, moved))
            trial_losses = self.losses(trial)
            taken = trial_losses <= losses
            candidates, losses = np.where(taken[:, None], trial, candidates), np.where(taken, trial_losses, losses)
            if losses.min() < least - LEAST_GAIN:
                last_gain = generation
        return candidates, losses

    def polish(self, weights: FloatArray, least: float) -> tuple[FloatArray, float]:
        """Weights from which no move of weight gains, and their loss."""
        directions = _directions(len(weights))
        position = n_moves = 0
        while position < len(MOVES) and n_moves < MAX_MOVES and least > self.perfect + NEARLY_PERFECT:
            moves = MOVES[position : position + MOVES_AT_A_TIME]
            steps = (moves[:, None, None] * directions).reshape(-1, len(weights))
            candidates = self.feasible(weights + steps)
            losses = self.losses(candidates)
            best = int(np.argmin(losses))
            gain = least - losses[best]
            if gain > 0:
                weights, least = candidates[best], float(losses[best])
            if gain > LEAST_GAIN:
                n_moves += 1
            else:
                position += MOVES_AT_A_TIME
        return weights, least

    def toward_equal(self, weights: FloatArray) -> FloatArray:
        """Weights nearest equal ones, on the line to them, before which the metric gets no worse."""
        share = np.linspace(0.0, 1.0, N_TOWARD_EQUAL)[:, None]
        candidates = (1.0 - share) * weights + share * self.problem.equal
        losses = self.losses(candidates)
        as_good = np.logical_and.accumulate(losses <= losses[0])
        return candidates[np.flatnonzero(as_good)[-1]]


def _directions(n_members: int) -> FloatArray:
    """Unit of weight moved from one member to another, and from one to all others and back, (direction, member)."""
    unit = np.eye(n_members)
    pairs = (unit[:, None] - unit[None, :])[~np.eye(n_members, dtype=bool)]
    to_all = unit - (1.0 - unit) / (n_members - 1)
    return np.vstack([pairs, to_all, -to_all])
