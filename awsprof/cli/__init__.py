"""
The command line: the only place that prints, asks and exits.

Knows options and sentences; what they set in motion lives elsewhere.
"""
