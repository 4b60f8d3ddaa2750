"""Personal data: who sees it, whose is never moved, how long it is kept, and rehearsals in which nobody has their own name."""
