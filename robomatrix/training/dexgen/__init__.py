"""Grasps, random in-hand motion and training for the DexGen controller (arXiv 2502.04307)."""
