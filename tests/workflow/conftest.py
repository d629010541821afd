from tiny_project import finished, finished_copy, project  # noqa: F401 (fixtures)
