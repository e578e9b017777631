"""Plain oracles of the kernels: same file and function names, stdlib, NumPy and mpmath only."""
