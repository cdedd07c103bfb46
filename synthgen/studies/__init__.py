"""Studies of a model: what it does as something about it or its rows is changed."""
