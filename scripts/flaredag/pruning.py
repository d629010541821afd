"""What no study uses any more is removed from the store (`make prune`): fits, subsets, searches."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from flaredag.errors import InputError
from flaredag.feature_subsets import KIND as SUBSETS
from flaredag.search_settings import KIND as SEARCHES
from flaredag.tables import read_raw_csv

FITS = "checkpoints"
# By their folder in the store: the list of a study that names those in use, and what they are.
LISTS = {
    FITS: ("fits.csv", "fits"),
    SUBSETS: ("subsets.csv", "batches of feature subsets"),
    SEARCHES: ("searches.csv", "hyperparameter searches"),
}


def prune(store: str | Path, results: str | Path, kind: str = FITS) -> list[Path]:
    """Remove what no list of this `kind` (of `LISTS`) below `results` names; the folders removed.

    Raises InputError where there is no list at all, or one is none: then nobody knows which are in use.
    """
    name, _ = LISTS[kind]
    lists = sorted(Path(results).glob(f"*/*/{name}"))
    if not lists:
        raise InputError(f"{results}: no {name} in any study; run `make report` first, then prune.")
    used = {Path(path).resolve() for file in lists for path in read_raw_csv(file, ("path",))["path"]}
    removed = [folder for folder in sorted(Path(store).glob(f"{kind}/*/*")) if folder.resolve() not in used]
    for folder in removed:
        shutil.rmtree(folder)
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()
    return removed


def main(store: str, results: str) -> int:
    """Prune and tell what was removed; 1 where it cannot be told what is in use."""
    try:
        for kind, (_, what) in LISTS.items():
            removed = prune(store, results, kind)
            print("\n".join([*(str(folder) for folder in removed), f"{len(removed)} {what} removed"]))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
