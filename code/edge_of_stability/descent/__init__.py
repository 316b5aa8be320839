"""Gradient descent: single orbits kept whole, and many at once with the outcome of each."""
