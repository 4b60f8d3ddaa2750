"""Documents about a workspace: frozen view models, and the pages and Markdown that are drawn from them. They are filled by
:mod:`migrate.specification`, :mod:`migrate.test_plan` and :mod:`migrate.runbook`; nothing here reads a workspace."""
