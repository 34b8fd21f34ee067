"""
STS, IAM and the console's sign-in: the only room that imports botocore, and where its errors become ours.

Knows AWS's calls; nothing of profiles' files, vaults or the terminal.
"""
