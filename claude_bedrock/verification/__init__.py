"""Joins what the gateway asked with what Bedrock recorded, and forms evidence of it."""
