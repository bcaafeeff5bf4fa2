"""The dashboard's parts: one Python class and one .js file each."""
