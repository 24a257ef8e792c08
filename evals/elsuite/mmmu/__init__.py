"""Door: MMMU under the path of openai/evals."""
