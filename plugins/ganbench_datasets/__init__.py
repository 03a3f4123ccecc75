"""Data sets: bundled digits, Fashion-MNIST, and mixtures of Gaussians in the plane."""
