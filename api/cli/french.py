"""The words that Typer says by itself, in French."""

import re
from collections.abc import Iterable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

_HELP = "Affiche cette aide."
_SENTENCES = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"No such option: (\S+)", "option inconnue : {}."),
        (r"Option '(\S+)' requires", "l'option {} attend une valeur."),
        (r"Option '(\S+)' does not take a value", "l'option {} n'attend pas de valeur."),
        (r"No such command '(.+?)'\.", "commande inconnue : {}."),
        (r"Got unexpected extra argument\(s\) \((.+)\)", "en trop sur la ligne : {}."),
    )
)
"""What Typer says of a wrong command line, and how Relais says it."""


class FrenchCommand(TyperCommand):
    """A command whose help is in French throughout."""

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        """Give ``--help``, explained in French."""
        return _in_french(super().get_help_option(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help under French titles."""
        _speak_french(self.get_params(ctx))
        super().format_help(ctx, formatter)


class FrenchGroup(TyperGroup):
    """A group of commands whose help is in French throughout."""

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        """Give ``--help``, explained in French."""
        return _in_french(super().get_help_option(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help under French titles."""
        _speak_french(self.get_params(ctx))
        super().format_help(ctx, formatter)


def usage_sentence(error: typer.TyperException) -> str:
    """Say in one line what is wrong with a command line, and where to read how it is used."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "relais"
    return f"{_what_is_wrong(error)} Voir « {path} --help »."


def _what_is_wrong(error: typer.TyperException) -> str:
    if isinstance(error, typer.BadParameter):
        return _bad_parameter(error)
    for pattern, sentence in _SENTENCES:
        if found := pattern.search(error.message):
            return sentence.format(*found.groups())
    return error.format_message() or "il manque une commande."


def _bad_parameter(error: typer.BadParameter) -> str:
    hint = error.param_hint or (error.param.get_error_hint() if error.param else "")
    name = hint if isinstance(hint, str) else ", ".join(hint)
    name = name.replace("'", "")
    if not error.message:
        return f"il manque {name}."
    return f"{name} : {error.message}"


def _in_french(option: TyperOption | None) -> TyperOption | None:
    if option is not None:
        option.help = _HELP
    return option


def _speak_french(params: Iterable[Any]) -> None:
    from typer import rich_utils  # noqa: PLC0415 — loads Rich, which only a help page needs

    for param in params:
        if isinstance(param, TyperOption) and param.is_flag:
            param.metavar = ""  # Typer says "<bool>", which reads as if a value had to follow
    rich_utils.COMMANDS_PANEL_TITLE = "Commandes"
    rich_utils.DEFAULT_STRING = "[défaut : {}]"
    rich_utils.REQUIRED_LONG_STRING = "[obligatoire]"
