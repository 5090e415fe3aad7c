"""A CPTS over a simulated year: people with habits act through the use cases of Relais, hour by hour."""
