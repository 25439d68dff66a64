"""Reads the two accounts of every call: the gateway's audit lines, and Bedrock's records."""
