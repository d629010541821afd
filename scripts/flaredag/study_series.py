"""Which data sets, models and series of forecasts of a study go where: calibrated, stacked, compared, told first.

Imported by the Snakefile, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.calibration_names import calibrated_name
from flaredag.ensemble_names import ensemble_models

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def calibrated_datasets(study: Mapping[str, Any]) -> list[str]:
    """Data sets of the ladders whose test split has its natural event rate: their forecasts are calibrated."""
    rungs = [name for ladder in study["ladders"] for name in ladder["rungs"].values()]
    return [name for name in dict.fromkeys(rungs) if name in study["datasets"] and _is_natural(study, name)]


def operational_datasets(study: Mapping[str, Any]) -> list[str]:
    """Data sets on which skill is held against strata and flare lists: nothing left out for what happened later.

    Those of the ladders' rung `all_samples`; without a ladder those whose test split has its natural event rate, and
    if there is none, all that have every model.
    """
    rungs = [ladder["rungs"]["all_samples"] for ladder in study["ladders"] if "all_samples" in ladder["rungs"]]
    whole = exported_datasets(study)
    natural = [name for name in whole if _is_natural(study, name)]
    return list(dict.fromkeys(rungs)) or natural or whole


def exported_datasets(study: Mapping[str, Any]) -> list[str]:
    """Data sets whose predictions every run leaves as CSV: those that have every model."""
    return [name for name, own in study["datasets"].items() if "models" not in own]


def datasets_in_training_folds(study: Mapping[str, Any]) -> list[str]:
    """Data sets whose seeds are the training folds that are left out."""
    return [name for name, own in study["datasets"].items() if "training_folds" in own]


def stacked_datasets(study: Mapping[str, Any], ensemble: str | None = None) -> list[str]:
    """Data sets on which ensembles are made, or the one called `ensemble`."""
    return [
        name for name in study["datasets"] if any(ensemble in (None, one["name"]) for one in ensembles_on(study, name))
    ]


def ensembles_on(study: Mapping[str, Any], dataset: str) -> list[Mapping[str, Any]]:
    """Ensembles that are made on a data set: those that name it, and those that name none if it has every model."""
    whole = "models" not in study["datasets"][dataset]
    return [one for one in study["ensembles"] if (dataset in one["datasets"] if "datasets" in one else whole)]


def names_of_ensembles(ensembles: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names under which the forecasts of all ensembles go."""
    return [name for one in ensembles for name in ensemble_models(one["name"], one["criteria"])]


def models_of_ladders(study: Mapping[str, Any]) -> list[str]:
    """Models that climb the ladders: those fitted on some rung above the first."""
    rungs = [name for ladder in study["ladders"] for name in list(ladder["rungs"].values())[1:]]
    fitted = [model for fit in study["fits"].values() for model in fit["models"]]
    own = [set(study["datasets"][name].get("models", fitted)) for name in rungs if name in study["datasets"]]
    return [model for model in fitted if any(model in models for models in own)]


def models_of_headline(study: Mapping[str, Any]) -> list[str]:
    """The models that the headline compares, the study's own first."""
    return [study["headline"][role] for role in ("model", "baseline")]


def class_weighted(study: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Models whose class weights make their probabilities those of equal classes; `models`: settings of each.

    Not the support vector machine: its probabilities are made on the validation split, as that is.
    """
    fitted = [name for fit in study["fits"].values() for name in fit["models"]]
    return [
        name for name in fitted if models[name].get("class_weights") == "balanced" and name != "support_vector_machine"
    ]


def issued_series(study: Mapping[str, Any], datasets: Sequence[str], models: Sequence[str]) -> list[dict[str, str]]:
    """Forecasts of `models` on `datasets` as they would be issued: moved to the natural event rate where they are."""
    calibrated = calibrated_datasets(study)
    return [
        {"dataset": dataset, "model": calibrated_name(model, "prior_shift") if dataset in calibrated else model}
        for dataset in dict.fromkeys(datasets)
        for model in models
    ]


def diagnosed_series(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Forecasts of the headline's models and the climatology, as they would be issued, on the latest rungs in time.

    Of a study without operational data sets those of its headline.
    """
    ladders = [ladder["rungs"] for ladder in study["ladders"]]
    rungs = [ladder[rung] for ladder in ladders for rung in ("by_time", "full_disk") if rung in ladder]
    fitted = [model for fit in study["fits"].values() for model in fit["models"]]
    models = [*models_of_headline(study), *(model for model in fitted if model == "climatology")]
    datasets = rungs or operational_datasets(study) or study["headline"].get("datasets", exported_datasets(study))
    return issued_series(study, datasets, models)


def strata_series(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Forecasts of the headline's models, as they would be issued, that are verified in every stratum."""
    return issued_series(study, operational_datasets(study), models_of_headline(study))


def series_of_headline(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Data set and model of every series that the headline needs."""
    headline = study["headline"]
    models = [*models_of_headline(study), *headline.get("rivals", [])]
    datasets = headline.get("datasets", exported_datasets(study))
    between = headline.get("between", {"a": "", "b": "", "models": {}})
    of_metrics = [model for own in between["models"].values() for model in own]
    return [
        *({"dataset": dataset, "model": model} for dataset in datasets for model in models),
        *({"dataset": between[side], "model": model} for side in "ab" for model in of_metrics),
    ]


def _is_natural(study: Mapping[str, Any], dataset: str) -> bool:
    """Whether the test split of a data set has its natural event rate."""
    return "test" not in (study["splits"] | study["datasets"][dataset]).get("undersampled", [])
