"""Pruning of the scores of feature subsets in the store (`make prune`), as `flaredag.store` prunes fits."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from flaredag.errors import InputError
from flaredag.feature_subsets import KIND
from flaredag.store import FIT_COLUMNS
from flaredag.tables import read_raw_csv


def prune_subsets(store: str | Path, results: str | Path) -> list[Path]:
    """Remove the batches of subsets that no `subsets.csv` below `results` names; the folders removed.

    Raises InputError where there is no subsets.csv at all, or one is none: then nobody knows which are in use.
    """
    lists = sorted(Path(results).glob("*/*/subsets.csv"))
    if not lists:
        raise InputError(f"{results}: no subsets.csv in any study; run `make report` first, then prune.")
    used = {Path(path).resolve() for file in lists for path in read_raw_csv(file, FIT_COLUMNS)["path"]}
    removed = [folder for folder in sorted(Path(store).glob(f"{KIND}/*/*")) if folder.resolve() not in used]
    for folder in removed:
        shutil.rmtree(folder)
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()
    return removed


def main(store: str, results: str) -> int:
    """Prune and tell what was removed; 1 where it cannot be told what is in use."""
    try:
        removed = prune_subsets(store, results)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\n".join([*(str(folder) for folder in removed), f"{len(removed)} batches of feature subsets removed"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
