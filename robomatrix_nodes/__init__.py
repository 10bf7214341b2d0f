"""Thin rclpy nodes: they translate between ROS and the library :mod:`robomatrix` and decide nothing themselves."""
