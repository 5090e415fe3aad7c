"""Indicators: what became of the requests, told from their history, a definition beside each number."""
