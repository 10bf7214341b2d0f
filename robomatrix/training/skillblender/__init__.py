"""Training environments of the SkillBlender skills and tasks."""
