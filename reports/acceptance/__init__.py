"""The report's section on the reviewers' acceptance tests."""
