"""How IAM behaves toward callers of AWS."""
