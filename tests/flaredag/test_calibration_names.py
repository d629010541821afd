import subprocess
import sys
from pathlib import Path

import pytest

from flaredag.calibration_names import METHODS, calibrated_name, is_calibrated, raw_name
from flaredag.errors import InputError

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_name_of_calibrated_forecasts_and_back():
    assert calibrated_name("lstm", "prior_shift") == "lstm.prior_shift"
    for method in METHODS:
        assert raw_name(calibrated_name("stack_best", method)) == "stack_best"
        assert is_calibrated(calibrated_name("stack_best", method))


@pytest.mark.parametrize("name", ["lstm", "prior_shift", ".platt", "lstm.", "somebody.v2", "lstm.platt.v2"])
def test_other_names_are_of_no_calibration(name):
    assert not is_calibrated(name)
    assert raw_name(name) == name


def test_a_model_with_a_dot_in_its_name():
    assert raw_name("somebody.v2.beta") == "somebody.v2"


def test_unknown_method():
    with pytest.raises(InputError, match=r"'guess'; there are prior_shift, platt, beta, isotonic"):
        calibrated_name("lstm", "guess")


def test_the_snakefile_can_import_it_without_the_libraries_of_the_environments():
    code = "import sys, flaredag.calibration_names; print(*{'numpy', 'pandas', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SCRIPTS)
    assert done.stdout.strip() == ""
