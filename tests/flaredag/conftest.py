from made_up_studies import climbing, config, small, study  # noqa: F401 (fixtures)
