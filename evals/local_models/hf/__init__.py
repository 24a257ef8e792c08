"""Models of Hugging Face's transformers in this process, by the extra `[hf]`."""
