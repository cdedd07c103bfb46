"""Torch modules: they know the layout, never pandas."""
