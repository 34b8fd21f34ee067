"""
Into AWS's console, each account in a browser profile of its own.

Knows the console's addresses and how one gets in; never prints or asks.
"""
