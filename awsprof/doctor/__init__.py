"""
The doctor: checks of files, environment, vault and profiles, and the repairs of what they find.

Knows what is wrong and what comes of it; not how it is shown.
"""
