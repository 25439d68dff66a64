"""The custom resource that empties a bucket before its stack is deleted."""
