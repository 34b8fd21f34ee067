"""
Readers: what AWS's own tools and SDKs make of the environment and of the two shared files, each in its own way.

Knows their rules; starts none of them, and changes nothing.
"""
