# data set (by digest) + models (by digest) -> {store}/checkpoints/{dataset_digest}/{kind}-{models_digest}/


rule fit_networks:
    """Fit neural networks on one data set, a batch of seeds; predict every split."""
    input:
        unpack(fit_inputs("networks")),
    output:
        predictions=f"{STORE}/checkpoints/{{dataset_digest}}/networks-{{models_digest}}/predictions.nc",
        checkpoint=f"{STORE}/checkpoints/{{dataset_digest}}/networks-{{models_digest}}/checkpoint.safetensors",
        provenance=f"{STORE}/checkpoints/{{dataset_digest}}/networks-{{models_digest}}/provenance.json",
    log:
        "results/logs/fit_networks/{dataset_digest}-{models_digest}.log",
    conda:
        "../envs/fit_networks.yaml"
    params:
        made_from=lambda wildcards: fit_of("networks", wildcards)[1].made_from,
    script:
        "../scripts/fit_networks.py"


rule fit_magnetogram_networks:
    """Fit neural networks on the magnetograms of one data set, a batch of seeds; predict every split."""
    input:
        unpack(fit_inputs("magnetogram_networks")),
    output:
        predictions=f"{STORE}/checkpoints/{{dataset_digest}}/magnetogram_networks-{{models_digest}}/predictions.nc",
        checkpoint=f"{STORE}/checkpoints/{{dataset_digest}}/magnetogram_networks-{{models_digest}}/checkpoint.safetensors",
        provenance=f"{STORE}/checkpoints/{{dataset_digest}}/magnetogram_networks-{{models_digest}}/provenance.json",
    log:
        "results/logs/fit_magnetogram_networks/{dataset_digest}-{models_digest}.log",
    conda:
        "../envs/fit_magnetogram_networks.yaml"
    params:
        made_from=lambda wildcards: fit_of("magnetogram_networks", wildcards)[1].made_from,
    script:
        "../scripts/fit_magnetogram_networks.py"


rule fit_baselines:
    """Fit the models of seconds on one data set, a batch of seeds; predict every split."""
    input:
        unpack(fit_inputs("baselines")),
    output:
        predictions=f"{STORE}/checkpoints/{{dataset_digest}}/baselines-{{models_digest}}/predictions.nc",
        checkpoint=f"{STORE}/checkpoints/{{dataset_digest}}/baselines-{{models_digest}}/checkpoint.safetensors",
        provenance=f"{STORE}/checkpoints/{{dataset_digest}}/baselines-{{models_digest}}/provenance.json",
    log:
        "results/logs/fit_baselines/{dataset_digest}-{models_digest}.log",
    conda:
        "../envs/fit_baselines.yaml"
    params:
        made_from=lambda wildcards: fit_of("baselines", wildcards)[1].made_from,
    script:
        "../scripts/fit_baselines.py"


rule fit_classifiers:
    """Fit random forests and support vector machines on one data set, a batch of seeds; predict every split."""
    input:
        unpack(fit_inputs("classifiers")),
    output:
        predictions=f"{STORE}/checkpoints/{{dataset_digest}}/classifiers-{{models_digest}}/predictions.nc",
        checkpoint=f"{STORE}/checkpoints/{{dataset_digest}}/classifiers-{{models_digest}}/checkpoint.safetensors",
        provenance=f"{STORE}/checkpoints/{{dataset_digest}}/classifiers-{{models_digest}}/provenance.json",
    log:
        "results/logs/fit_classifiers/{dataset_digest}-{models_digest}.log",
    conda:
        "../envs/fit_classifiers.yaml"
    params:
        made_from=lambda wildcards: fit_of("classifiers", wildcards)[1].made_from,
    script:
        "../scripts/fit_classifiers.py"
