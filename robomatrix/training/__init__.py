"""Training: batched simulation, terms, PPO, export; shared by every family of skills."""
