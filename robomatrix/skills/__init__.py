"""Layer 2: skills. One family a folder; see :mod:`robomatrix.skills.base` for the contract."""
