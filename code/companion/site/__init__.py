"""Stage, build and check the site."""
