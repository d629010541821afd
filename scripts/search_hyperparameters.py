"""Search the hyperparameters of a model on one data set by its scores on the validation splits; keep the trials."""

import logging
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from flaredag.artifacts import read_json, sha256_of_file, write_csv, write_json
from flaredag.errors import InputError
from flaredag.fitting import dataset_of, samples_with_digest
from flaredag.hyperparameter_search import search
from flaredag.joblog import job_log
from flaredag.keyword_models import KEYWORD_MODELS
from flaredag.models import FittedModel
from flaredag.samples import Samples, read_datasets, read_windows
from flaredag.search_space import values_in, with_values
from flaredag.search_trials import LEAST_IS_BEST, Trial, optimum, table_of_trials
from flaredag.verification import categorical_scores, contingency_table, probabilistic_scores

LOG = logging.getLogger("flaredag")
THRESHOLD = 0.5
# What a search is given of a data set: no test samples.
SEEN = ("train", "validation")


def search_hyperparameters(
    samples: Mapping[int, Mapping[str, Samples]], *, made_from: Mapping[str, Any], working: str | Path, what: str
) -> list[Trial]:
    """Trials of the search that `made_from` describes, the configured settings first.

    `samples`: of each seed, the training and the validation split. A trial's score of a split is that of the epoch that
    the model keeps. `working`: file of the trials that are finished (`flaredag.hyperparameter_search.search`); `what`
    it is, for the log. Raises InputError where the model cannot be fitted with its configured settings, or its score is
    undefined.
    """
    ((model, settings),) = made_from["models"].items()
    space, metric = made_from["space"], made_from["metric"]

    def objective(tried: Mapping[str, Any]) -> Iterator[float]:
        for seed in made_from["seeds"]:
            own = samples[seed]
            with threadpool_limits(1):
                fit = KEYWORD_MODELS[model].fit(
                    own["train"], own["validation"], seed=seed, settings=with_values(settings, tried)
                )
                score = _score(fit, own["validation"], metric)
            if not math.isfinite(score):
                raise InputError(
                    f"{what}: seed {seed}: {metric} is undefined on {len(own['validation'])} validation samples; "
                    "wanted both classes, and forecasts that differ. Take another seed or metric in `search`."
                )
            yield score

    return search(
        space,
        values_in(settings, space),
        objective,
        n_trials=made_from["n_trials"],
        seed=made_from["seed"],
        maximised=metric not in LEAST_IS_BEST,
        working=working,
        what=what,
    )


def samples_seen(
    windows: str | Path, datasets: str | Path, index: str | Path, *, made_from: Mapping[str, Any]
) -> dict[int, dict[str, Samples]]:
    """Training and validation samples of each seed of the data set that `made_from` names.

    Test samples are made to tell by its digest that a data set is the one named, and go no further. Raises InputError
    where it is another.
    """
    dataset = dataset_of(index, made_from["datasets"])
    study = read_windows(windows, read_json(index)["datasets"][dataset]["task"])
    seen = {}
    for one in read_datasets(datasets, dataset, made_from["seeds"]):
        where = f"{datasets}: {dataset}, seed {one.seed}"
        samples = samples_with_digest(study, one, made_from["datasets"][str(one.seed)], where=where)
        seen[one.seed] = {split: samples[split] for split in SEEN}
    return seen


def main(inputs: Mapping[str, str], outputs: Mapping[str, str], *, made_from: Mapping[str, Any]) -> None:
    """Read windows, datasets and index; write trials, optimum and provenance.

    What is finished of the search lies in a hidden file beside them, until they are there.
    """
    seeds = made_from["seeds"]
    working = Path(outputs["trials"]).with_name(".trials.sqlite")
    what = f"{dataset_of(inputs['index'], made_from['datasets'])}, {next(iter(made_from['models']))}"
    trials = search_hyperparameters(
        samples_seen(**inputs, made_from=made_from), made_from=made_from, working=working, what=what
    )
    table = table_of_trials(trials, seeds=seeds, keys=list(made_from["space"]))
    write_csv(outputs["trials"], table, float_format="%.10g")
    write_json(outputs["optimum"], optimum(trials, metric=made_from["metric"], seeds=seeds))
    written = {Path(outputs[name]).name: sha256_of_file(outputs[name]) for name in ("trials", "optimum")}
    write_json(outputs["provenance"], {"made_from": dict(made_from), "sha256": written})
    working.unlink()


def _score(fit: FittedModel, validation: Samples, metric: str) -> float:
    """The metric of a fit on the validation samples, at the threshold 0.5 where it needs one."""
    label, probability = validation.label, fit.probability(validation)
    if metric == "true_skill_statistic":
        table = contingency_table(label, probability, thresholds=[THRESHOLD])
        return float(categorical_scores(table)[metric][0])
    return probabilistic_scores(label, probability)[metric]


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(dict(snakemake.input.items()), dict(snakemake.output.items()), made_from=snakemake.params.made_from)
