"""The Sun's disk seen from Earth: against a real header, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from flaredag.simulated_observer import disk_centre, line_of_sight


def test_disk_centre_agrees_with_real_headers() -> None:
    # HARP 377 on 2011-02-15 at 02:00, TARP 13520 on 2010-07-14 at 12:48.
    centre = disk_centre(np.array(["2011-02-15T02:00", "2010-07-14T12:48"], dtype="datetime64[s]"))
    assert centre.carrington_longitude_deg == pytest.approx([21.73, 344.85], abs=2.0)
    assert centre.carrington_rotation.tolist() == [2106, 2099]
    assert centre.latitude_deg == pytest.approx([-6.83, 4.21], abs=0.3)
    assert centre.distance_m[0] == pytest.approx(147746220503, rel=1e-3)
    assert centre.radius_arcsec[0] == pytest.approx(971.67, rel=1e-3)


def test_line_of_sight_by_hand() -> None:
    longitude = np.array([0.0, 90.0, -90.0, 60.0])
    radial, west, north = line_of_sight(longitude, 0.0, disk_centre_latitude_deg=0.0)
    assert radial == pytest.approx([1.0, 0.0, 0.0, 0.5], abs=1e-6)
    assert west == pytest.approx([0.0, -1.0, 1.0, -np.sqrt(0.75)], abs=1e-6)
    assert north == pytest.approx(0.0, abs=1e-6)
    # The direction to the observer is a unit vector, and a point 10 degrees behind the limb is not seen.
    radial, west, north = line_of_sight(np.linspace(-180, 180, 37), 25.0, disk_centre_latitude_deg=7.0)
    assert radial**2 + west**2 + north**2 == pytest.approx(1.0, abs=1e-5)
    assert line_of_sight(100.0, 0.0, disk_centre_latitude_deg=0.0)[0] < 0
