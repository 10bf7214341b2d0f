"""What the small planner model reads and writes: instructions with linked noun phrases in, goal programs out."""
