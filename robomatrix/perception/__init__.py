"""Camera image -> scene objects: detection, placing in the odom frame, tracking over time."""
