"""
Accounts: making, setting up, listing and auditing those of a product.

Knows the steps and their order; not how a person is asked, nor how progress is shown.
"""
