from made_up_studies import config, small, study  # noqa: F401 (fixtures)
