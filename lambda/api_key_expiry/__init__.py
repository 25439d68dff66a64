"""The scheduled function that disables API keys whose end has come."""
