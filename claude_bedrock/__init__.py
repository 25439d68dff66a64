"""Claude on Amazon Bedrock: the models, the records of calls, their verification, and the CLI."""
