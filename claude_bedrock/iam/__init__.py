"""Behavior of IAM that callers of AWS have to reckon with."""
