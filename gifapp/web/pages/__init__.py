"""The pages that a browser shows, and their kernels."""
