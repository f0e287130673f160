"""What the page shows: answers as HTML, the choice of articles, and its Chinese sentences. No retrieval."""
