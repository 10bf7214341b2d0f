"""Robots that speak their real protocol without being there."""
