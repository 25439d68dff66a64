"""The custom resource that sets how long Bedrock may keep what this account sends it."""
