"""The element tables of the guide, as trees: one node for each element and each slice of one."""

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

Version = Literal["1.1.0", "1.2.0"]
LATEST: Version = "1.2.0"

_DATA = Path(__file__).parent / "data"


@dataclass(slots=True)
class Node:
    """One element of a profile.

    Attributes
    ----------
    name : str
        Last part of its path; "value[x]" for a choice of types.
    is_described : bool
        Whether the table has a line for it; else it only leads to others.
    most : int or None
        None = no limit.
    is_list : bool
        Whether JSON writes it as a list: by the base of the profile, not by its own limit.
    types : tuple of str
        FHIR types, "Reference" among them.
    targets : tuple of str
        What a reference may lead to, or the profile of a resource: by their last word.
    wanted : Any
        Value that must be found in it; None when there is none.
    is_fixed : bool
        Whether ``wanted`` is all of it, not a part.
    binding : str
        Address of the value set its codes must come from, "" when free.
    children, slices : dict
        Nodes by name; slices of a child stand with the child's node.
    """

    name: str
    is_described: bool = False
    least: int = 0
    most: int | None = None
    is_list: bool = False
    types: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    wanted: Any = None
    is_fixed: bool = False
    binding: str = ""
    children: dict[str, "Node"] = field(default_factory=dict)
    slices: dict[str, "Node"] = field(default_factory=dict)


@cache
def profiles(version: Version = LATEST) -> Mapping[str, Node]:
    """Give the tree of each profile by its canonical address; its root is named after the resource."""
    roots: dict[str, Node] = {}
    with (_DATA / f"elements-{version}.tsv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            first, *parts = row["element"].split(".")
            node = roots.setdefault(row["profile"], Node(first))
            for part in parts:
                node = _below(node, part)
            _describe(node, row)
    return roots


@cache
def profile_types(version: Version = LATEST) -> Mapping[str, str]:
    """Give the resource that a profile describes, by the last word of its address."""
    return {address.rpartition("/")[2]: root.name for address, root in profiles(version).items()}


def _below(node: Node, part: str) -> Node:
    name, _, slice_name = part.partition(":")
    child = node.children.setdefault(name, Node(name))
    return child.slices.setdefault(slice_name, Node(name)) if slice_name else child


def _describe(node: Node, row: Mapping[str, str]) -> None:
    node.is_described, node.least = True, int(row["min"])
    node.most = None if row["max"] == "*" else int(row["max"])
    node.is_list = row["base_max"] != "1"
    node.types, node.targets = _types(row["types"])
    node.binding = row["required_binding"]
    kind, equals, value = row["fixed_or_pattern"].partition("=")
    if equals:
        node.wanted, node.is_fixed = json.loads(value), kind.startswith("fixed")


def _types(written: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read "Reference(A|B){referenced}", "Slot[profile]", "System.String" or a plain type."""
    found = _TYPE.fullmatch(written)
    if found is None:
        return (), ()
    name = found["name"].lower() if found["system"] else found["name"]
    targets = (found["targets"] or found["profile"] or "").split("|")
    return (name,), tuple(target for target in targets if target and not target[0].isdecimal())


_TYPE = re.compile(
    r"(?P<system>System\.)?(?P<name>\w+)(\((?P<targets>[^)]*)\)|\[(?P<profile>[^\]]*)\])?(\{.*\})?"
)
