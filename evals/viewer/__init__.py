"""The local viewer: a folder of records in the browser, served to this machine alone."""
