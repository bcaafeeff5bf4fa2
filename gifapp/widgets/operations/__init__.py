"""The operations page, for administrators."""
