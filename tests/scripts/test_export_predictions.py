import numpy as np
import pandas as pd

from export_predictions import main
from flaredag.forecast_files import read_forecasts_csv
from flaredag.predictions import write_predictions


def predictions(model: str) -> pd.DataFrame:
    """Two regions a split, two samples each."""
    return pd.DataFrame(
        {
            "instrument": "smarp",
            "region": np.repeat([1, 2, 3, 4, 5, 6], 2),
            "issue_time": np.datetime64("2001-01-01", "s") + np.arange(12) * np.timedelta64(96, "m"),
            "label": np.tile([0, 1], 6),
            "probability": np.arange(12) / 16,
            "split": np.repeat(["train", "validation", "test"], 4),
            "model": model,
            "seed": 3,
        }
    )


def test_validation_and_test_of_all_files_are_written(tmp_path):
    for model in ("lstm", "persistence"):
        write_predictions(tmp_path / f"{model}.nc", predictions(model))
    out = tmp_path / "predictions.csv"
    main([str(tmp_path / "lstm.nc"), str(tmp_path / "persistence.nc")], str(out))
    assert out.read_text().splitlines()[:2] == [
        "time,label,probability,region,split,model,seed",
        "2001-01-01T06:24:00Z,0,0.25,smarp-3,validation,lstm,3",
    ]
    table = read_forecasts_csv(out, instrument="sharp").predictions
    assert len(table) == 2 * 8
    assert set(table["split"]) == {"validation", "test"}
    assert set(table["instrument"]) == {"smarp"}
