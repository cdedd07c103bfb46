"""What users call: fit, sample, save, load."""
