"""
A profile's life: added, given new keys, removed, over files, vault and sessions together.

Knows the order that leaves nothing half-done; how each part is stored is theirs.
"""
