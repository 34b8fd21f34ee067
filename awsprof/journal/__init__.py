"""
What each changing command changed, encrypted, so that it can be taken back.

Knows bytes of files and texts of vault items; not what either means.
"""
