"""Table and schema to a float32 matrix and its layout, and back."""
