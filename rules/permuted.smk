"""What the rules share of permutation importance: seeds, digests, settings. Runs nothing."""


def permuted_seeds(wildcards):
    """Seeds of the data set of the job's wildcards whose fits are judged."""
    study = STUDIES[wildcards.study]
    return studies.settings_of_datasets(study)[wildcards.dataset]["seeds"][: study["importance"]["seeds"]]


def permuted_digests(wildcards):
    """Digest of the data set of the job's wildcards, by seed, as its fits name it."""
    fits = [fit for fit in fits_of(wildcards.study) if fit.dataset == wildcards.dataset]
    digests = {int(seed): digest for fit in fits for seed, digest in fit.made_from["datasets"].items()}
    return {seed: digests[seed] for seed in permuted_seeds(wildcards)}


def permutation_settings(wildcards):
    """How features are permuted, and how intervals are drawn."""
    own = {key: STUDIES[wildcards.study]["importance"][key] for key in ("models", "repeats", "seed", "correlated_from")}
    drawn = of_verification("resamples", "seed", "level")
    return own | {"resamples": drawn["resamples"], "bootstrap_seed": drawn["seed"], "level": drawn["level"]}
