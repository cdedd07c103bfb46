"""Relations between columns: found in a table, checked, built into the encoding and undone."""
