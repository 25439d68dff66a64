"""The local API Gateway: executes a deployed REST API as API Gateway does, streaming included.

It reads what is deployed and knows nothing of what the API is for. What it does not do: resource
policies, Cognito authorization, caching, integrations other than Lambda proxy.
"""
