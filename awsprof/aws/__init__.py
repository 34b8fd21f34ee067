"""
STS, IAM, Organizations and the console's sign-in: the only room that imports botocore; its errors become ours here.

Knows AWS's calls; nothing of profiles' files, vaults or the terminal.
"""
