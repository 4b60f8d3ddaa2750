"""What needs a person, as items whose ids stay the same from run to run."""
