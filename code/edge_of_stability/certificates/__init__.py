"""Proofs for single instances in exact or ball arithmetic, and beside each its independent check.

A module ``*_check`` shares no code with the construction of what it checks.
"""
