"""`claude-bedrock verify`: reconcile calls with records, and keep evidence."""
