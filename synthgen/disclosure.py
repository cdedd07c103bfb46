"""How many rows whatever is kept of a table must stand for, so that it tells of no single one."""

MIN_ROWS = 5
"""Fewest rows of a value, a mean, a combination or a shape that is kept as it is."""
