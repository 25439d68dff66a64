"""Converse: a conversation in AWS's own shape, asked of Claude as InvokeModel would ask it.

`members` checks a body against the service model, `conversation` the rules of the service itself,
`request`, `blocks` and `files` put it into Anthropic's terms, `reply` puts the answer into AWS's,
`media` keeps images and documents out of records; `form` puts them together.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""
