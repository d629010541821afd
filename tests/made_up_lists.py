"""Lists of flares as HEK and SWPC give them, made from any flares."""

import pandas as pd

SWPC_HEAD = """:Product: {day:%Y%m%d}events.txt
:Created: {day:%Y %b %d} 2357 UT
:Date: {day:%Y %m %d}
# Prepared by the U.S. Dept. of Commerce, NOAA, Space Weather Prediction Center
#
#Event    Begin    Max       End  Obs  Q  Type  Loc/Frq   Particulars       Reg#
#-------------------------------------------------------------------------------

"""


def hek_events(flares: pd.DataFrame) -> list[dict]:
    """HEK's events of `flares` (start_time, peak_time, end_time, goes_class, noaa_ar), the fields that are kept."""
    columns = [flares[name].dt.strftime("%Y-%m-%dT%H:%M:%S") for name in ("start_time", "peak_time", "end_time")]
    rows = zip(*columns, flares["goes_class"], flares["noaa_ar"], strict=True)
    return [
        {
            "ar_noaanum": noaa_ar,
            "event_coord1": 0,
            "event_coord2": 0,
            "event_coordsys": "UTC-HGS-TOPO",
            "event_endtime": end,
            "event_peaktime": peak,
            "event_starttime": start,
            "fl_goescls": goes_class,
            "frm_name": "SWPC",
            "kb_archivid": f"ivo://helio-informatics.org/FL_{number}",
            "obs_observatory": "GOES",
        }
        for number, (start, peak, end, goes_class, noaa_ar) in enumerate(rows)
    ]


def swpc_texts(flares: pd.DataFrame) -> dict[str, bytes]:
    """SWPC's event reports of the days of `flares`, contents by name."""
    texts = {}
    for day, of_day in flares.groupby(flares["start_time"].dt.floor("D")):
        clock = [of_day[name].dt.strftime("%H%M").fillna("////") for name in ("start_time", "peak_time", "end_time")]
        lines = [
            f"{1000 + 10 * number:<9}  {start}   {peak}      {end}  G15  5   XRA  1-8A      {goes_class:<8}1.0E-03"
            f"   {noaa_ar % 10000 or '':>4}\n"
            for number, (start, peak, end, goes_class, noaa_ar) in enumerate(
                zip(*clock, of_day["goes_class"], of_day["noaa_ar"], strict=True)
            )
        ]
        texts[f"{day:%Y%m%d}events.txt"] = (SWPC_HEAD.format(day=day) + "".join(lines)).encode()
    return texts
