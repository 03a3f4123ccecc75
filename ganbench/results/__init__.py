"""Data of a results folder."""
