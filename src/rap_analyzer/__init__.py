"""Rap Analyzer: collects rap lyrics, hears their rhymes, and makes them searchable by meaning."""

__version__ = "0.1.0"
__all__ = ["__version__"]
