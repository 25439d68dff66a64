"""The local Bedrock: a program that speaks the bedrock-runtime protocol as Bedrock does.

It checks requests as strictly as Bedrock checks them, answers with replies that say what they
are, and writes invocation-log records to the destinations the deployed configuration names.
No model runs. What it checks, what it does not, and the directives a prompt may carry are in
docs/local-bedrock.md.
"""
