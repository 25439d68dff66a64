"""The stage block of cdk.json: a module for each group of its keys, and `block` for the whole."""

from stacks.stage.block import Stage

__all__ = ["Stage"]
