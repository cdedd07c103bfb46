"""Real and synthetic tables to numbers with intervals."""
