from tiny_project import finished, finished_copy, project, whole, whole_copy  # noqa: F401 (fixtures)
