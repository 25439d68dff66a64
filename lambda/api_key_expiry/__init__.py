"""What switches off the keys whose end has come."""
