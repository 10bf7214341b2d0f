"""From words to goals: text, lexicon, noun phrases, clauses, references. Deterministic; learns nothing."""
