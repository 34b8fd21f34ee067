"""
Importing: profiles and keys that others made, brought under the convention and into the vault.

Knows where other tools keep what; not how a person is asked.
"""
