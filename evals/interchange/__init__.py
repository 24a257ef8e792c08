"""Files of other tools: read into registries and records, so that nothing in them is dropped in silence."""
