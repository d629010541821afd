"""Modules of all models on keywords, by the name of the model: for those who read checkpoints of any kind of fit.

Each rule that fits has a map of the models that it fits, as the digest of a fit counts the code that its script
imports: one map for all would refit every model when another changes. A test holds this one to theirs.
"""

from __future__ import annotations

from types import ModuleType

from flaredag.models import (
    attention_lstm,
    climatology,
    deep_flare_net,
    gradient_boosting,
    jordan_network,
    logistic_regression,
    lstm,
    minirocket,
    perceptron,
    persistence,
    point_in_time_network,
    random_forest,
    recurrent_network,
    support_vector_machine,
    transformer,
)

# Names begin so (rules/config.schema.yaml); the first that fits.
_BEGINNINGS = {
    "lstm_": attention_lstm,
    "lstm": lstm,
    "perceptron": perceptron,
    "jordan_network": jordan_network,
    "deep_flare_net": deep_flare_net,
    "transformer": transformer,
    "normalised_": recurrent_network,
    "point_in_time_network": point_in_time_network,
    "minirocket": minirocket,
    "random_forest": random_forest,
    "support_vector_machine": support_vector_machine,
    "logistic_regression": logistic_regression,
    "gradient_boosting": gradient_boosting,
    "climatology": climatology,
    "persistence": persistence,
}


class _ByBeginning(dict[str, ModuleType]):
    def __missing__(self, model: str) -> ModuleType:
        for beginning, module in _BEGINNINGS.items():
            if model.startswith(beginning):
                return module
        raise KeyError(f"no model on keywords begins as {model} does; they begin with {', '.join(_BEGINNINGS)}")


# Module of any model on keywords; KeyError for another name.
KEYWORD_MODELS = _ByBeginning()
