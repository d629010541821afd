"""Networks of which two epochs are kept from one training, by the names that they and their twins have in config.yaml.

Li et al. 2024, section 4.1: the epoch of best validation TSS for categorical forecasts, and that of best validation
Brier skill score for probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaredag.models import point_in_time_network, recurrent_network, transformer

if TYPE_CHECKING:
    from types import ModuleType

BY_BRIER_SCORE = "_by_brier_score"
OF_TWO_EPOCHS: dict[str, ModuleType] = {
    "transformer": transformer,
    "normalised_bilstm_attention": recurrent_network,
    "normalised_bilstm": recurrent_network,
    "normalised_lstm_attention": recurrent_network,
    "normalised_lstm": recurrent_network,
    "point_in_time_network": point_in_time_network,
    "point_in_time_network_over_day": point_in_time_network,
}
WITH_TWINS = OF_TWO_EPOCHS | {f"{name}{BY_BRIER_SCORE}": module for name, module in OF_TWO_EPOCHS.items()}
