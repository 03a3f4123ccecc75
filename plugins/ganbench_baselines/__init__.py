"""NumPy entrants that keep metrics honest: real data, a memorizer and a Gaussian of pixels."""
