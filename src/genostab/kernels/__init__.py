"""Numba kernels: flat arrays in, arrays out. Each has a plain twin of the same name in `reference/`."""
