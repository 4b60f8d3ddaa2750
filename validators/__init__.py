"""What has to hold before a row may be loaded: the target's contract row by row, and references across rows."""
