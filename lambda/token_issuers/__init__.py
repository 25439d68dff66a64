"""Tokens of the stage's token issuers: their signature, their claims, and the caller they name."""
