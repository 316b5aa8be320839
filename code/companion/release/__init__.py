"""What a release holds beside the site: the PDF."""
