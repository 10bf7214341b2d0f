"""The DexGen controller: safe finger motion from coarse commands (arXiv 2502.04307)."""
