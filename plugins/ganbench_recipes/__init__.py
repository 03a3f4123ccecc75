"""Each GAN's published numbers, once for all backends: no framework, no training code."""
