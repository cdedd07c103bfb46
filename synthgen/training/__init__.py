"""Matrices in, trained networks and a history out."""
