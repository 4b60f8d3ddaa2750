"""First drafts of the mapping between any two systems, from the concepts that their contracts name."""

from migrate.drafting.draft import Draft, draft
from migrate.drafting.write import written

__all__ = ["Draft", "draft", "written"]
