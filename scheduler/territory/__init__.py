"""Communes, identifiers and travel times: what Relais knows about the places it serves."""
