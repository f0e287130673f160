"""What the page shows and takes, in Chinese or English. What is searched, answered and kept is of rag and ingest."""
