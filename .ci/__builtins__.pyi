from typing import Any

# Snakemake puts it before each script.
snakemake: Any
