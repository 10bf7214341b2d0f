"""What the simulators share: the driver and the robot's electronics. Each adds bodies, contacts and light."""
