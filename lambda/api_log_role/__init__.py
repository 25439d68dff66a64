"""The custom resource that lets API Gateway write access logs, where nobody has yet."""
