"""Pictures, animated or still, as browsers show them."""
