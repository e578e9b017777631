"""genostab: genetic stability and safety of iPSC-derived neural stem cell lots."""

__version__ = "0.1.0"
