"""The description of the interface: every operation says that its errors are problem documents."""

from typing import Any

from fastapi import FastAPI

from api.errors import PROBLEM_TYPE
from api.schemas.common import Problem

PROBLEMS: dict[int | str, dict[str, Any]] = {"default": {"model": Problem, "description": "Refus ou erreur"}}
"""Given to every JSON route, in place of the form of errors that FastAPI would describe."""


class DescribedApp(FastAPI):
    """An application whose description names the media type of errors."""

    def openapi(self) -> dict[str, Any]:
        """Give the description; made once, kept by FastAPI."""
        described = super().openapi()
        for operations in described["paths"].values():
            for operation in operations.values():
                _as_problem(operation["responses"].get("default", {}).get("content", {}))
        return described


def _as_problem(content: dict[str, Any]) -> None:
    if "application/json" in content:
        content[PROBLEM_TYPE] = content.pop("application/json")
