"""`claude-bedrock setup`: settings of clients that call a deployment."""
