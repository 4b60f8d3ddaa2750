"""Writing a live target: what has to be done, doing it so that it survives anything, reading it back, taking it back."""
