"""Runs redis-server, mongod and our own processes on one machine."""
