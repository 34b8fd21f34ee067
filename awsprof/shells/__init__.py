"""
What shells and commands are given: environment variables, quoted by each shell's own rules.

Knows shells; not how credentials come about.
"""
