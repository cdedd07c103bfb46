"""What one pass over a table keeps of each column: counts, frequencies, quantiles."""
