"""How a caller's session at AWS is named."""
