"""The durable memory of a workspace: runs, identities, receipts and the audit trail."""

from migrate.ledger.ledger import Identity, Intent, Ledger, Settled, open_ledger

__all__ = ["Identity", "Intent", "Ledger", "Settled", "open_ledger"]
