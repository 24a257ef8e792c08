"""How a row of a dataset becomes a prompt and an ideal: templates, few-shot examples, checks of rows."""
