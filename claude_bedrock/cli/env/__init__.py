"""`claude-bedrock env`: environment variables that make a client call a deployment."""
