# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The rule of documentation: what a module offers exists and is described."""

import ast
import re

_MEMBER = re.compile(r"^(\w+(?:, \w+)*) : (?:In|Out)\b", re.MULTILINE)


def _exported(tree: ast.Module) -> list[str] | None:
    """The names in ``__all__``, or None without one."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return list(ast.literal_eval(node.value))
    return None


def _definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """The statement that defines each name of a module; imports included."""
    found: dict[str, ast.stmt] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node in tree.body:
                found[node.name] = node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                found.setdefault(alias.asname or alias.name.split(".")[0], node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node in tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update((target.id, node) for target in targets if isinstance(target, ast.Name))
    return found


def _is_property_setter(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(item, ast.Attribute) and item.attr == "setter" for item in node.decorator_list
    )


def violations(source: str, module: str) -> list[str]:
    """A sentence for each breach in a module's source.

    A module has a docstring and an ``__all__``. Each name in it exists; a class and a function
    have a docstring, so have the public methods and properties of a class, but for ``elaborate``,
    which every component has; a constant has a comment ``#:`` above it, or a docstring below it.
    """
    tree = ast.parse(source)
    lines = source.splitlines()
    found = []
    names = _exported(tree)
    if names is None:
        return [] if not tree.body else [f"{module} must have an __all__"]
    if names and not ast.get_docstring(tree):
        found.append(f"{module} must have a docstring")
    definitions = _definitions(tree)
    for name in names:
        node = definitions.get(name)
        if node is None:
            found.append(f"{module}: {name} of __all__ must exist")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not ast.get_docstring(node):
                found.append(f"{module}.{name} must have a docstring")
        elif isinstance(node, ast.ClassDef):
            found += _class_violations(node, f"{module}.{name}")
        elif isinstance(node, ast.Assign | ast.AnnAssign) and not _described(node, tree, lines):
            found.append(f"{module}.{name} must have a comment '#:' above it or a docstring below")
    return found


def _described(node: ast.stmt, tree: ast.Module, lines: list[str]) -> bool:
    above = lines[node.lineno - 2] if node.lineno > 1 else ""
    following = tree.body[tree.body.index(node) + 1 :][:1]
    below = bool(following) and (
        isinstance(following[0], ast.Expr)
        and isinstance(following[0].value, ast.Constant)
        and isinstance(following[0].value.value, str)
    )
    return above.startswith("#:") or below


def _class_violations(node: ast.ClassDef, name: str) -> list[str]:
    found = []
    docstring = ast.get_docstring(node)
    if not docstring:
        found.append(f"{name} must have a docstring")
    for item in node.body:
        if (
            isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
            and not item.name.startswith("_")
            and item.name != "elaborate"
            and not _is_property_setter(item)
            and not ast.get_docstring(item)
        ):
            found.append(f"{name}.{item.name} must have a docstring")
    if any(ast.unparse(base).endswith("Component") for base in node.bases):
        found += component_violations(node, name, docstring or "")
    return found


def component_violations(node: ast.ClassDef, name: str, docstring: str) -> list[str]:
    """A sentence for each member of a component's signature that its docstring does not list
    under the heading Members, for each that it lists in vain, and for each parameter of the
    constructor that it does not name."""
    section = docstring.partition("Members\n-------\n")[2]
    listed = {word for match in _MEMBER.finditer(section) for word in match[1].split(", ")}
    members = signature_members(node)
    found = []
    if members is None:
        # Outside hw, a component may take its signature from another one.
        members = listed
        if name.startswith("macaw.hw.") or not listed:
            found = [f"{name} must give its signature as a literal dict, or as annotations"]
    found += [f"{name}: the member {each} must be described" for each in members - listed]
    found += [f"{name}: {each} is described, but no member" for each in listed - members]
    for parameter in _parameters(node):
        if not re.search(
            rf"``[^`]*\b{parameter}\b[^`]*``|^{parameter} : ", docstring, re.MULTILINE
        ):
            found.append(f"{name}: the parameter {parameter} must be described")
    return sorted(found)


def _constructor(node: ast.ClassDef) -> ast.FunctionDef | None:
    functions = [item for item in node.body if isinstance(item, ast.FunctionDef)]
    return next((item for item in functions if item.name == "__init__"), None)


def _parameters(node: ast.ClassDef) -> list[str]:
    constructor = _constructor(node)
    if constructor is None:
        return []
    arguments = constructor.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [argument.arg for argument in every if argument.arg not in ("self", "src_loc_at")]


def signature_members(node: ast.ClassDef) -> set[str] | None:
    """The members that a component's annotations and its constructor give it; None if neither
    does so in a form that can be read.

    Read are ``name: In(...)`` in the class, and ``super().__init__({"name": In(...)})``, where
    the argument may be a variable of the constructor that holds a literal dict and is added to
    by ``members["name"] = In(...)``, ``members.update({...})`` or ``members |= {...}``, and
    ``dict.fromkeys(("name", "other"), In(...))``, where the names may be a variable as well.
    """
    found = {
        item.target.id
        for item in node.body
        if isinstance(item, ast.AnnAssign)
        and isinstance(item.target, ast.Name)
        and ast.unparse(item.annotation).startswith(("In(", "Out("))
    }
    constructor = _constructor(node)
    if constructor is None:
        return found or None
    for item in ast.walk(constructor):
        if isinstance(item, ast.Call) and ast.unparse(item.func) == "super().__init__":
            if not item.args:
                continue
            added = _keys(item.args[0], constructor)
            if added is None:
                return None
            found |= added
    return found or None


def _keys(value: ast.expr, constructor: ast.FunctionDef) -> set[str] | None:
    if isinstance(value, ast.Dict):
        found: set[str] = set()
        for key, inner in zip(value.keys, value.values, strict=True):
            if key is None:
                added = _keys(inner, constructor)
                if added is None:
                    return None
                found |= added
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                found.add(key.value)
            else:
                return None
        return found
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "dict.fromkeys":
        return _names(value.args[0], constructor)
    if isinstance(value, ast.IfExp):
        branches = [_keys(each, constructor) for each in (value.body, value.orelse)]
        return None if None in branches else branches[0] | branches[1]
    if not isinstance(value, ast.Name):
        return None
    return _variable_keys(value.id, constructor)


def _names(value: ast.expr, constructor: ast.FunctionDef) -> set[str] | None:
    """The texts of a literal tuple, or of a variable of the constructor that holds one."""
    if isinstance(value, ast.Name):
        for item in ast.walk(constructor):
            if isinstance(item, ast.Assign) and ast.unparse(item.targets[0]) == value.id:
                return _names(item.value, constructor)
        return None
    try:
        return set(ast.literal_eval(value))
    except ValueError:
        return None


def _variable_keys(name: str, constructor: ast.FunctionDef) -> set[str] | None:
    found: set[str] = set()
    for item in ast.walk(constructor):
        added: set[str] | None = set()
        if isinstance(item, ast.Assign):
            target = ast.unparse(item.targets[0])
            if target == name:
                added = _keys(item.value, constructor)
            elif target.startswith(f"{name}["):
                key = item.targets[0].slice
                added = {key.value} if isinstance(key, ast.Constant) else None
        elif isinstance(item, ast.AugAssign) and ast.unparse(item.target) == name:
            added = _keys(item.value, constructor)
        elif isinstance(item, ast.Call) and ast.unparse(item.func) == f"{name}.update":
            added = _keys(item.args[0], constructor) if item.args else None
        if added is None:
            return None
        found |= added
    return found
