"""Work that starts by the clock; every job is one use case that a person could start too."""
