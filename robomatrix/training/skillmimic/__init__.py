"""Basketball skills from motion clips: reference, teacher, student (after SkillMimic, arXiv 2408.15270)."""
