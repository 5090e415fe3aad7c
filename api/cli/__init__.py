"""The command ``relais``: what an operator or a script can do without a browser."""

from api.cli.command import main

__all__ = ["main"]
