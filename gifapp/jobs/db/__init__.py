"""MongoDB documents: their fields, indexes and queries."""
