"""Names of the segments of a SHARP that tell its vector field, as JSOC has them.

Read while the workflow is laid out, so nothing is imported here.
"""

# Field to the vertical, to the west and to the south, gauss; which pixels are of the patch; how sure their azimuth is.
FIELD_MAPS = ("Br", "Bp", "Bt")
MAPS = (*FIELD_MAPS, "bitmap", "conf_disambig")
ERROR_MAPS = ("Br_err", "Bp_err", "Bt_err")
