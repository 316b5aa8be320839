"""Settings of the property-based tests of the mathematics."""

from hypothesis import settings

# The same examples in every run: a red test stays red, and no example is cut off by a busy machine.
settings.register_profile("mathematics", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("mathematics")
