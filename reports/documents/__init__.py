"""Documents about a workspace, rather than about one run."""
