"""Reconciles the gateway's calls with Bedrock's records, and seals evidence of it."""
