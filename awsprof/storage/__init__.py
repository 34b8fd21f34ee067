"""
Files written so that a crash or a second writer costs nothing: locks, private files, safe replacement.

Knows bytes and paths; nothing of what they mean.
"""
