"""What goes over the wire: shapes, limits and units, apart from tables and domain values."""
