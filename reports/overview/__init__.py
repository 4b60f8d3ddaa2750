"""The first view of the report: gates, what changed, the flow, charts, and the header for an auditor."""
