"""What people read after a run: the reconciliation report as one HTML page and as plain text.

Both are drawn from one frozen object (:mod:`reports.model`), which :mod:`reports.build` makes from a run
folder.
"""
