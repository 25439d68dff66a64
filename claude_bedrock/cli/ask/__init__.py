"""`claude-bedrock ask`: send a prompt, stream the reply."""
