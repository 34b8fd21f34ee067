"""
Sessions: the cache, logging in, token codes, and what a tool is handed.

Knows when AWS must be called and when a person must be asked; not how either is done.
"""
