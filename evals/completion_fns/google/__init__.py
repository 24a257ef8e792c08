"""Google's models, by the Gemini API."""
