"""This project's additions to MiniStack, in its process: what it lacks, or answers unlike AWS."""
