"""Training of the compact planner model: invented rooms, sentence frames, pairs of instruction and goal program."""
