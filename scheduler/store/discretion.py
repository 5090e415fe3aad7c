"""Keeping people's data out of the messages of database errors, which end in logs and on screens."""

from sqlalchemy import ExceptionContext
from sqlalchemy.exc import DBAPIError


def without_row_contents(context: ExceptionContext) -> None:
    """Cut an error of PostgreSQL down to its first line.

    The rest quotes the row ("Failing row contains …"). SQLite never does; the values of the statement are
    left out by ``hide_parameters``. What the error says by itself (``diag``) stays.
    """
    error, cause = context.sqlalchemy_exception, context.original_exception
    diagnostic = getattr(cause, "diag", None)
    if isinstance(error, DBAPIError) and diagnostic is not None and diagnostic.message_primary:
        cause.args = (diagnostic.message_primary,)
        error.args = (f"({type(cause).__name__}) {diagnostic.message_primary}",)
