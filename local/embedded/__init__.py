"""What this project adds to MiniStack, in its process: what it lacks, or answers unlike AWS."""
