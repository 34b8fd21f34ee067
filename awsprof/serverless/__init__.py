"""
Serverless Framework: the profile of each stage, in serverless.yml and out of it.

Knows the framework's files, variables and precedence; not how a person is asked, nor where secrets lie.
"""
