"""Charts as inline SVG, drawn on the server: each from a plain dataclass, each with the table behind it."""
