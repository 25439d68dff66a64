"""The command `claude-bedrock`: ask, see what may be asked, and look up what was logged."""
