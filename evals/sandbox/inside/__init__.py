"""What runs beside untrusted programs, or in their process: standard library only, and it never sees a test."""
