"""Layer 1: from an instruction to a supervised execution of a plan."""
