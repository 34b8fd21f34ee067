"""
Products: the team file, who has which of its profiles, and what a new colleague still needs.

Knows envs and accounts; not how a person is asked, nor what Serverless makes of a stage.
"""
