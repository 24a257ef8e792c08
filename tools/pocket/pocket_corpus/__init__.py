"""The corpus of the pocket models: documents of seven kinds, made by seeded generators."""
