"""One safe, fast way to work in many AWS accounts."""

__version__ = "0.1.0"
