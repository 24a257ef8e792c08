"""The eval classes, one file each."""
