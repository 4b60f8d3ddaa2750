"""The durable memory of a workspace: runs, identities, receipts and the audit trail."""

from migrate.ledger.entries import Identity, Intent, Settled
from migrate.ledger.ledger import Ledger, open_ledger

__all__ = ["Identity", "Intent", "Ledger", "Settled", "open_ledger"]
