"""
The shared config and credentials files: a lossless document, and the profiles in it.

Knows AWS's file format as its readers really read it; nothing of vaults, sessions or AWS itself.
"""
