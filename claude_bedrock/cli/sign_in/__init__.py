"""Signing in at an identity provider, and the tokens that come of it."""
