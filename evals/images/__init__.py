"""Images in prompts: formats, metadata, sizes, and the conditions under which a model sees them."""
