"""The process that holds the tests and decides. It never runs a program itself, and takes in plain values only."""
