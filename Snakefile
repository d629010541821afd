"""flaredag: raw JSOC and GOES downloads -> solar-flare forecasts -> an honest account of how good they are."""

from snakemake.utils import min_version, validate

min_version("9.0")


configfile: f"{workflow.basedir}/config.yaml"


validate(config, "rules/config.schema.yaml")


include: "rules/common.smk"
include: "rules/studies.smk"
include: "rules/explained.smk"
include: "rules/issued.smk"
include: "rules/ranked.smk"
include: "rules/permuted.smk"
include: "rules/searched.smk"
include: "rules/combined.smk"
include: "rules/simulate.smk"
include: "rules/retrieve.smk"
include: "rules/curate.smk"
include: "rules/curate_published.smk"
include: "rules/curate_high_energy.smk"
include: "rules/shipped.smk"
include: "rules/members.smk"
include: "rules/archive.smk"
include: "rules/sample.smk"
include: "rules/train.smk"
include: "rules/stack.smk"
include: "rules/calibrate.smk"
include: "rules/verify.smk"
include: "rules/learning.smk"
include: "rules/rank.smk"
include: "rules/search.smk"
include: "rules/protocol.smk"
include: "rules/audit.smk"
include: "rules/explain.smk"
include: "rules/importance.smk"
include: "rules/report.smk"
include: "rules/forecasts.smk"


# A rule `all` would run at every call, as it has no output; a default target set in an included file is forgotten.
workflow.default_target = "write_report"
