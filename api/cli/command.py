"""The tree of commands and its way out: 0 done, 1 a failure explained in a line, 2 wrong usage.

Command modules load what they need inside their functions, so that ``relais --help`` stays quick.
"""

import sys
from collections.abc import Sequence

import typer

from api.cli import (
    attach,
    calendar,
    database,
    demo,
    demography,
    fill,
    indicators,
    jobs,
    pathways,
    policy,
    purge,
    rehearse,
    sas,
    serve,
    signals,
    simulate,
    territories,
    tokens,
    users,
)
from api.cli.failures import explain
from api.cli.french import FrenchCommand, FrenchGroup, usage_sentence

app = typer.Typer(
    name="relais",
    cls=FrenchGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Relais : patients sans médecin traitant attribués, soins non programmés en agenda partagé.",
    epilog="Exemple : [b]relais attach patients.csv medecins.csv --out propositions.csv[/b]",
)
app.command("demo", cls=FrenchCommand, help=demo.HELP, epilog=demo.EXAMPLE)(demo.demo)
app.command("attach", cls=FrenchCommand, help=attach.HELP, epilog=attach.EXAMPLE)(attach.attach)
app.command("fill", cls=FrenchCommand, help=fill.HELP, epilog=fill.EXAMPLE)(fill.fill)
app.command("rehearse", cls=FrenchCommand, help=rehearse.HELP, epilog=rehearse.EXAMPLE)(rehearse.rehearse)
app.command("demography", cls=FrenchCommand, help=demography.HELP, epilog=demography.EXAMPLE)(
    demography.demography
)
app.add_typer(policy.app, name="policy")
app.add_typer(pathways.app, name="pathway")
app.command("signals", cls=FrenchCommand, help=signals.HELP, epilog=signals.EXAMPLE)(signals.signals)
app.add_typer(calendar.app, name="calendar")
app.command("serve", cls=FrenchCommand, help=serve.HELP, epilog=serve.EXAMPLE)(serve.serve)
app.command("jobs", cls=FrenchCommand, help=jobs.HELP, epilog=jobs.EXAMPLE)(jobs.jobs)
app.command("simulate", cls=FrenchCommand, help=simulate.HELP, epilog=simulate.EXAMPLE)(simulate.simulate)
app.add_typer(indicators.app, name="indicators")
app.command("migrate", cls=FrenchCommand, help=database.HELP, epilog=database.EXAMPLE)(database.migrate)
app.command("purge", cls=FrenchCommand, help=purge.HELP, epilog=purge.EXAMPLE)(purge.purge)
app.add_typer(territories.app, name="territory")
app.add_typer(users.app, name="user")
app.add_typer(tokens.app, name="token")
app.add_typer(sas.app, name="sas")


def main() -> None:
    """Run the command line of this process and leave it with the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # an old console without "→" must not stop a matching
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line.

    Returns
    -------
    The exit code: 0, 1 or 2; 130 when interrupted.
    """
    try:
        code = app(args=list(arguments), prog_name="relais", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _fail([usage_sentence(error)], error.exit_code)
    except typer.Abort:
        return _fail(["interrompu, rien n'a été changé."], 1)
    except BrokenPipeError:
        sys.stdout = None  # nobody reads any more: nothing to flush at exit
        return 1
    except Exception as error:
        lines = explain(error)
        if not lines:
            raise
        return _fail(lines, 1)
    return code if isinstance(code, int) else 0


def _fail(lines: Sequence[str], code: int) -> int:
    """Say on stderr why the command stops: one line, then the list if there is one."""
    first, *others = (line for line in lines if line)
    sys.stderr.write("".join(f"{line}\n" for line in (f"relais : {first}", *others)))
    return code
