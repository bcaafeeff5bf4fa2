"""The web pages and their kernels."""
