"""flaredag: from raw JSOC and GOES downloads to verified solar-flare forecasts."""
