"""One module per page: a signature, one use case, one template."""
