"""The evidence pack of a run: one signed archive that an auditor can check without the workspace."""
