"""What runs beside untrusted programs, or in their process; uses only the standard library, and never sees a test."""
