"""Reading sources and writing targets. A connector knows a *kind* of system (database, delimited files), never a product."""
