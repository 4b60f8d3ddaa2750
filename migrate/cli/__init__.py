"""The command line: thin commands over functions that can be called without it.

Each command lives in its own module and imports what it needs when it runs, so that ``lms-migrate --help`` is quick.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
from importlib import import_module

import click

from migrate.errors import EXIT_CONFIGURATION, EXIT_FAILED, EXIT_INTERRUPTED, MigrateError

COMMANDS = {
    "new": "Write a new workspace for a pair of systems.",
    "profile": "Say what a source holds, before anybody maps it.",
    "draft-contract": "Draft the contract of a system from its files or its database.",
    "check": "Check a workspace without touching rows.",
    "run": "Rehearse a migration, or run it live.",
    "sql": "Print the SQL a mapping compiles to.",
    "lineage": "Show where a field comes from and where it goes.",
    "specification": "Write the mapping specification of a workspace.",
    "test-plan": "Write, fill in and judge the test plan of a run.",
    "worklist": "Show what needs a person, export it, and import what people answered.",
    "match": "Show who was matched with people of another list.",
    "certifications": "Say who is certified on which day, in the source and in the target.",
    "acceptance": "Judge the reviewers' acceptance tests on what a run read back.",
    "report": "Render the report of a run again.",
    "schema": "Print the JSON Schema of a file that other programs read.",
    "record": "Show one record of a run field by field: from source to target.",
    "gates": "Say which gates a rehearsal reached and which it missed.",
    "approve": "Sign for a rehearsal, or withdraw a signature.",
    "approvals": "List what was signed, and what of it holds now.",
    "rollback": "Take a live run back: preview, then --execute.",
    "suppress": "Put erased people on the suppression list: never loaded again.",
    "crosswalk": "Show the value tables that people confirm, or propose entries.",
    "audit": "Show the audit trail of a workspace, or verify that it is whole.",
    "evidence": "Make the evidence pack of a run, or verify one without the workspace.",
    "runbook": "Plan the cutover, and tick it off while it runs.",
    "systems": "List the systems and what each can do.",
    "compare": "Say what a target can hold of a source, and what is lost.",
}


class _Lazy(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = import_module(f"migrate.cli.{name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from migrate import __version__

        click.echo(f"lms-migrate, version {__version__}")
        context.exit()


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit.")
def cli() -> None:
    """Move a whole organisation from one learning management system to another.

    Nothing is lost silently, and the run proves it. Start with: lms-migrate systems
    """


def main() -> None:
    """Run the command line and end the process with the documented exit code."""
    # What imports, contracts and plans are made of stays: looking through it again and again took a fifth of a short command.
    gc.set_threshold(100_000, 20, 20)
    # The pool's own words about a connection that an interruption cut off are of no use to anybody.
    logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())
    # Whoever ends the process gets what an interruption gets: the last words in the run folder.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = cli.main(standalone_mode=False)
    except (KeyboardInterrupt, click.exceptions.Abort):  # click makes the one into the other
        click.echo("interrupted; the run folder says how far a run came, and the same command goes on or begins anew", err=True)
        code = EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = EXIT_CONFIGURATION
    except MigrateError as error:
        click.echo(f"{error}", err=True)
        code = error.exit_code
    except BrokenPipeError:
        code = EXIT_FAILED
    sys.exit(code if isinstance(code, int) else 0)
