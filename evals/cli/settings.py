"""`evals settings`: which settings hold in this folder, and where each comes from."""

from __future__ import annotations

import argparse
import os
from typing import Any

from evals.project import SETTINGS, VARIABLE, Project, current_project, near


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "settings",
        help="the settings that hold in this folder, and where they come from",
        description="Show every setting of the project file, its value here, and where the value comes from. The "
        "command line wins over the environment, and the environment over the file. The file is evals.toml, or "
        f"[tool.oaieval] in pyproject.toml, here or in a folder above. {VARIABLE} names another file, or `none`.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the settings."""
    from evals.cli.console import table
    from evals.json_text import dumps
    from evals.texts.safe_text import printable

    project = current_project()
    rows = {name: in_force(name, project) for name in SETTINGS}
    if args.json:
        settings = {name: {"value": value, "from": source} for name, (value, source) in rows.items()}
        print(dumps({"project_file": None if project.path is None else str(project.path), "settings": settings}))
        return 0
    print(f"project file   {printable(near(project.path)) or 'none'}\n")
    cells = [[name, _shown(value), source, SETTINGS[name].option] for name, (value, source) in rows.items()]
    print(printable("\n".join(table([["setting", "value", "from", "option of oaieval"], *cells], width=10**6))))
    return 0


def in_force(name: str, project: Project) -> tuple[Any, str]:
    """The value of a setting without options on the command line, and where it comes from."""
    setting = SETTINGS[name]
    from_environment = os.environ.get(setting.variable, "").strip() if setting.variable else ""
    if from_environment:
        return from_environment, f"${setting.variable}"
    if name in project.values:
        return project.values[name], project.where(name)
    return setting.default, "default"


def _shown(value: Any) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(os.path.relpath(one) for one in value) if isinstance(value, list) else str(value)
