"""What a release holds beside the site: archives and the PDF."""
