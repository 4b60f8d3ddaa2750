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
        contract = load_contract(contract_file(system)).model
        target = contract.target
        writes = (target.package or "folder of files") if target else "-"
        reads = contract.source.kind if contract.source else "-"
        table.add_row(system, contract.label, reads, writes, str(len(contract.entities)))
    console = Console(soft_wrap=True)
    console.print(table)
    console.print("\nmappings ship for:")
    for source, target_name in known_pairs():
        console.print(f"  lms-migrate new DIR --from {source} --to {target_name}")
    return 0
