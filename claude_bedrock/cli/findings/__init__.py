"""`claude-bedrock findings`: list and accept findings of the verification."""
