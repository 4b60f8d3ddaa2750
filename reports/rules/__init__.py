"""What was demanded of a run and what each rule found, entity by entity: for those who want a list of checks."""
