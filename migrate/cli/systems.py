"""``lms-migrate systems``."""

from __future__ import annotations

import click


@click.command("systems")
def command() -> int:
    """List the systems that contracts ship for, what each can do, and the pairs that mappings ship for."""
    from rich.console import Console
    from rich.table import Table

    from migrate.contracts.load import load_contract
    from migrate.resources import contract_file, known_pairs, known_systems

    table = Table(box=None, pad_edge=False)
    for heading in ("system", "name", "source", "target", "entities"):
        table.add_column(heading)
    for system in known_systems():
        source = load_contract(contract_file(system, "source")).model
        other = load_contract(contract_file(system, "target")).model
        target = other.target
        ways = [] if target is None else [target.package or ("folder of files" if target.kind == "files" else "")]
        ways += [target.kind] if target is not None and target.kind != "files" else []
        writes = ", ".join(way for way in ways if way) or "-"
        reads = source.source.kind if source.source else "-"
        numbers = dict.fromkeys(str(len(contract.entities)) for contract in (source, other))
        table.add_row(system, source.label, reads, writes, " / ".join(numbers))
    console = Console(soft_wrap=True)
    console.print(table)
    console.print("\nmappings ship for:")
    for one, another in known_pairs():
        console.print(f"  lms-migrate new DIR --from {one} --to {another}")
    return 0
