"""What the sources declare, and what runs published, checked against each other."""
