"""The function that tells API Gateway which header carries the key."""
