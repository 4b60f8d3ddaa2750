"""The reviewers' acceptance tests: great-expectations suites in YAML, judged on what was read back from the target."""
