"""What is checked of a pack. Each check gives what it found, and never raises for what a pack holds."""
