"""A RoboMaster EP that speaks the plaintext SDK on the real ports; written apart from the driver, from the protocol."""
