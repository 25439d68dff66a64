"""What `claude-bedrock doctor` looks at: a module for each family of checks."""
