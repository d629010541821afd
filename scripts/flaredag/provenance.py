"""What an artifact is made from, in digests: the code that a script imports, its environment, its settings.

Imported by the Snakefile, so nothing but the standard library is imported here.
"""

from __future__ import annotations

import ast
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flaredag.errors import InputError

DIGEST_DIGITS = 16


@dataclass(frozen=True)
class Imports:
    """What a file imports when it runs: files below the same root, and top-level names from elsewhere."""

    files: tuple[Path, ...]
    elsewhere: tuple[str, ...]


def digest_of(content: Any) -> str:
    """16 hexadecimal digits of the sha256 of `content` as JSON, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_DIGITS]


def code_digest(script: str, scripts_dir: str | Path) -> str:
    """Digest of the code of `script` (a name below `scripts_dir`) and of all it imports from there.

    Comments, layout, docstrings and time stamps do not count.
    """
    root = Path(scripts_dir)
    closure = imported_files(root / script, root)
    return digest_of([(path.relative_to(root).as_posix(), _code(path, _mtime(path))) for path in closure])


def environment_digest(path: str | Path) -> str:
    """Digest of an environment file, less comments and empty lines."""
    lines = (line.rstrip() for line in Path(path).read_text().splitlines())
    return digest_of([line for line in lines if line and not line.lstrip().startswith("#")])


def imported_files(script: str | Path, root: str | Path) -> tuple[Path, ...]:
    """`script` and the files below `root` that it imports, directly or through others, sorted.

    Packages on the way count with their `__init__.py`; imports under `if TYPE_CHECKING:` do not, as they
    never run. Raises InputError where a package below `root` lacks a module that is imported.
    """
    todo, seen = [Path(script)], set()
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo.extend(imports_of(path, root).files)
    return tuple(sorted(seen))


def imports_of(path: str | Path, root: str | Path) -> Imports:
    """Find what the file at `path` itself imports."""
    return _imports_of(Path(path), Path(root), _mtime(path))


def _mtime(path: str | Path) -> int:
    """Time of the last change, ns: part of the caches' keys, so a changed file is read again."""
    try:
        return Path(path).stat().st_mtime_ns
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such script.") from error


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(), filename=str(path))
    except SyntaxError as error:
        raise InputError(f"{path}, line {error.lineno}: no valid Python: {error.msg}.") from error


@cache
def _code(path: Path, mtime: int) -> str:
    """Code of a file less comments, layout and docstrings.

    Unparsed rather than dumped: what a dump shows of the same code changes with the version of Python.
    """
    return ast.unparse(_WithoutDocstrings().visit(_parsed(path)))


class _WithoutDocstrings(ast.NodeTransformer):
    """Drops the docstrings of modules, classes and functions."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Drop the docstring of `node`, if it can have one, and of all in it."""
        super().generic_visit(node)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
            ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
        return node


@cache
def _imports_of(path: Path, root: Path, mtime: int) -> Imports:
    files: set[Path] = set()
    elsewhere: set[str] = set()
    for node in _nodes_that_run(_parsed(path)):
        if isinstance(node, ast.Import):
            modules = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = _absolute_name(node, path, root)
            modules = [(module, alias.name) for alias in node.names]
        else:
            continue
        for module, name in modules:
            top = module.split(".")[0]
            if (root / top).is_dir() or (root / f"{top}.py").is_file():
                files.update(_files_of(module, name, root, where=f"{path}, line {node.lineno}"))
            else:
                elsewhere.add(top)
    return Imports(tuple(sorted(files)), tuple(sorted(elsewhere)))


def _nodes_that_run(tree: ast.AST) -> list[ast.AST]:
    """All nodes below `tree` less those under `if TYPE_CHECKING:`."""
    nodes, todo = [], [tree]
    while todo:
        node = todo.pop()
        nodes.append(node)
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            todo.extend(node.orelse)
        else:
            todo.extend(ast.iter_child_nodes(node))
    return nodes


def _absolute_name(node: ast.ImportFrom, path: Path, root: Path) -> str:
    """Full name of the module of `from ... import`, in whose dots packages of `path` stand."""
    if not node.level:
        return node.module or ""
    package = path.relative_to(root).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _files_of(module: str, name: str, root: Path, *, where: str) -> list[Path]:
    """Files that run on `import module`, or on `from module import name`, which may be a module too."""
    files = []
    place = root
    for part in module.split("."):
        place /= part
        if (place / "__init__.py").is_file():
            files.append(place / "__init__.py")
        elif place.with_suffix(".py").is_file():
            files.append(place.with_suffix(".py"))
        elif not place.is_dir():
            raise InputError(f"{where}: imports {module}, but {root} has no {place.relative_to(root)}.py.")
    submodule = [place / f"{name}.py", place / name / "__init__.py"] if name else []
    return files + [path for path in submodule if path.is_file()]
