"""The checks of `claude-bedrock doctor`: a module for each family."""
