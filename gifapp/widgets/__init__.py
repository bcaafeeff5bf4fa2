"""The dashboard's widgets: a Python class and a .js file each."""
