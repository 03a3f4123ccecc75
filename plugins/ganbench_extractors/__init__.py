"""Two frozen feature spaces per image data set, computed in NumPy: the same on every backend."""
